"""Filing drops: moving them to `processed` or `rejected`, and finding them there."""

import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.inbox import DropLocation, InboxFile, identity_of
from ytaudio_daemon.folders.layout import PROCESSED, REJECTED
from ytaudio_daemon.folders.safe_open import (
    is_plain_file,
    open_child,
    open_dir,
    rename_noreplace,
)

#: Room for `.receipt.txt` behind a name within the 255 bytes of most file systems.
MAX_FILED_NAME = 230
#: Endings of the files that views write beside filed drops.
VIEW_ENDINGS = (b".receipt.txt", b".failed.txt", b".reason.txt")


def file_drop(
    inbox: Path,
    inbox_file: InboxFile,
    target: str,
    is_taken: Callable[[bytes], bool],
) -> bytes | None:
    """Move a drop to `processed` or `rejected`, never over anything.

    It is durable after `sync_moves`.

    Args:
        inbox: The inbox root.
        inbox_file: The very file that was recorded.
        target: `PROCESSED` or `REJECTED`.
        is_taken: Whether a name is used elsewhere, e.g. by an older receipt.

    Returns:
        Its name there; None when it is gone or another file by now.

    Raises:
        OSError: The move is not permitted.
    """
    try:
        with open_dir(inbox, *inbox_file.location.parts) as folder:
            if not _is_unchanged(folder, inbox_file):
                return None
            with open_child(folder, target, make=True) as target_dir:
                return _move_to(target_dir, folder, inbox_file.name, is_taken)
    except FileNotFoundError:  # the folder went meanwhile, with all that was in it
        return None


def _move_to(
    target_dir: int, folder: int, old: bytes, is_taken: Callable[[bytes], bool]
) -> bytes | None:
    for name in _names_to_try(old):
        if is_taken(name) or not _is_name_free(folder, name):
            continue
        try:
            rename_noreplace(folder, old, target_dir, name)
        except FileExistsError:
            continue
        return name
    return None


def put_back_if_grown(
    inbox: Path, inbox_file: InboxFile, target: str, name: bytes
) -> tuple[bool, bytes | None]:
    """Move a filed drop back to where it was dropped, if it has grown since.

    Args:
        inbox: The inbox root.
        inbox_file: As it was when it was filed.
        target: `PROCESSED` or `REJECTED`.
        name: Its name there.

    Returns:
        Whether it is there no longer, and its name if this call put it back.

    Raises:
        OSError: It cannot be moved.
    """
    try:
        with (
            open_dir(inbox, *inbox_file.location.parts) as folder,
            open_child(folder, target) as target_dir,
        ):
            found = os.lstat(name, dir_fd=target_dir)
            if found.st_ino != inbox_file.identity[0]:
                return True, None
            if found.st_size <= inbox_file.size:
                return False, None
            return True, _move_back(target_dir, name, folder, inbox_file.name)
    except (FileNotFoundError, UnsafePathError):
        return True, None


def _move_back(target_dir: int, name: bytes, folder: int, old: bytes) -> bytes | None:
    for candidate in _names_to_try(old):
        try:
            rename_noreplace(target_dir, name, folder, candidate)
        except FileExistsError:
            continue
        return candidate
    return None


def sync_moves(inbox: Path, location: DropLocation) -> None:
    """Make the moves out of a folder durable; one call serves any number of them.

    Should the folder be gone, the user took it and there is nothing to keep.
    """
    with suppress(FileNotFoundError), open_dir(inbox, *location.parts) as folder:
        for target in (PROCESSED, REJECTED):
            with suppress(FileNotFoundError), open_child(folder, target) as target_dir:
                os.fsync(target_dir)
        os.fsync(folder)


def find_filed(
    inbox: Path,
    location: DropLocation,
    target: str,
    name: bytes,
    sha256: str,
    known: Collection[bytes],
) -> bytes | None:
    """Return where `file_drop` put a drop before a crash, None when it did not.

    Args:
        inbox: The inbox root.
        location: Where it was dropped.
        target: `PROCESSED` or `REJECTED`.
        name: As it was dropped.
        sha256: Of its content.
        known: The names there of other drops.
    """
    try:
        with (
            open_dir(inbox, *location.parts) as folder,
            open_dir(inbox, *location.parts, target) as target_dir,
        ):
            for candidate in _names_to_try(name):
                if candidate in known:
                    continue
                if _has_content(target_dir, candidate, sha256):
                    return candidate
                if _is_name_free(folder, candidate):
                    return None
    except (FileNotFoundError, UnsafePathError):
        return None
    return None


def has_file_with_content(
    inbox: Path, location: DropLocation, name: bytes, sha256: str
) -> bool:
    """Return whether a file of that name and content lies where it was dropped.

    One that cannot be read may be that one.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open_dir(inbox, *location.parts) as folder:
            os.close(os.open(name, flags, dir_fd=folder))
            return _has_content(folder, name, sha256)
    except PermissionError:
        return True
    except (OSError, UnsafePathError):
        return False


def name_for_receipts(
    inbox: Path,
    location: DropLocation,
    target: str,
    name: bytes,
    is_taken: Callable[[bytes], bool],
) -> bytes | None:
    """Return under which name the receipts of a drop belong whose file is gone.

    None when there is no place for them: the folder is gone, or not ours to write to.
    """
    try:
        with open_dir(inbox, *location.parts) as folder:
            with open_child(folder, target, make=True):
                pass
            names = _names_to_try(name)
            return next(
                n for n in names if not is_taken(n) and _is_name_free(folder, n)
            )
    except (OSError, UnsafePathError):
        return None


def is_name_free(inbox: Path, location: DropLocation, name: bytes) -> bool:
    """Return whether neither a filed drop nor a view of one has that name there."""
    try:
        with open_dir(inbox, *location.parts) as folder:
            return _is_name_free(folder, name)
    except (OSError, UnsafePathError):  # nothing can be filed there either
        return True


def _has_content(folder: int, name: bytes, sha256: str) -> bool:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(name, flags, dir_fd=folder)
    except OSError:  # not there, or nothing of ours
        return False
    with os.fdopen(fd, "rb") as file:
        if not is_plain_file(os.fstat(fd)):
            return False
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _is_unchanged(folder: int, inbox_file: InboxFile) -> bool:
    try:
        found = os.lstat(inbox_file.name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return identity_of(found) == inbox_file.identity


def _names_to_try(name: bytes) -> Iterator[bytes]:
    """songs.txt, songs.2.txt, songs.3.txt …; a view's name is never given to a drop."""
    stem, ending = os.path.splitext(name)
    stem = stem[: MAX_FILED_NAME - len(ending)]
    if not name.lower().endswith(VIEW_ENDINGS):
        yield stem + ending
    for number in range(2, 1_000_000):
        yield b"%s.%d%s" % (stem, number, ending)


def _is_name_free(folder: int, name: bytes) -> bool:
    """A name is free when neither it nor a view of it stands in either place."""
    views = [name + ending for ending in VIEW_ENDINGS]
    for target in (PROCESSED, REJECTED):
        for candidate in (name, *views):
            path = os.path.join(os.fsencode(target), candidate)
            try:
                os.lstat(path, dir_fd=folder)
            except (FileNotFoundError, NotADirectoryError):
                continue
            return False
    return True
