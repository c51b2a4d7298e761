"""Reports to systemd that the daemon has started, and that its loop runs."""

import math
from collections.abc import Callable

from ytaudio_daemon.errors import (
    LedgerBusyError,
    LedgerFullError,
    LedgerUnreachableError,
)
from ytaudio_daemon.system.systemd_notify import SystemdNotifier

#: While it starts, it asks for so many more seconds of start time, this often.
START_EXTENSION_S = 60.0
EXTEND_INTERVAL_S = 10.0
#: WATCHDOG=1 is sent at most so often, in seconds, and at least twice a WatchdogSec=.
PING_INTERVAL_S = 5.0
#: If the ledger cannot be written for so long, in seconds, for an unknown reason, systemd
#: shall restart the daemon: fresh descriptors and connections may help.
UNHEALTHY_LIMIT_S = 600.0
#: Errors for which a restart would not help, but would end running attempts and the
#: report of the problem: they pass when the disk, the server or the other process is well.
EXTERNAL_ERRORS = (LedgerBusyError, LedgerFullError, LedgerUnreachableError)


class SystemdWatchdog:
    """Sends READY=1 once, then WATCHDOG=1 while the loop runs and the ledger is written.

    Args:
        notifier: Sends to systemd.
        is_startup_done: Returns whether the daemon has started.
        mono: `time.monotonic()`.
    """

    def __init__(
        self,
        notifier: SystemdNotifier,
        is_startup_done: Callable[[], bool],
        mono: float,
    ) -> None:
        self._notifier = notifier
        self._is_startup_done = is_startup_done
        self._is_ready = False
        self._extended_at = -math.inf
        self._pinged_at = -math.inf
        self._healthy_at = mono

    def ping(self, mono: float) -> None:
        """Send what is due; call between the steps of the loop."""
        if not self._is_ready:
            self._notify_ready(mono)
        if (
            mono >= self._pinged_at + PING_INTERVAL_S
            and mono < self._healthy_at + UNHEALTHY_LIMIT_S
        ):
            self._pinged_at = mono
            self._notifier.ping_watchdog()

    def ledger_written(self, mono: float) -> None:
        """Record that the ledger could be written."""
        self._healthy_at = mono

    def ledger_failed(self, error: Exception, mono: float) -> None:
        """Record why the ledger could not be written."""
        if isinstance(error, EXTERNAL_ERRORS):
            self._healthy_at = mono

    def next_due(self) -> float:
        """Return the monotonic time by which `ping` must be called."""
        if not self._is_ready:
            return self._extended_at + EXTEND_INTERVAL_S
        interval_s = self._notifier.watchdog_s
        if interval_s is None:
            return math.inf
        due = self._pinged_at + interval_s / 2
        return due if due < self._healthy_at + UNHEALTHY_LIMIT_S else math.inf

    def _notify_ready(self, mono: float) -> None:
        if self._is_startup_done():
            self._is_ready = True
            self._notifier.ready()
        elif mono >= self._extended_at + EXTEND_INTERVAL_S:
            self._extended_at = mono
            self._notifier.extend_timeout(START_EXTENSION_S)
