"""The daemon's own status file, and its heartbeat."""

from collections.abc import Sequence
from dataclasses import replace

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, forecast_queries, gates, queries
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.schemas.daemon import DaemonDocument
from ytaudio_daemon.views.daemon_document import (
    LedgerFacts,
    daemon_document,
    is_anything_unstarted,
)
from ytaudio_daemon.views.snapshot import DaemonProblem, DaemonSnapshot, ViewSettings
from ytaudio_daemon.views.status_file import StatusFile
from ytaudio_daemon.views.write_errors import STATUS_UNWRITABLE, WriteErrors

#: Seconds between two writes at most: readers see that the daemon runs.
HEARTBEAT_S = 10.0
#: Free space changes all the time; smaller steps, in bytes, are no reason to write.
FREE_BYTES_STEP = 64 << 20


class DaemonStatusFile:
    """Keeps `status/daemon.json` up to date.

    Args:
        ledger: Read only.
        layout: The folder the file lies in.
        write_errors: Receives the error when the file cannot be written.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, write_errors: WriteErrors
    ) -> None:
        self._ledger = ledger
        self._layout = layout
        self._write_errors = write_errors
        self._status_file = StatusFile(layout.status, layout.daemon_status.name)
        self._written_at = float("-inf")
        self._built_at = float("-inf")
        self._is_stale = True
        self._last_snapshot: object = None
        self._shown_event = 0
        self._facts: LedgerFacts | None = None
        #: None after a change of the sessions. Kept, since counting reads all of them.
        self._session_counts: dict[SessionState, int] | None = None

    def mark_changed(self, *, sessions: bool) -> None:
        """Mark the file as stale.

        Args:
            sessions: True if sessions were created, ended or deleted: they are counted
                again.
        """
        self._is_stale = True
        if sessions:
            self._session_counts = None

    def update_snapshot(
        self, snapshot: DaemonSnapshot, problems: Sequence[DaemonProblem]
    ) -> None:
        """Mark the file as stale if the daemon's own part has changed."""
        coarse = snapshot.disk_free_bytes // FREE_BYTES_STEP
        seen = replace(snapshot, disk_free_bytes=coarse, progress={}, ignored={})
        if (seen, problems) != self._last_snapshot:
            self._last_snapshot = seen, problems
            self._is_stale = True

    def update_shown_event(self, event_id: int) -> None:
        """Store the last event that all views show."""
        if event_id != self._shown_event:
            self._shown_event = event_id
            self._is_stale = True

    def due_at(self, view_settings: ViewSettings) -> float:
        """Return when the file must be written next, in seconds of uptime."""
        if self._is_stale:
            return self._built_at + view_settings.interval_s
        return self._written_at + HEARTBEAT_S

    def write_if_due(
        self,
        snapshot: DaemonSnapshot,
        problems: Sequence[DaemonProblem],
        view_settings: ViewSettings,
        now: Now,
        *,
        from_memory: bool = False,
    ) -> None:
        """Write the file if it is due.

        Args:
            snapshot: The daemon's own part.
            problems: Problems besides those of the snapshot.
            view_settings: The config's part.
            now: The time.
            from_memory: Use the facts last read: the ledger cannot be read.
        """
        if now.uptime_s < self.due_at(view_settings):
            return
        if not from_memory:
            self._facts = self._read_facts(snapshot, now)
        if self._facts is None:
            return
        self._built_at = now.uptime_s
        self._is_stale = False
        document = daemon_document(
            snapshot,
            self._facts,
            problems,
            view_settings.circumstances,
            shown_event=self._shown_event,
            wall=now.wall,
        )
        self._write(document, now)

    def make_due(self) -> None:
        """Have the next `write_if_due` write the file."""
        self._written_at = self._built_at = float("-inf")

    def _write(self, document: DaemonDocument, now: Now) -> None:
        """Write the document if it changed, or for the heartbeat."""
        if now.uptime_s >= self._written_at + HEARTBEAT_S:
            self._status_file.forget()
        free_steps = document["disk"]["free_bytes"] // FREE_BYTES_STEP
        disk = {**document["disk"], "free_bytes": free_steps}
        path = str(self._layout.daemon_status)
        try:
            written = self._status_file.write(
                document, now, key={**document, "disk": disk}
            )
        except ITEM_ERRORS as error:
            self._write_errors.record(STATUS_UNWRITABLE, path, error, now)
            self._written_at = now.uptime_s  # tried again with the next heartbeat
            return
        if written:
            self._write_errors.clear(STATUS_UNWRITABLE, path)
            self._written_at = now.uptime_s

    def _read_facts(self, snapshot: DaemonSnapshot, now: Now) -> LedgerFacts:
        with self._ledger.read() as db:
            if self._session_counts is None:
                self._session_counts = queries.session_counts(db)
            counts = queries.total_counts(db)
            waits = is_anything_unstarted(counts)
            return LedgerFacts(
                gates=gates.closed_gates(db),
                counts=counts,
                sessions=self._session_counts,
                job_s=forecast_queries.average_job_s(db) if waits else None,
                tokens={
                    one.key: gates.available_tokens(db, snapshot.pace, now, one.key)
                    for one in snapshot.egresses
                },
            )
