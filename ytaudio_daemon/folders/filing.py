"""Moving drops to `processed` or `rejected`, and back."""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.filed import is_name_free, names_to_try
from ytaudio_daemon.folders.inbox import (
    DropLocation,
    EmptyFolder,
    InboxFile,
    file_identity,
    require_same_disk,
    split_path,
)
from ytaudio_daemon.folders.layout import PROCESSED, REJECTED
from ytaudio_daemon.folders.open_dirs import OpenDirs
from ytaudio_daemon.folders.safe_open import open_child, open_dir, rename_noreplace

FILED_FOLDERS = (PROCESSED, REJECTED)


def file_drop(
    inbox: Path,
    inbox_file: InboxFile,
    target: str,
    is_taken: Callable[[bytes], bool],
    open_dirs: OpenDirs,
) -> bytes | None:
    """Move a drop to `processed` or `rejected`, never over anything.

    It is durable after `sync_moves`.

    Args:
        inbox: The inbox root.
        inbox_file: The very file that was recorded.
        target: `PROCESSED` or `REJECTED`.
        is_taken: Returns whether a name is used elsewhere, e.g. by an older receipt.
        open_dirs: Opens the folders, for all drops that are moved together.

    Returns:
        The drop's name there, below the same subfolders; None when the file is gone or
        another one by now.

    Raises:
        OSError: The move is not permitted, or the drop's disk is away.
        UnsafePathError: A link or a file stands where a folder should.
    """
    try:
        subfolders, last = split_path(inbox_file.name)
        folder = open_dirs.folder(inbox, *inbox_file.location.parts)
        source = open_dirs.child(folder, *subfolders)
        if not _is_unchanged(source, last, inbox_file):
            require_same_disk(inbox, inbox_file)
            return None
        target_dir = open_dirs.child(folder, target, *subfolders, make=True)
        names = (
            name
            for name in names_to_try(inbox_file.name, folder)
            if not is_taken(name) and is_name_free(folder, name)
        )
        return _rename_to_first_free(source, last, target_dir, names)
    except FileNotFoundError:  # the folder went meanwhile, with all that was in it
        require_same_disk(inbox, inbox_file)
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
        subfolders, last = split_path(name)
        with (
            open_dir(inbox, *inbox_file.location.parts) as folder,
            open_child(folder, target, *subfolders) as target_dir,
        ):
            found = os.lstat(last, dir_fd=target_dir)
            if found.st_ino != inbox_file.identity[0]:
                return True, None
            if file_identity(found) == inbox_file.identity or not found.st_size:
                return False, None
            names = names_to_try(inbox_file.name, folder)
            with open_child(folder, *subfolders, make=True) as origin:
                return True, _rename_to_first_free(target_dir, last, origin, names)
    except (FileNotFoundError, UnsafePathError):
        return True, None


def sync_moves(
    inbox: Path, location: DropLocation, subfolders: tuple[bytes, ...] = ()
) -> None:
    """Make the moves out of a folder durable; one call serves any number of them.

    A folder that is gone was taken away by the user: nothing is left to sync.
    """
    with suppress(FileNotFoundError), open_dir(inbox, *location.parts) as folder:
        for target in FILED_FOLDERS:
            _sync_below(folder, (target.encode(), *subfolders))
        _sync_below(folder, subfolders)
        os.fsync(folder)


def _sync_below(folder: int, parts: tuple[bytes, ...]) -> None:
    """Sync a folder below an open one, and those between them, which may be new."""
    for depth in range(len(parts), 0, -1):
        with (
            suppress(FileNotFoundError, UnsafePathError),
            open_child(folder, *parts[:depth]) as inner,
        ):
            os.fsync(inner)


def _rename_to_first_free(
    source: int, old: bytes, target: int, names: Iterable[bytes]
) -> bytes | None:
    """Rename a file; `target` is the open folder of the subfolders in `names`."""
    for name in names:
        with suppress(FileExistsError):
            rename_noreplace(source, old, target, split_path(name)[1])
            return name
    return None


def _is_unchanged(folder: int, name: bytes, inbox_file: InboxFile) -> bool:
    try:
        found = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return file_identity(found) == inbox_file.identity


def remove_emptied_folder(inbox: Path, empty: EmptyFolder, quiet_s: float) -> bool:
    """Remove a dropped folder when all of its drops were filed; True if it was removed.

    A folder from which no drop was filed stays: a person may still fill it.

    Args:
        inbox: The inbox root.
        empty: As a scan found it.
        quiet_s: How long it must have been empty, in seconds.
    """
    *above, name = empty.parts
    with (
        # It stays if it is not empty, or not ours to remove.
        suppress(OSError, UnsafePathError),
        open_dir(inbox, *empty.location.parts) as folder,
        open_child(folder, *above) as parent,
    ):
        changed_at = os.lstat(name, dir_fd=parent).st_mtime
        is_quiet = time.time() - changed_at >= quiet_s
        if is_quiet and any(_has_folder(folder, t, empty.parts) for t in FILED_FOLDERS):
            os.rmdir(name, dir_fd=parent)
            return True
    return False


def _has_folder(folder: int, target: str, parts: tuple[str, ...]) -> bool:
    with suppress(OSError, UnsafePathError), open_child(folder, target, *parts):
        return True
    return False
