"""The folders inside a session's folder of the library, and the names that are in them.

A tree with both `Hello` and `HELLO` may be copied to a disk that ignores case, or be
read through SMB: so a folder that exists in another spelling is used, and a file gets
another name.
"""

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.letter_case import list_names
from ytaudio_daemon.folders.safe_open import open_child

#: Folders whose names are remembered, while nothing changes in them.
MAX_REMEMBERED_FOLDERS = 8
#: Names that are remembered of all these folders, some 250 bytes each.
MAX_REMEMBERED_NAMES = 50_000
#: Names of a folder that are compared; a bigger one is not copied to a phone.
MAX_COMPARED_NAMES = 50_000
#: Tried for a folder where a file or a link has its name.
MAX_FOLDER_NAMES = 10


@dataclass(frozen=True, slots=True)
class FolderNames:
    """The names in a folder.

    Attributes:
        spellings: As they are, by what a disk that ignores case takes for the same.
    """

    spellings: dict[str, tuple[str, ...]]

    def add(self, name: str) -> None:
        """Add a name."""
        fold = name.casefold()
        known = self.spellings.get(fold, ())
        if name not in known:
            self.spellings[fold] = (*known, name)

    def other_spelling(self, name: str) -> str | None:
        """Return an existing name that differs by case only; None if the name is free or taken."""
        found = self.spellings.get(name.casefold(), ())
        return None if not found or name in found else min(found)

    def beginning_with(self, start: str) -> list[str]:
        """Return the names that begin so, in whichever case."""
        folds = (fold for fold in self.spellings if fold.startswith(start))
        return [name for fold in folds for name in self.spellings[fold]]


#: By device and inode: the time of the folder's last change, and the names it had then.
_remembered: OrderedDict[tuple[int, int], tuple[int, FolderNames]] = OrderedDict()


def names_in(folder: int) -> FolderNames:
    """Return the names in an open folder; of a huge one, none."""
    found = os.fstat(folder)
    known = _remembered.get((found.st_dev, found.st_ino))
    if known is not None and known[0] == found.st_mtime_ns:
        return known[1]
    names = _read_names(folder)
    _remember(found, names)
    return names


def _remember(found: os.stat_result, names: FolderNames) -> None:
    key = found.st_dev, found.st_ino
    _remembered[key] = found.st_mtime_ns, names
    _remembered.move_to_end(key)
    while (
        len(_remembered) > MAX_REMEMBERED_FOLDERS
        or _remembered_names() > MAX_REMEMBERED_NAMES
    ):
        _remembered.popitem(last=False)


def _remembered_names() -> int:
    return sum(len(names.spellings) for _, names in _remembered.values())


def _read_names(folder: int) -> FolderNames:
    names = list_names(folder)
    found = FolderNames({})
    for name in names if len(names) <= MAX_COMPARED_NAMES else ():
        found.add(name)
    return found


def add_name(folder: int, names: FolderNames, name: str) -> None:
    """Add a name that this program has just given to the remembered ones of its folder.

    Args:
        folder: The open folder.
        names: Those that were in it.
        name: The new one.
    """
    names.add(name)
    _remember(os.fstat(folder), names)


@contextmanager
def open_folders(
    session_folder: int, folders: Iterable[str], *, make: bool = False
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Open folders below a session's.

    Args:
        session_folder: The open folder of the session.
        folders: Their names, each a single component.
        make: Make those that are missing.

    Yields:
        A descriptor of the last, and the names that they have: the spelling that was
        there, or `Name (2)` where a link or a file stands in the way.

    Raises:
        FileNotFoundError: One is missing.
        UnsafePathError: Links or files stand at all names that were tried.
        OSError: As open(2).
    """
    fd, names = os.dup(session_folder), []
    try:
        for folder in folders:
            inner, name = _open_folder(fd, folder, make=make)
            os.close(fd)
            fd = inner
            names.append(name)
        yield fd, tuple(names)
    finally:
        os.close(fd)


def _open_folder(parent: int, wanted: str, *, make: bool) -> tuple[int, str]:
    for number in range(1, MAX_FOLDER_NAMES + 1):
        free = wanted if number == 1 else f"{wanted} ({number})"
        name = names_in(parent).other_spelling(free) or free
        with suppress(UnsafePathError), open_child(parent, name, make=make) as folder:
            return os.dup(folder), name
    raise UnsafePathError(
        f"{wanted!r} is a link or a file where a folder should be",
        "Remove it; the daemon makes the folder.",
    )


@contextmanager
def open_parent_folder(session_folder: int, path: str) -> Iterator[tuple[int, str]]:
    """Open the folder of a file that was added before.

    Args:
        session_folder: The open folder of the session.
        path: The file's, from there.

    Yields:
        The folder, and the file's name in it.

    Raises:
        UnsafePathError: A link stands in the way.
        OSError: As open(2).
    """
    *folders, name = path.split("/")
    with open_child(session_folder, *folders) as folder:
        yield folder, name


def remove_empty_folders(session_folder: int, path: str) -> None:
    """Remove the folders of a file that is gone, as far as nothing else is in them."""
    folders = path.split("/")[:-1]
    while folders:
        try:
            with open_child(session_folder, *folders[:-1]) as parent:
                os.rmdir(folders[-1], dir_fd=parent)
        except (OSError, UnsafePathError):
            return
        folders.pop()
