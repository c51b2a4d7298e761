"""Keeps status files, receipts and the library up to date, from the ledger's events."""

import time

from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.changes import Change
from ytaudio_daemon.ledger.events import LIBRARY_REQUESTED
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.daemon_status import DaemonStatusFile
from ytaudio_daemon.views.event_reader import EventReader
from ytaudio_daemon.views.library import LibraryView
from ytaudio_daemon.views.library_playlists import LibraryPlaylists
from ytaudio_daemon.views.rebuild_scan import RebuildScan
from ytaudio_daemon.views.receipts import Receipts
from ytaudio_daemon.views.saved_cursor import SavedCursor
from ytaudio_daemon.views.session_status import SessionStatusFiles
from ytaudio_daemon.views.snapshot import DaemonProblem, DaemonSnapshot, ViewSettings
from ytaudio_daemon.views.status_folders import StatusFolders
from ytaudio_daemon.views.write_errors import WriteErrors

#: Seconds that one call may take; the rest of the work is left to the next one.
BUDGET_S = 0.025


class Views:
    """Writes status files, receipts and the library.

    The ledger's append-only events are the list of changes. The cursor, the last event
    whose files are written, is saved in the ledger afterwards: after a crash some files
    are written again, and none is missed.

    Args:
        ledger: Read only, except for the cursor and the library's entries.
        layout: The folders the files lie in.
        view_settings: The config's part; may be replaced at any time.
        budget_s: Seconds after which a call ends; it takes at least one step.
    """

    def __init__(
        self,
        ledger: Ledger,
        layout: Layout,
        view_settings: ViewSettings | None = None,
        *,
        budget_s: float = BUDGET_S,
    ) -> None:
        self.view_settings = view_settings or ViewSettings()
        self._ledger = ledger
        self._budget_s = budget_s
        self._write_errors = WriteErrors()
        self._daemon_status = DaemonStatusFile(ledger, layout, self._write_errors)
        self._session_status = SessionStatusFiles(ledger, layout, self._write_errors)
        self._receipts = Receipts(ledger, layout, self._write_errors)
        self._library = LibraryView(ledger, layout, self._write_errors)
        self._library_playlists = LibraryPlaylists(
            ledger, layout, self._write_errors, self._library
        )
        self._due_queues = (
            self._session_status.due_queue,
            self._receipts.due_queue,
            self._library.due_queue,
            self._library_playlists.due_queue,
        )
        self._rebuild_scan = RebuildScan(
            ledger, layout, self._session_status, self._receipts
        )
        self._status_folders = StatusFolders(layout)
        self._saved_cursor = SavedCursor(ledger, self._library.unsaved_entries)
        self._event_reader = EventReader(self._saved_cursor)

    @property
    def last_event(self) -> int:
        """The last event that was dealt with; 0 before the first call of `refresh`."""
        return self._event_reader.last_event

    def refresh(
        self, now: Now, snapshot: DaemonSnapshot, *, force: bool = False
    ) -> None:
        """Write the files that are due, until this call's time is up.

        Args:
            now: The time.
            snapshot: The daemon's own part.
            force: Make all changed files due now, e.g. before the daemon ends: then
                call it until `next_due` is above 0.

        Raises:
            LedgerError and SQLAlchemy's own: The ledger cannot be read. Nothing is
                lost: what was due stays due, and the daemon's own status file is
                written from memory.
        """
        try:
            self._refresh(now, snapshot, force=force)
        except LedgerError:
            self._daemon_status.update_snapshot(snapshot, self.problems())
            self._daemon_status.write_if_due(
                snapshot, self.problems(), self.view_settings, now, from_memory=True
            )
            raise

    def _refresh(self, now: Now, snapshot: DaemonSnapshot, *, force: bool) -> None:
        deadline = time.perf_counter() + self._budget_s
        self._session_status.interval_s = self.view_settings.interval_s
        if self._status_folders.pop_replaced():
            self._write_all_again(now)
        self._read_events(now)
        self._session_status.update_snapshot(snapshot, now)
        self._daemon_status.update_snapshot(snapshot, self.problems())
        if force:
            self._make_all_due()
        self._daemon_status.write_if_due(
            snapshot, self.problems(), self.view_settings, now
        )
        self._write_in_turn(snapshot, now, deadline)
        self._daemon_status.update_snapshot(snapshot, self.problems())
        self._daemon_status.update_shown_event(self._shown_event())
        if self._event_reader.has_begun:
            self._saved_cursor.save(self._shown_event(), now, force=force)

    def next_due(self, now: Now) -> float:
        """Return the seconds until `refresh` must be called again."""
        if self._event_reader.has_more or self._rebuild_scan.is_running:
            return 0.0
        times = [due_queue.earliest_due_at() for due_queue in self._due_queues]
        known = [due for due in times if due is not None]
        status_due_at = self._daemon_status.due_at(self.view_settings)
        soonest = min([*known, status_due_at, self._saved_cursor.entries_due_at()])
        return max(0.0, soonest - now.uptime_s)

    def rebuild(self, now: Now, snapshot: DaemonSnapshot) -> None:
        """Have all files written that may be stale after a stop or a crash.

        The next calls of `refresh` do it in steps.
        """
        self._rebuild_scan.schedule(now)
        self.refresh(now, snapshot)

    def request_scan(self, now: Now) -> None:
        """Have the files of pruned sessions removed by the next scan."""
        self._rebuild_scan.schedule(now)
        self._daemon_status.mark_changed(sessions=True)

    def rewrite_receipts(self, now: Now) -> None:
        """Have all receipts written again: a disk or folder with them was missing."""
        self._rebuild_scan.schedule(now, rewrites_receipts=True)

    def problems(self) -> list[DaemonProblem]:
        """Return a problem for each folder that could not be written to."""
        return self._write_errors.problems()

    def close(self) -> None:
        """Discard half-written files."""
        self._receipts.abandon()
        self._library.abandon()
        self._library_playlists.abandon()

    def _write_all_again(self, now: Now) -> None:
        """Schedule every file: their folders were removed or replaced."""
        self._daemon_status.make_due()
        self._session_status.forget_files()
        self.rewrite_receipts(now)

    def _read_events(self, now: Now) -> None:
        """Read the events after the cursor, and schedule the files they concern."""
        with self._ledger.read() as db:
            batch = self._event_reader.read(db)
            if batch is None:
                return
            self._library_playlists.schedule_changed(db, batch.changes, now)
        changes = batch.changes
        for change in changes:
            self._mark_change(change, now)
        self._receipts.mark_jobs_reopened(batch.reopened_drops)
        self._receipts.mark_jobs_changed(sorted(batch.drops), now, changes[0].event_id)
        self._daemon_status.mark_changed(
            sessions=any("session" in c.reason for c in changes)
        )
        self._event_reader.advance(batch)

    def _mark_change(self, change: Change, now: Now) -> None:
        self._session_status.mark_changed(change.session_id, now, change.event_id)
        if change.drop_id is not None and change.is_of_collection:
            self._receipts.mark_jobs_changed([change.drop_id], now, change.event_id)
        elif change.drop_id is not None:
            self._receipts.mark_filed(change.drop_id, now, change.event_id)
        if change.job_id is not None and change.reason == "published":
            self._library.schedule(change.job_id, now, change.event_id)
        if change.job_id is not None and change.reason == LIBRARY_REQUESTED:
            self._library.schedule_missing(change.job_id, now, change.event_id)

    def _write_in_turn(
        self, snapshot: DaemonSnapshot, now: Now, deadline: float
    ) -> None:
        """Take a step for each kind of file in turn, until the deadline."""
        busy = True
        while busy:
            busy = self._session_status.write_step(snapshot, self.view_settings, now)
            busy = (
                self._library.write_step(self.view_settings.library, now)
                or self._library_playlists.write_step(self.view_settings, now)
                or busy
            )
            busy = self._receipts.write_step(self.view_settings, now) or busy
            busy = self._rebuild_scan.step(now, self.view_settings) or busy
            if time.perf_counter() >= deadline:
                return

    def _make_all_due(self) -> None:
        self._daemon_status.make_due()
        for due_queue in self._due_queues:
            due_queue.make_all_due()

    def _shown_event(self) -> int:
        """Return the last event that all files show."""
        waiting = min(due_queue.earliest_event() for due_queue in self._due_queues)
        return int(min(self.last_event, waiting - 1))
