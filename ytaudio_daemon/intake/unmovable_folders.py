"""Stores which folders have drops that were taken but cannot be moved away, and why."""

import errno
import os
import shlex
from collections.abc import Collection, Iterator
from heapq import nsmallest
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.layout import PROCESSED, REJECTED
from ytaudio_daemon.model.host_error_table import LOCKED
from ytaudio_daemon.model.host_errors import find_host_error

#: Folders that are named one by one.
MAX_NAMED = 20


class UnmovableFolders:
    """Stores the last cause of each folder in which a drop waits."""

    def __init__(self) -> None:
        #: Pairs (message, hint) by folder.
        self._reports: dict[Path, tuple[str, str]] = {}

    def add(self, folder: Path, error: Exception) -> None:
        """Add a folder: a recorded drop in it cannot be moved to `processed`."""
        self._reports[folder] = (
            f"drops in {folder} were taken but cannot be moved away: {error}",
            _hint(folder, error),
        )

    def retain(self, folders: Collection[Path]) -> None:
        """Forget the folders that are not among these."""
        self._reports = {f: self._reports[f] for f in self._reports if f in folders}

    def reports(self) -> Iterator[tuple[str, str]]:
        """Yield pairs (message, hint), one for each folder, and one for many more."""
        for folder in nsmallest(MAX_NAMED, self._reports):
            yield self._reports[folder]
        more = len(self._reports) - MAX_NAMED
        if more > 0:
            yield (
                f"drops in {more} more folders were taken but cannot be moved away",
                "`ytaudio doctor` names the folders of sessions that are closed to it.",
            )


def _hint(folder: Path, error: Exception) -> str:
    otherwise = '(or set [inbox] after_intake = "keep")'
    found = find_host_error(error.errno) if isinstance(error, OSError) else None
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        closed = shlex.join(str(place) for place in _closed_places(folder))
        if closed:
            return f"Allow it with: chmod o+rwx {closed} {otherwise}."
        found = LOCKED
    if isinstance(error, UnsafePathError) and error.hint:
        return f"{error.hint} {otherwise}"
    if isinstance(error, OSError) and error.errno == errno.EXDEV:
        return (
            f"Unmount what is mounted at {folder / PROCESSED} or {folder / REJECTED} "
            f"{otherwise}."
        )
    if found is not None:
        return f"{found.remedy(str(folder)).removesuffix('.')} {otherwise}."
    return f"Look at {folder}: `ytaudio doctor` {otherwise}."


def _closed_places(folder: Path) -> list[Path]:
    """Return the folders to open: those of filed drops, too, may be closed to us."""
    places = (folder, folder / PROCESSED, folder / REJECTED)
    return [
        place
        for place in places
        if os.path.lexists(place)
        and not os.access(place, os.W_OK | os.X_OK, effective_ids=True)
    ]
