"""The sessions' documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, queries, sessions
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState, Progress
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.documents import (
    Document,
    job_document,
    positions,
    session_document,
)
from ytaudio_daemon.views.due_queue import NO_EVENT, Agenda
from ytaudio_daemon.views.snapshot import Live, Rules
from ytaudio_daemon.views.status_file import Sheet
from ytaudio_daemon.views.write_errors import AGAIN_S, Troubles

CODE = "status_unwritable"
#: Documents whose last content is remembered; one that is not is written anew.
MAX_SHEETS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the ledger last said of a session; progress alone needs no new look."""

    session: Session
    rows: Sequence[JobRow]
    documents: list[Document]
    truncated: bool

    @property
    def running(self) -> list[JobRow]:
        """Its running jobs; they stand first."""
        return list(takewhile(lambda row: row.state is JobState.RUNNING, self.rows))


class SessionSheets:
    """Keeps `status/sessions/<name>.json` true.

    Args:
        ledger: Read only.
        layout: Where they lie.
        troubles: Takes what cannot be written.

    Attributes:
        interval_s: Each is written at most so often.
    """

    def __init__(self, ledger: Ledger, layout: Layout, troubles: Troubles) -> None:
        self.agenda = Agenda()
        self.interval_s = Rules().interval_s
        self._ledger = ledger
        self._layout = layout
        self._troubles = troubles
        self._sheets: dict[str, Sheet] = {}
        #: When each session's document was made last.
        self._written: dict[int, float] = {}
        #: Of sessions with running jobs, until an event says otherwise.
        self._pages: dict[int, Page] = {}
        self._progress: Mapping[str, Progress] = {}
        self._ignored: Mapping[str, Sequence[tuple[str, str]]] = {}

    def note(self, session_id: int, now: Now, event_id: float = NO_EVENT) -> None:
        """Something in the session changed in the ledger."""
        self._pages.pop(session_id, None)
        self._note_due(session_id, now, event_id)

    def note_live(self, live: Live, now: Now) -> None:
        """Find the sessions whose running jobs or ignored files changed."""
        for session_id, page in self._pages.items():
            for row in page.running:
                if live.progress.get(row.uuid) != self._progress.get(row.uuid):
                    self._note_due(session_id, now, NO_EVENT)
        self._progress = dict(live.progress)
        if live.ignored != self._ignored:
            self._note_ignored(live.ignored, now)

    def work(self, live: Live, rules: Rules, now: Now) -> bool:
        """Write the next document that is due; False when none is."""
        session_id = self.agenda.next_due(now.lived)
        if session_id is None:
            return False
        blocked = self._troubles.blocked_until(CODE, self._place, now)
        if blocked is not None:
            self.agenda.postpone(session_id, blocked)
            return True
        page = self._pages.get(session_id) or self._read(session_id, rules)
        if page is None:
            self.agenda.done(session_id)
            return True
        self._write(page.session, _document(page, live, rules, now), now)
        return True

    def _note_due(self, session_id: int, now: Now, event_id: float) -> None:
        written = self._written.get(session_id)
        due = now.lived if written is None else written + self.interval_s
        self.agenda.note(session_id, due, event_id)

    def _read(self, session_id: int, rules: Rules) -> Page | None:
        """Ask the ledger; None when there is nothing to show of that session."""
        with self._ledger.read() as db:
            session = sessions.session_to_show(db, session_id)
            if session is None:
                return None
            rows, truncated = queries.shown_jobs(db, session_id)
        places = positions(rows)
        documents = [
            job_document(row, None, places.get(row.uuid), rules.attempts)
            for row in rows
        ]
        page = Page(
            session=session, rows=rows, documents=documents, truncated=truncated
        )
        if page.running:
            self._pages[session_id] = page
        return page

    def _write(self, session: Session, document: Document, now: Now) -> None:
        sheet = self._sheet(session.name)
        self._written[session.id] = now.lived
        try:
            if sheet.write(document, now):
                self._troubles.clear(CODE, self._place)
        except (OSError, UnsafePathError) as error:
            self._troubles.note(CODE, self._place, error, now)
            self.agenda.postpone(session.id, now.lived + AGAIN_S)
            return
        self.agenda.done(session.id)

    @property
    def _place(self) -> str:
        return str(self._layout.status / "sessions")

    def _sheet(self, name: str) -> Sheet:
        sheet = self._sheets.pop(name, None)
        if sheet is None:
            path = self._layout.session_status(name)
            parts = path.relative_to(self._layout.status).parts
            sheet = Sheet(self._layout.status, *parts)
        self._sheets[name] = sheet  # the one used last goes last
        if len(self._sheets) > MAX_SHEETS:
            del self._sheets[next(iter(self._sheets))]
        if len(self._written) > MAX_SHEETS:
            del self._written[next(iter(self._written))]
        return sheet

    def _note_ignored(
        self, ignored: Mapping[str, Sequence[tuple[str, str]]], now: Now
    ) -> None:
        names = set(ignored) | set(self._ignored)
        changed = [n for n in names if ignored.get(n) != self._ignored.get(n)]
        with self._ledger.read() as db:
            found = [sessions.active_session(db, name) for name in changed]
        for session in found:
            if session is not None:
                self.note(session.id, now)
        self._ignored = {name: list(files) for name, files in ignored.items()}


def _document(page: Page, live: Live, rules: Rules, now: Now) -> Document:
    for place, row in enumerate(page.running):
        progress = live.progress.get(row.uuid)
        page.documents[place] = job_document(row, progress, None, rules.attempts)
    return session_document(
        page.session,
        page.documents,
        truncated=page.truncated,
        ignored=live.ignored.get(page.session.name, ()),
        rules=rules,
        now=now,
    )
