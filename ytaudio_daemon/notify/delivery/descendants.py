"""End everything that this process started, whatever became of it since."""

import os
import signal
from contextlib import suppress

from ytaudio_daemon.system import linux

#: Each round may bring up the children of the dead, which become ours.
_ROUNDS = 100


def kill_descendants() -> None:
    """Kill and reap all descendants; `kernel.adopt_orphans` must have been called."""
    for _ in range(_ROUNDS):
        found = linux.children()
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
