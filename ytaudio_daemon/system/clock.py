"""The one place that reads the clocks."""

import time

from ytaudio_daemon.model.clock import Now

#: Wall and monotonic clock may drift apart by so much between two calls, in seconds.
JUMP_S = 300.0


class Clock:
    """Reads both clocks and counts how long this ledger has been served.

    Args:
        uptime_s: The daemon's age when it stopped last, in seconds.
    """

    def __init__(self, uptime_s: float) -> None:
        self._earlier_uptime_s = uptime_s
        self._started = time.monotonic()
        self._offset = time.time() - self._started

    def now(self) -> Now:
        """Return a reading of both clocks; call once a tick and pass it down."""
        served = time.monotonic() - self._started
        return Now(wall=time.time(), uptime_s=self._earlier_uptime_s + served)

    def jump_s(self) -> float:
        """Return by how much the wall clock jumped since the last call, or 0."""
        offset = time.time() - time.monotonic()
        jump = offset - self._offset
        if abs(jump) < JUMP_S:
            return 0.0
        self._offset = offset
        return jump
