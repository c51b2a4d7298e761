"""Finds the hard links of a file below a folder, or files that may be copies of it."""

import os
from collections.abc import Iterator

from ytaudio_daemon.folders.safe_open import open_child


def find_links_and_copies(top: int, file: os.stat_result) -> Iterator[str | None]:
    """Yield the paths of a file's hard links; if it has only one, of files of its size.

    Those are copies if their content is the same, which the caller compares. Symbolic
    links are not followed.

    Args:
        top: The open folder that is searched, with all that are in it.
        file: The file, of which the caller knows one name.

    Yields:
        A path from `top`, with a slash behind each folder; None after each folder.

    Raises:
        OSError: A folder cannot be read.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        parts = folder.split("/") if folder else ()
        with open_child(top, *parts) as fd, os.scandir(fd) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif _may_be(entry, file):
                    yield path
        yield None


def _may_be(entry: os.DirEntry[str], file: os.stat_result) -> bool:
    if file.st_nlink > 1:
        return entry.inode() == file.st_ino
    try:
        return entry.stat(follow_symlinks=False).st_size == file.st_size
    except FileNotFoundError:
        return False
