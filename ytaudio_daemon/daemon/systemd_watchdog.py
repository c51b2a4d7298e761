"""What systemd hears of the loop: that it is up, and that it is well."""

import math
from collections.abc import Callable

from ytaudio_daemon.errors import (
    LedgerBusyError,
    LedgerFullError,
    LedgerUnreachableError,
)
from ytaudio_daemon.system.systemd_notify import SystemdNotifier

#: Until it is up it asks for so long again, in seconds, and this often.
START_EXTENSION_S = 60.0
EXTEND_INTERVAL_S = 10.0
#: WATCHDOG=1 is said at most so often, in seconds, and at least twice a WatchdogSec=.
PING_INTERVAL_S = 5.0
#: A ledger that cannot be written for so long, in seconds, nobody can tell why: another
#: process may fare better, with fresh descriptors and connections.
UNHEALTHY_LIMIT_S = 600.0
#: Where it would not, and would lose what runs and the word on what is wrong: these
#: mend themselves as soon as the disk, the server or the other process does.
EXTERNAL_ERRORS = (LedgerBusyError, LedgerFullError, LedgerUnreachableError)


class SystemdWatchdog:
    """READY=1 once, then WATCHDOG=1 as long as the loop turns and the ledger is kept.

    Args:
        notifier: The way to systemd.
        is_up: Tells whether all that a start consists of is done.
        mono: `time.monotonic()`.
    """

    def __init__(
        self, notifier: SystemdNotifier, is_up: Callable[[], bool], mono: float
    ) -> None:
        self._notifier = notifier
        self._is_startup_done = is_up
        self._is_ready = False
        self._extended_at = -math.inf
        self._pinged_at = -math.inf
        self._healthy_at = mono

    def ping(self, mono: float) -> None:
        """Say what is due, at the end of a turn of the loop."""
        if not self._is_ready:
            self._notify_ready(mono)
        if (
            mono >= self._pinged_at + PING_INTERVAL_S
            and mono < self._healthy_at + UNHEALTHY_LIMIT_S
        ):
            self._pinged_at = mono
            self._notifier.ping_watchdog()

    def ledger_written(self, mono: float) -> None:
        """Note that the ledger takes what it is given."""
        self._healthy_at = mono

    def ledger_failed(self, error: Exception, mono: float) -> None:
        """Note why it does not."""
        if isinstance(error, EXTERNAL_ERRORS):
            self._healthy_at = mono

    def next_due(self) -> float:
        """Return the monotonic time at which the loop must turn for this."""
        if not self._is_ready:
            return self._extended_at + EXTEND_INTERVAL_S
        wanted_s = self._notifier.watchdog_s
        if wanted_s is None:
            return math.inf
        due = self._pinged_at + wanted_s / 2
        return due if due < self._healthy_at + UNHEALTHY_LIMIT_S else math.inf

    def _notify_ready(self, mono: float) -> None:
        if self._is_startup_done():
            self._is_ready = True
            self._notifier.ready()
        elif mono >= self._extended_at + EXTEND_INTERVAL_S:
            self._extended_at = mono
            self._notifier.extend_timeout(START_EXTENSION_S)
