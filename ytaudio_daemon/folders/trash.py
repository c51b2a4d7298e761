"""Expired sessions leave in two steps: a rename at once, the deleting in pieces."""

import os
from collections.abc import Iterator
from pathlib import Path

from ytaudio_daemon.folders.layout import TRASH
from ytaudio_daemon.folders.opening import open_dir, rename_new

#: A file of this name in a session's downloads or library folder pins it.
PIN = ".keep"


def is_pinned(root: Path, name: str) -> bool:
    """Return whether the user put a `.keep` into that folder."""
    return os.path.lexists(root / name / PIN)


def throw_away(root: Path, name: str, as_name: str) -> bool:
    """Move a folder into its root's trash; False when there is none.

    Args:
        root: `downloads` or `library`; its trash is on the same file system.
        name: The folder's name in it.
        as_name: A name that was never used there.
    """
    with open_dir(root) as here, open_dir(root, TRASH, make=True) as trash:
        try:
            rename_new(here, name, trash, as_name)
        except FileNotFoundError:
            return False
        except FileExistsError:
            return True  # a crash came between this rename and the ledger
        os.fsync(trash)
        os.fsync(here)
    return True


def trashed(root: Path) -> list[str]:
    """Return the names of what lies in a root's trash."""
    try:
        return sorted(os.listdir(root / TRASH))
    except FileNotFoundError:
        return []


def delete(root: Path, name: str) -> Iterator[None]:
    """Delete one trashed folder, yielding after every entry.

    Links are removed, never followed; another file system mounted inside stays.
    """
    top = root / TRASH / name
    device = root.stat().st_dev
    for _folder, dirs, files, fd in os.fwalk(top, topdown=False, follow_symlinks=False):
        if os.fstat(fd).st_dev != device:
            continue
        for file in files:
            os.unlink(file, dir_fd=fd)
            yield
        for inner in dirs:
            _remove_dir(inner, fd)
            yield
    with open_dir(root, TRASH) as trash:
        _remove_dir(name, trash)


def _remove_dir(name: str, folder: int) -> None:
    try:
        os.rmdir(name, dir_fd=folder)
    except NotADirectoryError:
        os.unlink(name, dir_fd=folder)
