"""Names on disks that do not tell `Hello` from `HELLO`: exFAT, NTFS, many a NAS."""

import os
from pathlib import Path

from ytaudio_daemon.folders.safe_open import DIRECTORY_FLAGS, open_dir


def is_other_spelling(folder: int, name: str) -> bool:
    """Return whether an entry has that name only because the disk takes it for its own.

    Args:
        folder: The open folder.
        name: As somebody else spells it.
    """
    if not os.access(name, os.F_OK, dir_fd=folder, follow_symlinks=False):
        return False
    return name not in list_names(folder)


def list_names(folder: int) -> list[str]:
    """Return the names in an open folder, as they are spelled."""
    # Not `folder` itself: a scan of it would lose its place.
    listing = os.open(".", DIRECTORY_FLAGS, dir_fd=folder)
    try:
        return os.listdir(listing)
    finally:
        os.close(listing)


def ignores_case(root: Path, name: str) -> bool:
    """Return whether a folder's name may be another spelling of another name."""
    with open_dir(root) as folder:
        return is_other_spelling(folder, name.swapcase())
