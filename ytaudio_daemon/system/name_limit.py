"""Returns how long a file name may be: not all file systems allow 255 bytes."""

import os
from pathlib import Path

#: What nearly all file systems allow, in bytes; exFAT and NTFS count characters, and
#: allow at least as many bytes.
USUAL_NAME_MAX = 255
#: Left free below a shorter limit, for endings such as `.receipt.txt` and ` [id] (2)`.
#: Encrypting file systems also promise somewhat more than they hold (encfs: 189, 175).
ROOM_BYTES = 40


def name_limit(usual: int, folder: int | Path) -> int:
    """Return how long a name may be in a folder, in bytes, before endings are added.

    Args:
        usual: On a file system that takes 255 bytes.
        folder: Its descriptor or path; a missing one takes what is usual.
    """
    try:
        name_max = os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError):
        return usual
    if not 0 < name_max < USUAL_NAME_MAX:
        return usual
    return max(1, min(usual, name_max - ROOM_BYTES))
