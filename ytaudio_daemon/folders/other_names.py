"""Finds the name that a file has already, somewhere below a folder."""

import os
from collections.abc import Generator

from ytaudio_daemon.folders.safe_open import open_child


def find_other_name(
    top: int, file: os.stat_result
) -> Generator[None, None, str | None]:
    """Return the path of another name of a file; yields after each folder.

    Links to files and folders are not followed.

    Args:
        top: The open folder that is searched, with all that are in it.
        file: The file; one that has a single name is not searched for.

    Returns:
        The path from `top`, with a slash behind each folder; None if there is none.

    Raises:
        OSError: A folder cannot be read.
    """
    if file.st_nlink < 2:  # noqa: PLR2004 - the one that the caller knows
        return None
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        parts = folder.split("/") if folder else ()
        with open_child(top, *parts) as fd, os.scandir(fd) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif entry.inode() == file.st_ino and _is_same(path, top, file):
                    return path
        yield
    return None


def _is_same(path: str, top: int, file: os.stat_result) -> bool:
    found = os.stat(path, dir_fd=top, follow_symlinks=False)
    return os.path.samestat(found, file)
