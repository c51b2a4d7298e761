"""Detects that the status folder of a running daemon was removed or replaced."""

import os
from pathlib import Path

from ytaudio_daemon.folders import Layout


class StatusFolders:
    """Compares device and inode of the status folder and its subfolders.

    Args:
        layout: Names the status folder.
    """

    def __init__(self, layout: Layout) -> None:
        status = layout.status
        self._folders = status, status / "sessions", status / "receipts"
        self._document = layout.daemon_status
        self._known: dict[Path, tuple[int, int] | None] = {}
        self._had_document = False

    def pop_replaced(self) -> bool:
        """True if a folder that was there is gone, or is another one, since the last call.

        To be called before anything is written: a folder that the daemon makes anew may
        get the inode of the removed one.
        """
        found = {folder: _identity(folder) for folder in self._folders}
        known, self._known = self._known, found
        had_document, self._had_document = self._had_document, self._has_document()
        return (had_document and not self._had_document) or any(
            identity is not None and identity != found[folder]
            for folder, identity in known.items()
        )

    def _has_document(self) -> bool:
        # Path.exists() raises of a dead mount.
        return os.path.lexists(self._document)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
