"""Waking the daemon after another process wrote to the ledger."""

import os
from contextlib import suppress

from ytaudio_daemon.folders.layout import Layout

#: Touched to wake the daemon; its content never matters.
WAKE_FILE = "poke"


def wake_daemon(layout: Layout) -> None:
    """Make a running daemon read the ledger now; without one, nothing happens.

    Raises:
        OSError: This user may not write in the state folder.
    """
    # Without the folder no daemon has run here: there is nobody to wake.
    with suppress(FileNotFoundError):
        # Root writes here, too: a link is not followed, a pipe not waited for.
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(layout.wake_dir / WAKE_FILE, flags, 0o640)
        os.write(fd, b".")  # a write, as changed times alone may go unseen
        os.ftruncate(fd, 0)
        os.close(fd)
