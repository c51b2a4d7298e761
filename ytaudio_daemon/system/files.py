"""Writes files in the daemon's own folders so that they survive a power cut.

For folders in which other people may write: `folders.atomic_file`.
"""

import fcntl
import os
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


def write_atomically(
    path: Path, content: bytes, *, synced: bool = True, mode: int = 0o666
) -> None:
    """Replace a file by one rename: readers see the old content or all of the new.

    The temporary file has a fixed name, so a killed process leaves at most one, and two
    processes that may write at once need `locked`.

    Args:
        path: In a folder that only the daemon's user can write.
        content: The new content.
        synced: Whether file and name are on the disk afterwards.
        mode: Permissions, masked by the umask; `PRIVATE_MODE` for secrets.

    Raises:
        OSError: The disk is full, read-only or failing; the old file stays.
    """
    temporary = path.with_name(f".{path.name}.new")
    descriptor = create_file(temporary, mode, replace=True)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if synced:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
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
