"""Keeps the sessions' status files up to date."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, collection_queries, queries, sessions
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState, Progress
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.schemas.collection import SessionCollection
from ytaudio_daemon.schemas.job import JobDocument
from ytaudio_daemon.schemas.session import SessionDocument
from ytaudio_daemon.system.item_faults import ItemFaults
from ytaudio_daemon.system.recent_dict import RecentDict
from ytaudio_daemon.views.collection_documents import session_collection
from ytaudio_daemon.views.documents import (
    job_document,
    queue_positions,
    session_document,
)
from ytaudio_daemon.views.due_queue import NO_EVENT, DueQueue
from ytaudio_daemon.views.snapshot import DaemonSnapshot, ViewSettings
from ytaudio_daemon.views.status_file import StatusFile
from ytaudio_daemon.views.write_errors import (
    RETRY_AFTER_S,
    STATUS_UNWRITABLE,
    WriteErrors,
)

#: Files whose content is remembered; the others are written even if unchanged.
MAX_REMEMBERED = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedSession:
    """A session as read last, so that new progress is shown without a read."""

    session: Session
    rows: Sequence[JobRow]
    documents: list[JobDocument]
    truncated: bool
    collections: Sequence[SessionCollection]

    @property
    def running(self) -> list[JobRow]:
        """The running jobs, which come first among `rows`."""
        return list(takewhile(lambda row: row.state is JobState.RUNNING, self.rows))


class SessionStatusFiles:
    """Writes `status/sessions/<name>.json` after each change.

    Args:
        ledger: Read only.
        layout: The folder the files lie in.
        write_errors: Receives the errors of files that cannot be written.

    Attributes:
        due_queue: Sessions whose file must be written.
        interval_s: The least time between two writes of one file, in seconds.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, write_errors: WriteErrors
    ) -> None:
        self.due_queue = DueQueue()
        self.interval_s = ViewSettings().interval_s
        self._ledger = ledger
        self._layout = layout
        self._folder = str(layout.status / "sessions")
        self._write_errors = write_errors
        self._status_files = RecentDict[str, StatusFile](MAX_REMEMBERED)
        #: When each session's document was built last, in seconds of uptime.
        self._built_at = RecentDict[int, float](MAX_REMEMBERED)
        #: Sessions with running jobs, until their next event.
        self._cached_sessions: dict[int, CachedSession] = {}
        self._progress: Mapping[str, Progress] = {}
        self._ignored: Mapping[str, Sequence[tuple[str, str]]] = {}
        self._faults = ItemFaults("session_status")

    def mark_changed(
        self, session_id: int, now: Now, event_id: float = NO_EVENT
    ) -> None:
        """Schedule a session that changed in the ledger."""
        self._cached_sessions.pop(session_id, None)
        self._schedule(session_id, now, event_id)

    def update_snapshot(self, snapshot: DaemonSnapshot, now: Now) -> None:
        """Schedule the sessions whose running jobs or ignored files changed."""
        for session_id, cached_session in self._cached_sessions.items():
            for row in cached_session.running:
                if snapshot.progress.get(row.uuid) != self._progress.get(row.uuid):
                    self._schedule(session_id, now, NO_EVENT)
        self._progress = dict(snapshot.progress)
        if snapshot.ignored != self._ignored:
            self._mark_ignored_changed(snapshot.ignored, now)

    def forget_file(self, name: str) -> None:
        """Have a session's file written even if its content has not changed."""
        self._status_files.pop(name, None)

    def forget_files(self) -> None:
        """Have each file written even if its content has not changed."""
        self._status_files.clear()

    def write_step(
        self, snapshot: DaemonSnapshot, view_settings: ViewSettings, now: Now
    ) -> bool:
        """Write the next file that is due; False if none is."""
        session_id = self.due_queue.first_due(now.uptime_s)
        if session_id is None:
            return False
        blocked = self._write_errors.blocked_until(STATUS_UNWRITABLE, self._folder, now)
        if blocked is not None:
            self.due_queue.postpone(session_id, blocked)
            return True
        later = partial(
            self.due_queue.postpone, session_id, now.uptime_s + RETRY_AFTER_S
        )
        with self._faults.isolated(f"session {session_id}", later):
            self._write_document(session_id, snapshot, view_settings, now)
        return True

    def _write_document(
        self,
        session_id: int,
        snapshot: DaemonSnapshot,
        view_settings: ViewSettings,
        now: Now,
    ) -> None:
        cached = self._cached_sessions.get(session_id)
        cached = cached or self._read_session(session_id, view_settings)
        if cached is None:
            self.due_queue.remove(session_id)
            return
        document = _document(cached, snapshot, view_settings, now)
        self._write(cached.session, document, now)

    def _schedule(self, session_id: int, now: Now, event_id: float) -> None:
        written = self._built_at.get(session_id)
        due = now.uptime_s if written is None else written + self.interval_s
        self.due_queue.schedule(session_id, due, event_id)

    def _read_session(
        self, session_id: int, view_settings: ViewSettings
    ) -> CachedSession | None:
        """Read a session; None if there is nothing to show of it.

        It is unknown, or a newer one has its name, or it ended and leaves nothing: its
        file is removed then, as ten thousand clients may open sessions and go away.
        """
        with self._ledger.read() as db:
            session = sessions.session_to_show(db, session_id)
            if session is None:
                return None
            if session.ended_unused and not sessions.has_drops(db, session_id):
                self._remove(session)
                return None
            if any(session.counts.values()):
                rows, truncated = queries.session_status_jobs(db, session_id)
            else:  # one of ten thousand that only wait
                rows, truncated = [], False
            named = collection_queries.collections_of_session(db, session_id)
        cached_session = CachedSession(
            session=session,
            rows=rows,
            documents=_job_documents(rows, view_settings),
            truncated=truncated,
            collections=[
                session_collection(each, view_settings.circumstances) for each in named
            ],
        )
        if cached_session.running:
            self._cached_sessions[session_id] = cached_session
        return cached_session

    def _write(self, session: Session, document: SessionDocument, now: Now) -> None:
        status_file = self._status_file(session.name)
        self._built_at[session.id] = now.uptime_s
        try:
            if status_file.write(document, now):
                self._write_errors.clear(STATUS_UNWRITABLE, self._folder)
                self._write_errors.clear(STATUS_UNWRITABLE, self._file_of(session))
        except ITEM_ERRORS as error:
            # A folder with the file's name is in the way of no other session.
            is_own = isinstance(error, IsADirectoryError)
            place = self._file_of(session) if is_own else self._folder
            self._write_errors.record(STATUS_UNWRITABLE, place, error, now)
            self.due_queue.postpone(session.id, now.uptime_s + RETRY_AFTER_S)
            return
        self.due_queue.remove(session.id)

    def _file_of(self, session: Session) -> str:
        return str(self._layout.session_status(session.name))

    def _remove(self, session: Session) -> None:
        self._status_files.pop(session.name, None)
        self._built_at.pop(session.id, None)
        with suppress(OSError):  # somebody else's file: it does no harm
            self._layout.session_status(session.name).unlink(missing_ok=True)

    def _status_file(self, name: str) -> StatusFile:
        status_file = self._status_files.get(name)
        if status_file is None:
            path = self._layout.session_status(name)
            parts = path.relative_to(self._layout.status).parts
            status_file = StatusFile(self._layout.status, *parts)
        self._status_files[name] = status_file
        return status_file

    def _mark_ignored_changed(
        self, ignored: Mapping[str, Sequence[tuple[str, str]]], now: Now
    ) -> None:
        names = set(ignored) | set(self._ignored)
        changed = [n for n in names if ignored.get(n) != self._ignored.get(n)]
        with self._ledger.read() as db:
            found = [sessions.active_session(db, name) for name in changed]
        for session in found:
            if session is not None:
                self.mark_changed(session.id, now)
        self._ignored = {name: list(files) for name, files in ignored.items()}


def _job_documents(
    rows: Sequence[JobRow], view_settings: ViewSettings
) -> list[JobDocument]:
    positions = queue_positions(rows)
    return [
        job_document(
            row,
            None,
            positions.get(row.uuid),
            view_settings.attempts,
            view_settings.circumstances,
        )
        for row in rows
    ]


def _document(
    cached_session: CachedSession,
    snapshot: DaemonSnapshot,
    view_settings: ViewSettings,
    now: Now,
) -> SessionDocument:
    for place, row in enumerate(cached_session.running):
        progress = snapshot.progress.get(row.uuid)
        cached_session.documents[place] = job_document(
            row, progress, None, view_settings.attempts, view_settings.circumstances
        )
    return session_document(
        cached_session.session,
        cached_session.documents,
        truncated=cached_session.truncated,
        collections=cached_session.collections,
        ignored=snapshot.ignored.get(cached_session.session.name, ()),
        view_settings=view_settings,
        now=now,
    )
