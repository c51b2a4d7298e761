"""The one place that reads the clocks."""

import time

from ytaudio_daemon.model.clock import Now

#: Wall and monotonic clock may drift apart by so much between two looks, in seconds.
JUMP_S = 300.0


class Clock:
    """Reads both clocks and counts how long this ledger has been served.

    Args:
        lived: The daemon's age when it stopped last, in seconds.
    """

    def __init__(self, lived: float) -> None:
        self._lived = lived
        self._began = time.monotonic()
        self._offset = time.time() - self._began

    def now(self) -> Now:
        """Return the moment; call once a tick and pass it down."""
        served = time.monotonic() - self._began
        return Now(wall=time.time(), lived=self._lived + served)

    def jump_s(self) -> float:
        """Return by how much the wall clock jumped since the last call, or 0."""
        offset = time.time() - time.monotonic()
        jump = offset - self._offset
        if abs(jump) < JUMP_S:
            return 0.0
        self._offset = offset
        return jump
