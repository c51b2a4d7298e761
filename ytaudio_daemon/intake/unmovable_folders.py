"""The folders whose drops were taken but cannot be moved away, with the causes."""

import errno
from collections.abc import Collection, Iterator
from heapq import nsmallest
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.layout import PROCESSED, REJECTED
from ytaudio_daemon.model.host_errors import find_host_error

#: Folders that are named one by one.
MAX_NAMED = 20


class UnmovableFolders:
    """Knows the last cause of each folder; one in which no drop waits is forgotten."""

    def __init__(self) -> None:
        self._causes: dict[Path, Exception] = {}

    def add(self, folder: Path, error: Exception) -> None:
        """Add a folder: a recorded drop in it cannot be moved to `processed`."""
        self._causes[folder] = error

    def retain(self, folders: Collection[Path]) -> None:
        """Forget the folders that are not among these."""
        self._causes = {f: self._causes[f] for f in self._causes if f in folders}

    def reports(self) -> Iterator[tuple[str, str]]:
        """Yield pairs (message, hint), one for each folder, and one for many more."""
        for folder in nsmallest(MAX_NAMED, self._causes):
            error = self._causes[folder]
            yield (
                f"drops in {folder} were taken but cannot be moved away: {error}",
                _hint(folder, error),
            )
        more = len(self._causes) - MAX_NAMED
        if more > 0:
            yield (
                f"drops in {more} more folders were taken but cannot be moved away",
                "`ytaudio doctor` names the folders of sessions that are closed to it.",
            )


def _hint(folder: Path, error: Exception) -> str:
    otherwise = "(or set [inbox] after_intake to keep)"
    found = find_host_error(error.errno) if isinstance(error, OSError) else None
    if isinstance(error, PermissionError):
        return f"Allow it with: chmod o+rwx {folder} {otherwise}."
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
