"""Pauses of a command that waits, and the end of its patience."""

import time
from collections.abc import Callable

from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import format_duration
from ytaudio_daemon.cli.liveness import DaemonLiveness

#: Pause between two reads of the ledger, in seconds: the first one, and the longest.
MIN_POLL_S = 0.25
MAX_POLL_S = 1.0
#: Seconds that a daemon which was up may be down: it may be restarting.
RESTART_GRACE_S = 10.0


class Poller:
    """Pauses between two reads, and decides when to give up.

    Args:
        timeout_s: Give up after so many seconds; None for never.
        read_liveness: Returns whether the daemon is up.
    """

    def __init__(
        self, timeout_s: float | None, read_liveness: Callable[[], DaemonLiveness]
    ) -> None:
        self._started_at = time.monotonic()
        self._timeout_s = timeout_s
        self._read_liveness = read_liveness
        self._last_up_at: float | None = None
        self._interval_s = MIN_POLL_S

    def sleep(self) -> tuple[Exit, str]:
        """Pause; returns `Exit.OK`, or the exit status and the reason to give up."""
        now = time.monotonic()
        liveness = self._read_liveness()
        if liveness.is_up:
            self._last_up_at = now
        elif liveness.is_down and self._is_grace_over(now):
            return Exit.DAEMON_DOWN, liveness.explanation()
        step = self._interval_s
        if self._timeout_s is not None:
            left = self._started_at + self._timeout_s - now
            if left <= 0:
                return (
                    Exit.TIMEOUT,
                    f"not finished after {format_duration(self._timeout_s)}",
                )
            step = min(step, left)
        time.sleep(step)
        self._interval_s = min(self._interval_s * 1.1, MAX_POLL_S)
        return Exit.OK, ""

    def _is_grace_over(self, now: float) -> bool:
        return self._last_up_at is None or now - self._last_up_at > RESTART_GRACE_S
