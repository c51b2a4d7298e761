"""Whose a file is: root must not believe what others can change."""

import stat
from pathlib import Path

GROUP_OR_OTHER_WRITE = stat.S_IWGRP | stat.S_IWOTH


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
