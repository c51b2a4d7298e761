"""How the caller of downloads ends them early."""

import time
from enum import IntEnum

from ytaudio_daemon.model import Failure, FailureKind

#: A request to stop is checked for this often, in seconds.
POLL_S = 0.1

INTERRUPTED = Failure(
    kind=FailureKind.CRASHED, code="interrupted", message="It was interrupted."
)


class StopLevel(IntEnum):
    """How urgently a run is to end."""

    NONE = 0
    #: Running downloads may finish; none is begun or tried again.
    GRACEFUL = 1
    #: Running downloads are killed.
    IMMEDIATE = 2


class StopSignal:
    """Set by a signal handler or another thread, read by the threads that download.

    Args:
        parent: Of the run that this one is a part of: its signal holds here, too.
    """

    def __init__(self, parent: "StopSignal | None" = None) -> None:
        self._own = StopLevel.NONE
        self._parent = parent

    @property
    def level(self) -> StopLevel:
        """How urgently the run is to end."""
        return self._own if self._parent is None else max(self._own, self._parent.level)

    @level.setter
    def level(self, level: StopLevel) -> None:
        self._own = level

    @property
    def is_set(self) -> bool:
        """Whether nothing more is to be begun."""
        return self.level is not StopLevel.NONE

    def wait(self, pause_s: float) -> bool:
        """Wait before the next try; return False if the run is stopped meanwhile."""
        end = time.monotonic() + pause_s
        while not self.is_set:
            left = end - time.monotonic()
            if left <= 0:
                return True
            time.sleep(min(POLL_S, left))
        return False
