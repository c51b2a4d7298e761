"""Kills everything that this process started."""

import os
import signal
from contextlib import suppress

from ytaudio_daemon.system import linux

#: The children of a killed process become ours, so each round may find new ones.
_ROUNDS = 100


def kill_descendants() -> None:
    """Kill and reap all descendants; needs an earlier `linux.become_subreaper()`."""
    for _ in range(_ROUNDS):
        found = linux.children()
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
