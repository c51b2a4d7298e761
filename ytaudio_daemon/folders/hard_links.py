"""Checks whether a dropped file has another hard link in the daemon's own folders."""

import os
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

#: Search results that are remembered.
MAX_REMEMBERED = 10_000
MORE_THAN_ONE = 2

#: Device, inode, and the time of its last change, which a new name is, too.
_FileVersion = tuple[int, int, int]


class HardLinkSearch:
    """Searches some folders for a second hard link of a file.

    People keep lists as hard links, deduplicated or in a backup. Such a link is a danger
    only in our folders, where it is another session's drop, a receipt or the ledger.

    Args:
        trees: The folders to search, with all that are in them.
    """

    def __init__(self, *trees: Path) -> None:
        self._trees = trees
        self._known: dict[_FileVersion, bool] = {}

    def search(self, found: os.stat_result) -> Generator[None, None, bool]:
        """Search for a second link of a file, one folder a step.

        Returns:
            Whether there is one.
        """
        version = found.st_dev, found.st_ino, found.st_ctime_ns
        if version not in self._known:
            is_ours = yield from self._search_trees(found)
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[version] = is_ours
        return self._known[version]

    def _search_trees(self, found: os.stat_result) -> Generator[None, None, bool]:
        names: set[tuple[int, str]] = set()
        folders = [str(tree) for tree in self._trees]
        while folders and len(names) < MORE_THAN_ONE:
            folder = folders.pop()
            with suppress(OSError):  # gone, or closed to us
                folders += _search_folder(folder, os.lstat(folder), found, names)
            yield
        return len(names) >= MORE_THAN_ONE


def _search_folder(
    folder: str,
    folder_stat: os.stat_result,
    found: os.stat_result,
    names: set[tuple[int, str]],
) -> list[str]:
    """Add a file's names in one folder; returns the folders in it.

    A disk that is mounted there may hold the tree's next folder on the file's own.
    """
    inner = []
    is_same_disk = folder_stat.st_dev == found.st_dev
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                inner.append(entry.path)
            elif is_same_disk and entry.inode() == found.st_ino:
                names.add((folder_stat.st_ino, entry.name))
    return inner
