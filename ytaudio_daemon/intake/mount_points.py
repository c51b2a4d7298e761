"""Folders of the inbox that were mount points and are none any more.

A lost mount leaves an empty folder. Without this check nothing would report that the
drops in it are out of reach, and people wait for them.
"""

import os
from collections.abc import Sequence
from pathlib import Path


class MountPoints:
    """Stores which folders were mount points, and finds those that are none now."""

    def __init__(self) -> None:
        self._known: set[Path] = set()
        self._scanned: set[Path] = set()
        self._unreadable: set[Path] = set()
        self._lost: set[Path] = set()
        self._has_returned = False

    @property
    def lost(self) -> Sequence[Path]:
        """The folders that were mount points and are none now."""
        return sorted(self._lost)

    def begin_scan(self) -> None:
        """Begin a scan of the whole inbox."""
        self._scanned = set()
        self._unreadable = set()

    def add(self, folder: Path) -> None:
        """Add a folder that is a mount point now."""
        self._scanned.add(folder)

    def add_unreadable(self, folder: Path) -> None:
        """Add a folder that cannot be read, which the scan names with its cause."""
        self._unreadable.add(folder)

    def end_scan(self) -> None:
        """End a complete scan: what it did not find as a mount point is lost."""
        self._has_returned |= bool(self._lost & self._scanned)
        self._known |= self._scanned
        self._known = {folder for folder in self._known if not _is_removed(folder)}
        self._lost = self._known - self._scanned - self._unreadable

    def pop_returned(self) -> bool:
        """True if a lost mount came back since the last call."""
        has_returned, self._has_returned = self._has_returned, False
        return has_returned


def _is_removed(folder: Path) -> bool:
    """Return whether a folder was removed, so that its mount is meant to be gone."""
    try:
        os.lstat(folder)
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return False
