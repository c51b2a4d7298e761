"""Finds and kills processes by a variable in their environment.

Workers, ffmpeg and the JavaScript runtime inherit it. When daemon and template are
killed at once, the next daemon finds the remaining processes by this variable.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

STATE_ENV = "YTAUDIO_STATE_ID"
TEMPLATE_ENV = "YTAUDIO_TEMPLATE_ID"

#: Rounds of searching: a process may fork while the others are being killed.
_ROUNDS = 20


def kill_orphans(state_id: str) -> int:
    """Kill the processes of an earlier run; to be called before the pool is used.

    Args:
        state_id: The ID that the earlier run's pool was given.

    Returns:
        How many processes were killed.
    """
    return len(kill_by_env(STATE_ENV, state_id))


def kill_by_env(variable: str, value: str) -> set[int]:
    """Kill all processes but this one whose environment has that variable.

    Returns:
        The pids killed; those that are our children are still to be reaped.
    """
    killed: set[int] = set()
    for _ in range(_ROUNDS):
        found = set(_pids_with_env(f"{variable}={value}".encode()))
        if not found:
            break
        for pid in found:
            _kill_if_env(pid, f"{variable}={value}".encode())
        killed |= found
        time.sleep(0.001)  # dying takes a moment; most are gone in the next round
    return killed


def _pids_with_env(word: bytes) -> Iterator[int]:
    own = os.getpid()
    for entry in os.listdir("/proc"):  # noqa: PTH208 - names are all that is needed
        if entry.isdecimal() and int(entry) != own and _has_env(int(entry), word):
            yield int(entry)


def _has_env(pid: int, word: bytes) -> bool:
    """Return whether a process has the variable; a zombie's and another user's are unreadable."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return word in environment.split(b"\0")


def _kill_if_env(pid: int, word: bytes) -> None:
    """Kill a process through a pidfd, so that a recycled pid is never hit."""
    with suppress(ProcessLookupError):
        pidfd = os.pidfd_open(pid)
        try:
            if _has_env(pid, word):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        finally:
            os.close(pidfd)
