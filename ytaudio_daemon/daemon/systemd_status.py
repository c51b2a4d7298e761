"""Sends systemd the line of `systemctl status`: unfinished jobs, and what blocks them."""

import math
from collections.abc import Mapping

from ytaudio_daemon.daemon.problems import DEGRADING_CODES
from ytaudio_daemon.ledger import Ledger, queries
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.gates import GateName
from ytaudio_daemon.system.systemd_notify import SystemdNotifier
from ytaudio_daemon.views import DaemonSnapshot

#: The line is sent at most so often, in seconds.
MIN_INTERVAL_S = 2.0
#: systemctl cuts what does not fit the terminal.
MAX_CHARS = 160
#: The states of unfinished jobs, in the order in which they are shown.
UNFINISHED = (JobState.RUNNING, JobState.QUEUED, JobState.WAITING, JobState.HELD)
#: Problems that explain why no job runs.
BLOCKING_CODES = DEGRADING_CODES | {name.value for name in GateName}


class SystemdStatusLine:
    """Sends the line to systemd when it has changed.

    Args:
        notifier: Sends it; without systemd nothing is read either.
        ledger: Holds the counts of jobs by state.
    """

    def __init__(self, notifier: SystemdNotifier, ledger: Ledger) -> None:
        self._notifier = notifier
        self._ledger = ledger
        self._counts: Mapping[JobState, int] = dict.fromkeys(JobState, 0)
        self._last_line = ""
        self._read_at = -math.inf
        #: Event, state and reason when the counts were read.
        self._basis: tuple[int, str, str] | None = None
        #: One of them has changed since.
        self._is_stale = False

    def update(self, snapshot: DaemonSnapshot, event: int, mono: float) -> None:
        """Read the counts if they may have changed; send the line if it differs.

        Args:
            snapshot: The daemon's part of the status.
            event: The ledger's last event that the views know.
            mono: `time.monotonic()`.

        Raises:
            LedgerError: The counts cannot be read; the line with the last ones is sent.
        """
        if not self._notifier.is_available:
            return
        basis = event, snapshot.state, blocking_reason(snapshot)
        has_changed = basis != self._basis
        self._is_stale = has_changed and mono < self._read_at + MIN_INTERVAL_S
        if self._is_stale or not has_changed:
            return
        self._read_at = mono
        try:
            with self._ledger.read() as db:
                self._counts = queries.total_counts(db)
            self._basis = basis
        finally:
            self._send(status_line(snapshot, self._counts))

    def _send(self, line: str) -> None:
        if line != self._last_line:
            self._notifier.status(line)
            self._last_line = line

    def next_due(self) -> float:
        """Return the monotonic time of the next update; infinite if none is needed."""
        return self._read_at + MIN_INTERVAL_S if self._is_stale else math.inf


def status_line(snapshot: DaemonSnapshot, counts: Mapping[JobState, int]) -> str:
    """Return the line: the unfinished jobs, then the first problem that blocks. Pure."""
    parts = [f"{counts[state]} {state.value}" for state in UNFINISHED if counts[state]]
    line = ", ".join(parts) or "Idle"
    if snapshot.state == "draining":
        line = f"Draining: {line}"
    reason = blocking_reason(snapshot)
    line = f"{line}. {reason}" if reason else line
    return line if len(line) <= MAX_CHARS else f"{line[: MAX_CHARS - 1]}…"


def blocking_reason(snapshot: DaemonSnapshot) -> str:
    """Return the first problem that blocks, or ""."""
    reasons = (p.message for p in snapshot.problems if p.code in BLOCKING_CODES)
    return next(reasons, "")
