"""The line that `systemctl status` shows: what the daemon does, or what it lacks."""

import math
from collections.abc import Mapping

from ytaudio_daemon.daemon.problems import DEGRADING_CODES
from ytaudio_daemon.ledger import Ledger, queries
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.gates import GateName
from ytaudio_daemon.system.systemd_notify import SystemdNotifier
from ytaudio_daemon.views import DaemonSnapshot

#: Said at most so often, in seconds.
MIN_INTERVAL_S = 2.0
#: systemctl cuts what does not fit the terminal; nobody reads more.
MAX_CHARS = 160
#: What is still to be done, in the order of interest.
UNFINISHED = (JobState.RUNNING, JobState.QUEUED, JobState.WAITING, JobState.HELD)
#: Problems that tell why nothing moves.
BLOCKING_CODES = DEGRADING_CODES | {name.value for name in GateName}


class SystemdStatusLine:
    """Tells the service manager how things stand, when that has changed.

    Args:
        notifier: Told; without a manager to hear it nothing is looked up.
        ledger: Has the counts.
    """

    def __init__(self, notifier: SystemdNotifier, ledger: Ledger) -> None:
        self._notifier = notifier
        self._ledger = ledger
        self._counts: Mapping[JobState, int] = dict.fromkeys(JobState, 0)
        self._last_line = ""
        self._read_at = -math.inf
        #: Something may have changed since the last look.
        self._is_stale = False

    def update(self, live: DaemonSnapshot, mono: float) -> None:
        """Look, and say the line if it is another than the last.

        Args:
            live: The daemon's own part.
            mono: `time.monotonic()`.

        Raises:
            LedgerError: It cannot be read just now; what it said last was told.
        """
        if not self._notifier.is_available:
            return
        self._is_stale = mono < self._read_at + MIN_INTERVAL_S
        if self._is_stale:
            return
        self._read_at = mono
        try:
            with self._ledger.read() as db:
                self._counts = queries.total_counts(db)
        finally:
            self._send(status_line(live, self._counts))

    def _send(self, line: str) -> None:
        if line != self._last_line:
            self._notifier.status(line)
            self._last_line = line

    def next_due(self) -> float:
        """Return the monotonic time of the next look; infinite when none is needed."""
        return self._read_at + MIN_INTERVAL_S if self._is_stale else math.inf


def status_line(live: DaemonSnapshot, counts: Mapping[JobState, int]) -> str:
    """Return one line: the unfinished jobs, then what holds them up. Pure."""
    parts = [f"{counts[state]} {state.value}" for state in UNFINISHED if counts[state]]
    line = ", ".join(parts) or "Idle"
    if live.state == "draining":
        line = f"Draining: {line}"
    reasons = (p.message for p in live.problems if p.code in BLOCKING_CODES)
    reason = next(reasons, "")
    line = f"{line}. {reason}" if reason else line
    return line if len(line) <= MAX_CHARS else f"{line[: MAX_CHARS - 1]}…"
