"""Moves expired sessions into the trash in one rename, and deletes them there in pieces."""

import os
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.folders.layout import TRASH
from ytaudio_daemon.folders.library_playlist import names_of_playlists
from ytaudio_daemon.folders.safe_open import open_child, open_dir, rename_noreplace

#: A file of this name in a session's downloads or library folder pins it.
PIN = ".keep"

#: A file's type, size and time to the nanosecond.
FileSignature = tuple[int, int, int]


def is_pinned(root: Path, name: str) -> bool:
    """Return whether the user put a `.keep` into a folder: then it is not removed."""
    return os.path.lexists(root / name / PIN)


def move_to_trash(root: Path, name: str, as_name: str) -> bool:
    """Move a folder into its root's trash; False when there is no such folder.

    Args:
        root: `downloads` or `library`; its trash is on the same file system.
        name: The folder's name in it.
        as_name: A name that was never used there.
    """
    with open_dir(root) as here, open_dir(root, TRASH, make=True) as trash:
        try:
            rename_noreplace(here, name, trash, as_name)
        except FileNotFoundError:
            return False
        except FileExistsError:
            return True  # a crash came between this rename and the ledger
        os.fsync(trash)
        os.fsync(here)
    return True


def move_session_files_to_trash(
    library: Path,
    session: str,
    downloads: Path,
    session_uuid: str,
    as_name: str,
    collections: Collection[str] = (),
) -> None:
    """Trash one session's files from a library folder that another session shares.

    A library file has the size and the time of its result, to the nanosecond, whether
    it is a link or a copy; a playlist says whose it is. What the user changed stays.

    Args:
        library: Its root.
        session: The name both sessions have.
        downloads: Where the results still are.
        session_uuid: The session whose files are removed.
        as_name: The folder in the library's trash.
        collections: The UUIDs of the session's collections.
    """
    own = {
        _file_signature(path.lstat())
        for pattern in ("audio/*", "cover.*")
        for path in downloads.glob(f"{session_uuid}/*/{pattern}")
    }
    with (
        suppress(FileNotFoundError),
        open_dir(library, session) as folder,
        open_dir(library, TRASH, as_name, make=True) as trash,
    ):
        playlists = names_of_playlists(folder, collections)
        _move_files(folder, trash, own, playlists)
        os.fsync(trash)
        os.fsync(folder)


def _move_files(
    folder: int, trash: int, own: set[FileSignature], playlists: Collection[str]
) -> None:
    """Move files out of a folder and all below it; folders that they leave empty go."""
    left: set[str] = set()
    walk = os.fwalk(".", topdown=False, follow_symlinks=False, dir_fd=folder)
    for path, inner, names, fd in walk:
        mine = [name for name in names if _signature_at(fd, name) in own]
        mine += [name for name in playlists if path == "."]
        if mine:
            left.add(path)
            with open_child(trash, *path.split("/")[1:], make=True) as target:
                for name in mine:
                    rename_noreplace(fd, name, target, name)
                os.fsync(target)
        for name in inner:
            if f"{path}/{name}" in left:
                left.add(path)
                with suppress(OSError):  # something else is in it
                    os.rmdir(name, dir_fd=fd)


def _signature_at(folder: int, name: str) -> FileSignature:
    return _file_signature(os.lstat(name, dir_fd=folder))


def _file_signature(found: os.stat_result) -> FileSignature:
    return stat.S_IFMT(found.st_mode), found.st_size, found.st_mtime_ns


def list_trash(root: Path) -> list[str]:
    """Return the names of the folders in a root's trash."""
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
