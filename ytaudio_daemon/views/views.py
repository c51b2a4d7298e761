"""Everything people and programs read, kept true from the ledger's events."""

import math
import time
from collections.abc import Iterator
from itertools import chain

from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, library_entries, meta, queries
from ytaudio_daemon.ledger.queries import Change
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.daemon_status import HEARTBEAT_S, DaemonStatusFile
from ytaudio_daemon.views.library import LibraryView
from ytaudio_daemon.views.rebuild_scan import SCAN_INTERVAL_S, RebuildScan
from ytaudio_daemon.views.receipts import Receipts
from ytaudio_daemon.views.session_status import SessionStatusFiles
from ytaudio_daemon.views.snapshot import DaemonProblem, DaemonSnapshot, ViewSettings
from ytaudio_daemon.views.write_errors import WriteErrors

#: Events taken in at once.
EVENT_BATCH_SIZE = 1000
#: What one call may take, in seconds; what is left waits for the next one.
BUDGET_S = 0.025


class Views:
    """Writes status files, receipts and the library; rebuildable from the ledger.

    The ledger's append-only events tell what changed. How far they are shown is kept
    in the ledger once the files are written, so a crash repeats some writes and never
    misses one.

    Args:
        ledger: Read, but for the cursor and the library's shelf.
        layout: Where the files lie.
        view_settings: The config's part; may be set anew at any time.
        budget_s: Seconds after which a call ends, having done at least one piece.
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
        self._rebuild_scan = RebuildScan(
            ledger, layout, self._session_status, self._receipts
        )
        self._scan_steps: Iterator[None] | None = None
        self._scan_started_at = -math.inf
        self._cursor: int | None = None
        self._saved_cursor = 0
        self._cursor_saved_at = -math.inf
        self._has_more_events = False

    def refresh(
        self, now: Now, snapshot: DaemonSnapshot, *, force: bool = False
    ) -> None:
        """Write what changed, as far as its time has come and this call's allows.

        Args:
            now: The moment.
            snapshot: The daemon's own part.
            force: Do not wait for anything's time, e.g. before the daemon ends. What
                this call's time does not suffice for is due at once: call it until
                `next_due` is above 0.

        Raises:
            LedgerError and SQLAlchemy's own: The ledger cannot be read. Nothing is
                lost: what is noted stays noted; and the daemon's own document tells it.
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
        self._save_cursor(now, force=force)

    def next_due(self, now: Now) -> float | None:
        """Return seconds until `refresh` is to be called again; None if never."""
        if self._has_more_events or self._scan_steps is not None:
            return 0.0
        due_queues = (
            self._session_status.due_queue,
            self._receipts.due_queue,
            self._library.due_queue,
        )
        times = [
            due
            for due_queue in due_queues
            if (due := due_queue.earliest_due_at()) is not None
        ]
        return max(
            0.0,
            min([*times, self._daemon_status.due_at(self.view_settings)])
            - now.uptime_s,
        )

    def rebuild(self, now: Now, snapshot: DaemonSnapshot) -> None:
        """Have everything written that may be stale after a stop or a crash.

        It is done in the background, by the next calls of `refresh`.
        """
        self._start_scan(now)
        self.refresh(now, snapshot)

    def request_scan(self, now: Now) -> None:
        """Have the documents looked through: the ledger has forgotten some sessions."""
        self._scan_started_at = now.uptime_s - SCAN_INTERVAL_S
        self._daemon_status.mark_changed(sessions=True)

    def problems(self) -> list[DaemonProblem]:
        """Return what could not be written and why."""
        return self._write_errors.problems()

    def close(self) -> None:
        """Leave no half-written file behind."""
        self._receipts.abandon()
        self._library.abandon()

    def _read_events(self, now: Now) -> None:
        """Take in events that were not seen yet."""
        with self._ledger.read() as db:
            if self._cursor is None:
                self._cursor = self._saved_cursor = meta.views_cursor(db)
            changes = queries.changes_after(db, self._cursor, EVENT_BATCH_SIZE)
            if not changes:
                self._has_more_events = False
                return
            moved = [c.job_id for c in changes if c.job_id is not None]
            reopened = [c.job_id for c in changes if c.job_id and c.reason == "retried"]
            drops = queries.drops_of_jobs(db, sorted(set(moved)))
            drops_again = queries.drops_of_jobs(db, reopened)
        for change in changes:
            self._mark_change(change, now)
        self._receipts.mark_jobs_reopened(drops_again)
        self._receipts.mark_jobs_changed(sorted(drops), now, changes[0].event_id)
        self._daemon_status.mark_changed(
            sessions=any("session" in c.reason for c in changes)
        )
        self._cursor = changes[-1].event_id
        self._has_more_events = len(changes) == EVENT_BATCH_SIZE

    def _mark_change(self, change: Change, now: Now) -> None:
        self._session_status.mark_changed(change.session_id, now, change.event_id)
        if change.drop_id is not None:
            self._receipts.mark_filed(change.drop_id, now, change.event_id)
        if change.job_id is not None and change.reason == "published":
            self._library.schedule(change.job_id, now, change.event_id)

    def _write_in_turn(
        self, snapshot: DaemonSnapshot, now: Now, deadline: float
    ) -> None:
        """Give each kind of file its turn until the time is up."""
        busy = True
        while busy:
            busy = self._session_status.write_step(snapshot, self.view_settings, now)
            busy = self._library.write_step(now) or busy
            busy = self._receipts.write_step(self.view_settings, now) or busy
            busy = self._continue_scan(now) or busy
            if time.perf_counter() >= deadline:
                return

    def _start_scan(self, now: Now) -> None:
        self._scan_started_at = now.uptime_s
        self._scan_steps = self._rebuild_scan.run(now, self.view_settings.receipts_s)

    def _continue_scan(self, now: Now) -> bool:
        if self._scan_steps is None:
            if (
                now.uptime_s < self._scan_started_at + SCAN_INTERVAL_S
                or self._scan_started_at == -math.inf
            ):
                return False
            self._start_scan(now)
        for _ in chain(self._scan_steps or ()):
            return True
        self._scan_steps = None
        return False

    def _make_all_due(self) -> None:
        self._daemon_status.make_due()
        for view in (self._session_status, self._receipts, self._library):
            view.due_queue.make_all_due()

    def _save_cursor(self, now: Now, *, force: bool) -> None:
        """Keep in the ledger how far its events are shown: rarely, it costs a sync."""
        if self._cursor is None or (
            now.uptime_s < self._cursor_saved_at + HEARTBEAT_S and not force
        ):
            return
        due_queues = (
            self._session_status.due_queue,
            self._receipts.due_queue,
            self._library.due_queue,
        )
        waiting = min(due_queue.earliest_event() for due_queue in due_queues)
        shown = int(min(self._cursor, waiting - 1))
        if shown > self._saved_cursor or self._library.unsaved_entries:
            with self._ledger.write() as db:
                library_entries.save_library_entries(
                    db, self._library.unsaved_entries.values()
                )
                meta.save_views_cursor(db, max(shown, self._saved_cursor))
            self._library.unsaved_entries.clear()
            self._saved_cursor = max(shown, self._saved_cursor)
        self._cursor_saved_at = now.uptime_s
