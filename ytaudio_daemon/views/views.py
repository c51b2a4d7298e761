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
from ytaudio_daemon.views.daemon_status import HEARTBEAT_S, DaemonSheet
from ytaudio_daemon.views.library import Librarian
from ytaudio_daemon.views.rebuild_scan import EVERY_S, Survey
from ytaudio_daemon.views.receipts import Receipts
from ytaudio_daemon.views.session_status import SessionSheets
from ytaudio_daemon.views.snapshot import Live, Problem, Rules
from ytaudio_daemon.views.write_errors import Troubles

#: Events taken in at once.
EVENTS = 1000
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
        rules: The config's part; may be set anew at any time.
        budget_s: Seconds after which a call ends, having done at least one piece.
    """

    def __init__(
        self,
        ledger: Ledger,
        layout: Layout,
        rules: Rules | None = None,
        *,
        budget_s: float = BUDGET_S,
    ) -> None:
        self.rules = rules or Rules()
        self._ledger = ledger
        self._budget_s = budget_s
        self._troubles = Troubles()
        self._daemon = DaemonSheet(ledger, layout, self._troubles)
        self._sessions = SessionSheets(ledger, layout, self._troubles)
        self._receipts = Receipts(ledger, layout, self._troubles)
        self._library = Librarian(ledger, layout, self._troubles)
        self._survey = Survey(ledger, layout, self._sessions, self._receipts)
        self._walk: Iterator[None] | None = None
        self._surveyed = -math.inf
        self._cursor: int | None = None
        self._kept = 0
        self._kept_at = -math.inf
        self._has_more_events = False

    def refresh(self, now: Now, live: Live, *, force: bool = False) -> None:
        """Write what changed, as far as its time has come and this call's allows.

        Args:
            now: The moment.
            live: The daemon's own part.
            force: Do not wait for anything's time, e.g. before the daemon ends. What
                this call's time does not suffice for is due at once: call it until
                `next_due` is above 0.

        Raises:
            LedgerError and SQLAlchemy's own: The ledger cannot be read. Nothing is
                lost: what is noted stays noted; and the daemon's own document tells it.
        """
        try:
            self._refresh(now, live, force=force)
        except LedgerError:
            self._daemon.note_live(live, self.problems())
            self._daemon.work(live, self.problems(), self.rules, now, from_memory=True)
            raise

    def _refresh(self, now: Now, live: Live, *, force: bool) -> None:
        enough = time.perf_counter() + self._budget_s
        self._sessions.interval_s = self.rules.interval_s
        self._absorb(now)
        self._sessions.note_live(live, now)
        self._daemon.note_live(live, self.problems())
        if force:
            self._hurry()
        self._daemon.work(live, self.problems(), self.rules, now)
        self._work_in_turn(live, now, enough)
        self._daemon.note_live(live, self.problems())
        self._keep(now, force=force)

    def next_due(self, now: Now) -> float | None:
        """Return seconds until `refresh` is to be called again; None if never."""
        if self._has_more_events or self._walk is not None:
            return 0.0
        agendas = (self._sessions.agenda, self._receipts.agenda, self._library.agenda)
        times = [due for agenda in agendas if (due := agenda.soonest()) is not None]
        return max(0.0, min([*times, self._daemon.due(self.rules)]) - now.lived)

    def rebuild(self, now: Now, live: Live) -> None:
        """Have everything written that may be stale after a stop or a crash.

        It is done in the background, by the next calls of `refresh`.
        """
        self._start_survey(now)
        self.refresh(now, live)

    def survey_soon(self, now: Now) -> None:
        """Have the documents looked through: the ledger has forgotten some sessions."""
        self._surveyed = now.lived - EVERY_S
        self._daemon.note(sessions=True)

    def problems(self) -> list[Problem]:
        """Return what could not be written and why."""
        return self._troubles.problems()

    def close(self) -> None:
        """Leave no half-written file behind."""
        self._receipts.abandon()
        self._library.abandon()

    def _absorb(self, now: Now) -> None:
        """Take in events that were not seen yet."""
        with self._ledger.read() as db:
            if self._cursor is None:
                self._cursor = self._kept = meta.views_cursor(db)
            changes = queries.changes_after(db, self._cursor, EVENTS)
            if not changes:
                self._has_more_events = False
                return
            moved = [c.job_id for c in changes if c.job_id is not None]
            reopened = [c.job_id for c in changes if c.job_id and c.reason == "retried"]
            drops = queries.drops_of_jobs(db, sorted(set(moved)))
            drops_again = queries.drops_of_jobs(db, reopened)
        for change in changes:
            self._note(change, now)
        self._receipts.note_reopened(drops_again)
        self._receipts.note_moved(sorted(drops), now, changes[0].event_id)
        self._daemon.note(sessions=any("session" in c.reason for c in changes))
        self._cursor = changes[-1].event_id
        self._has_more_events = len(changes) == EVENTS

    def _note(self, change: Change, now: Now) -> None:
        self._sessions.note(change.session_id, now, change.event_id)
        if change.drop_id is not None:
            self._receipts.note_filed(change.drop_id, now, change.event_id)
        if change.job_id is not None and change.reason == "published":
            self._library.note(change.job_id, now, change.event_id)

    def _work_in_turn(self, live: Live, now: Now, enough: float) -> None:
        """Give each kind of file its turn until the time is up."""
        busy = True
        while busy:
            busy = self._sessions.work(live, self.rules, now)
            busy = self._library.work(now) or busy
            busy = self._receipts.work(self.rules, now) or busy
            busy = self._go_on_surveying(now) or busy
            if time.perf_counter() >= enough:
                return

    def _start_survey(self, now: Now) -> None:
        self._surveyed = now.lived
        self._walk = self._survey.walk(now, self.rules.receipts_s)

    def _go_on_surveying(self, now: Now) -> bool:
        if self._walk is None:
            if now.lived < self._surveyed + EVERY_S or self._surveyed == -math.inf:
                return False
            self._start_survey(now)
        for _ in chain(self._walk or ()):
            return True
        self._walk = None
        return False

    def _hurry(self) -> None:
        self._daemon.hurry()
        for desk in (self._sessions, self._receipts, self._library):
            desk.agenda.hurry()

    def _keep(self, now: Now, *, force: bool) -> None:
        """Keep in the ledger how far its events are shown: rarely, it costs a sync."""
        if self._cursor is None or (
            now.lived < self._kept_at + HEARTBEAT_S and not force
        ):
            return
        agendas = (self._sessions.agenda, self._receipts.agenda, self._library.agenda)
        waiting = min(agenda.first_event() for agenda in agendas)
        shown = int(min(self._cursor, waiting - 1))
        if shown > self._kept or self._library.unsaved:
            with self._ledger.write() as db:
                library_entries.keep_shelved(db, self._library.unsaved.values())
                meta.keep_views_cursor(db, max(shown, self._kept))
            self._library.unsaved.clear()
            self._kept = max(shown, self._kept)
        self._kept_at = now.lived
