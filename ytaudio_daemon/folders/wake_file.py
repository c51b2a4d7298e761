"""Wakes the daemon after another process wrote to the ledger."""

import os
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.folders.layout import Layout
from ytaudio_daemon.folders.safe_open import is_plain_file
from ytaudio_daemon.system.regular_files import (
    NotRegularFileError,
    create_file,
    open_own_file,
)

#: Touched to wake the daemon; its content never matters.
WAKE_FILE = "poke"
FILE_MODE = 0o640


def wake_daemon(layout: Layout) -> None:
    """Make a running daemon read the ledger now; without one, nothing happens.

    Raises:
        OSError: This user may not write in the state folder.
    """
    # Without the folder no daemon has run here.
    with suppress(FileNotFoundError):
        fd = _open_wake_file(layout.wake_dir / WAKE_FILE)
        os.write(fd, b".")  # a write, as changed times alone may go unseen
        os.ftruncate(fd, 0)
        os.close(fd)


def _open_wake_file(path: Path) -> int:
    """Open the wake file; one that is not ours is replaced, as root writes here, too."""
    with suppress(NotRegularFileError):
        fd = open_own_file(path, FILE_MODE, flags=os.O_WRONLY)
        if is_plain_file(os.fstat(fd), fd):
            return fd
        os.close(fd)  # it has a second name, and is another file's content
    return create_file(path, FILE_MODE, replace=True)
