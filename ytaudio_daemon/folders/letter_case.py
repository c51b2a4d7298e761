"""Names on disks that ignore case, where `Hello` is `HELLO`: exFAT, NTFS, many a NAS."""

import os
from pathlib import Path

from ytaudio_daemon.folders.safe_open import DIRECTORY_FLAGS, open_dir


def is_other_spelling(folder: int, name: str) -> bool:
    """Return whether a name exists only because the disk ignores case.

    Args:
        folder: The open folder.
        name: The spelling that is asked for.
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
    """Return whether the disk of a folder ignores case.

    Args:
        root: The folder.
        name: A name that exists in it.
    """
    with open_dir(root) as folder:
        return is_other_spelling(folder, name.swapcase())
