"""Moving drops to `processed` or `rejected`, and back."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.filed import is_name_free, names_to_try
from ytaudio_daemon.folders.inbox import DropLocation, InboxFile, identity_of
from ytaudio_daemon.folders.layout import PROCESSED, REJECTED
from ytaudio_daemon.folders.safe_open import open_child, open_dir, rename_noreplace


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
        is_taken: Returns whether a name is used elsewhere, e.g. by an older receipt.

    Returns:
        The drop's name there; None when the file is gone or another one by now.

    Raises:
        OSError: The move is not permitted.
        UnsafePathError: A link or a file stands where a folder should.
    """
    try:
        with open_dir(inbox, *inbox_file.location.parts) as folder:
            if not _is_unchanged(folder, inbox_file):
                return None
            with open_child(folder, target, make=True) as target_dir:
                names = (
                    name
                    for name in names_to_try(inbox_file.name, folder)
                    if not is_taken(name) and is_name_free(folder, name)
                )
                return _rename_to_first_free(folder, inbox_file.name, target_dir, names)
    except FileNotFoundError:  # the folder went meanwhile, with all that was in it
        return None


def put_back_if_written(
    inbox: Path, inbox_file: InboxFile, target: str, name: bytes
) -> tuple[bool, bytes | None]:
    """Move a filed drop back to where it was dropped, if it was written to since.

    A copy that reserves its room first has its full size from the beginning, so the time
    of the last write counts as well; a rename does not change it.

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
            if identity_of(found) == inbox_file.identity or not found.st_size:
                return False, None
            names = names_to_try(inbox_file.name, folder)
            return True, _rename_to_first_free(target_dir, name, folder, names)
    except (FileNotFoundError, UnsafePathError):
        return True, None


def sync_moves(inbox: Path, location: DropLocation) -> None:
    """Make the moves out of a folder durable; one call serves any number of them.

    A folder that is gone was taken away by the user: nothing is left to sync.
    """
    with suppress(FileNotFoundError), open_dir(inbox, *location.parts) as folder:
        for target in (PROCESSED, REJECTED):
            with suppress(FileNotFoundError), open_child(folder, target) as target_dir:
                os.fsync(target_dir)
        os.fsync(folder)


def _rename_to_first_free(
    source: int, old: bytes, target: int, names: Iterable[bytes]
) -> bytes | None:
    for name in names:
        with suppress(FileExistsError):
            rename_noreplace(source, old, target, name)
            return name
    return None


def _is_unchanged(folder: int, inbox_file: InboxFile) -> bool:
    try:
        found = os.lstat(inbox_file.name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return identity_of(found) == inbox_file.identity
