"""Files in the daemon's own folders that survive a power cut.

For folders in which other people may write: `folders.atomic_file`.
"""

import os
from pathlib import Path

from ytaudio_daemon.system.regular_files import create_file, open_regular_file


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
        if os.path.exists(place)  # noqa: PTH110 - a dead mount raises in Path's
    )
