"""Writes files in the daemon's own folders so that they survive a power cut.

For folders in which other people may write: `folders.atomic_file`.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ytaudio_daemon.system.regular_files import (
    create_file,
    open_own_file,
    open_regular_file,
)

#: Only the owner may read it.
PRIVATE_MODE = 0o600


def write_atomically(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Replace a file by one rename: readers see the old content or all of the new.

    The temporary file has a fixed name, so a killed process leaves at most one.

    Args:
        path: In a folder that only the daemon's user can write.
        content: The new content.
        synced: Whether file and name are on the disk afterwards.

    Raises:
        OSError: The disk is full, read-only or failing.
    """
    temporary = path.with_name(f".{path.name}.new")
    with os.fdopen(create_file(temporary, replace=True), "wb") as file:
        file.write(content)
        file.flush()
        if synced:
            os.fsync(file.fileno())
    temporary.replace(path)
    if synced:
        fsync_path(path.parent)


def fsync_path(path: Path) -> None:
    """Force a file's content, or a folder's names, to the disk.

    Raises:
        OSError: The disk is full or failing; what was written cannot be trusted.
    """
    if path.is_dir():
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    else:
        descriptor = open_regular_file(path)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def nearest_existing(path: Path) -> Path:
    """Return the path, or the first folder above it that exists."""
    return next(
        place
        for place in (path, *path.parents)
        if os.path.exists(place)  # noqa: PTH110 - Path.exists raises of a dead mount
    )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock a file against other processes that call this, until the block ends.

    The lock is on a file beside it, as the file itself is replaced.

    Raises:
        OSError: The lock cannot be made there.
    """
    descriptor = open_own_file(path.with_suffix(".lock"), PRIVATE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace_private_file(path: Path, text: str) -> None:
    """Replace a file that only its owner may read; a power cut leaves the old or the new.

    Raises:
        OSError: It cannot be written; the old one stays.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = create_file(temporary, PRIVATE_MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
