"""Waking the daemon after a change to the ledger."""

import os
from contextlib import suppress

from ytaudio_daemon.folders.layout import Layout

#: Touched to wake the daemon; its content never matters.
POKE = "poke"


def poke(layout: Layout) -> None:
    """Have the daemon look at the ledger now, if there is one.

    Raises:
        OSError: This user may not write there.
    """
    # Without the folder no daemon has run here: there is nobody to wake.
    with suppress(FileNotFoundError):
        fd = os.open(
            layout.wake_dir / POKE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640
        )
        os.write(fd, b".")  # a write, as changed times alone may go unseen
        os.ftruncate(fd, 0)
        os.close(fd)
