"""The drain after SIGTERM: nothing new starts, running attempts may finish for a while."""

from collections.abc import Callable

import structlog

from ytaudio_daemon.system.systemd_notify import SystemdNotifier

log = structlog.get_logger()

#: Running attempts may go on so long after SIGTERM, in seconds.
DRAIN_TIMEOUT_S = 90.0
#: systemd waits so much longer than that, in seconds.
STOP_MARGIN_S = 15.0


class Drain:
    """Begins the drain and decides when it is over.

    Args:
        notifier: Reports the drain to systemd.
        running_count: Returns the number of running attempts.
    """

    def __init__(
        self, notifier: SystemdNotifier, running_count: Callable[[], int]
    ) -> None:
        self._notifier = notifier
        self._running_count = running_count
        #: Monotonic seconds; None before the drain.
        self.until: float | None = None

    @property
    def is_begun(self) -> bool:
        """Whether nothing new is begun any more."""
        return self.until is not None

    def begin(self, mono: float) -> None:
        """Begin to drain, and log it."""
        self.until = mono + DRAIN_TIMEOUT_S
        running = self._running_count()
        log.info("daemon.draining", running=running)
        self._notifier.stopping(f"Draining: {running} running")
        self._notifier.extend_timeout(DRAIN_TIMEOUT_S + STOP_MARGIN_S)

    def is_over(self, stop_count: int, mono: float) -> bool:
        """Return whether all attempts ended, time is up, or a second signal came.

        Args:
            stop_count: Signals to stop so far.
            mono: `time.monotonic()`.
        """
        if self.until is None:
            return False
        return self._running_count() == 0 or mono >= self.until or stop_count > 1
