"""Whose a file is: root must not believe what others can change."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

GROUP_OR_OTHER_WRITE = stat.S_IWGRP | stat.S_IWOTH


def open_regular_file(path: Path) -> BinaryIO:
    """Open a regular file for reading; a pipe laid there would be waited for, for ever.

    Raises:
        OSError: As open(2), or it is something else.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return os.fdopen(fd, "rb")
    os.close(fd)
    raise OSError(errno.EINVAL, "not a regular file", str(path))


def first_untrusted_part(file: Path, cwd: Path) -> Path | None:
    """Return what others than root can change of a file or the folders it lies in.

    Args:
        file: A file that is there.
        cwd: The folder to begin with; what lies above it is not looked at.

    Returns:
        The uppermost such folder, or the file; None when all is root's alone.
    """
    between = [path for path in file.parents if path.is_relative_to(cwd)]
    for path in (*reversed(between), file):
        found = path.stat()
        is_roots = found.st_uid == path.lstat().st_uid == 0
        if not is_roots or stat.S_IMODE(found.st_mode) & GROUP_OR_OTHER_WRITE:
            return path
    return None
