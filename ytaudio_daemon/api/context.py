"""The resources that all routes share: ledger, status files, settings."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ytaudio_daemon.api.serial_previewer import SerialPreviewer
from ytaudio_daemon.api.session_limits import OpeningRate
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.jobs.config_values import circumstances
from ytaudio_daemon.ledger import Connection, Ledger, queries
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.operations.transaction import write_and_wake
from ytaudio_daemon.schemas.job import JobDocument
from ytaudio_daemon.schemas.session import SessionSummary
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.recent_dict import RecentDict
from ytaudio_daemon.system.regular_files import MAX_DOCUMENT_BYTES, read_regular_file
from ytaudio_daemon.views import ViewSettings, job_document, session_summary
from ytaudio_daemon.views.documents import with_live_fields

Document = dict[str, Any]

#: Sessions whose parsed status file is cached.
MAX_CACHED = 256


class ApiContext:
    """Reads and writes the ledger for the routes, which run in many threads.

    Args:
        ledger: Open and of this program's schema.
        layout: The folders of status files and audio.
        settings: The settings of the ledger's daemon.
        daemon_down_reason: Returns a sentence if the daemon is not running, else "".
        token: The operator's token, or None where none is configured.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        layout: Layout,
        settings: Settings,
        daemon_down_reason: Callable[[], str],
        token: str | None = None,
    ) -> None:
        self.layout = layout
        self.settings = settings
        self.daemon_down_reason = daemon_down_reason
        self.token = token
        #: Returns True once the server stops: streams end then.
        self.is_closing: Callable[[], bool] = lambda: False
        #: Clients that watch a job, by their session's row; changed in the event loop's
        #: thread alone.
        self.streams_by_session: Counter[int] = Counter()
        #: How fast clients open sessions; changed in the event loop's thread alone.
        self.opening_rate = OpeningRate(time.monotonic)
        self.previewer = SerialPreviewer(layout, settings)
        self._ledger = ledger
        self._status_files = StatusFileCache()
        # A read takes a millisecond, mostly in Python: concurrent reads would only wait
        # for the interpreter lock, each with a connection of its own.
        self._read_lock = threading.Lock()
        # Of each thread: `connection`, while it reads.
        self._thread = threading.local()
        self._write_lock = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection for short queries that see one state of the ledger.

        A read inside another one of the same thread is a part of it.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        outer: Connection | None = getattr(self._thread, "connection", None)
        if outer is not None:
            yield outer
            return
        with self._read_lock, self._ledger.read() as db:
            self._thread.connection = db
            try:
                yield db
            finally:
                self._thread.connection = None

    @contextmanager
    def write(self) -> Iterator[tuple[Connection, Now]]:
        """Yield a transaction and the current time; wake the daemon after the commit.

        Raises:
            LedgerError: The ledger cannot be written.
        """
        with self._write_lock, write_and_wake(self._ledger, self.layout) as write:
            yield write

    def ledger_error(self) -> LedgerError | None:
        """Return the error of a short query, or None if the ledger can be read."""
        try:
            with self.read() as db:
                queries.total_counts(db)
        except LedgerError as error:
            return error
        return None

    def job_document(self, row: JobRow, *, is_daemon_up: bool) -> JobDocument:
        """Return a job's document, with progress if the daemon is running."""
        plain = job_document(
            row, None, None, self.settings.retry.attempts, circumstances(self.settings)
        )
        if not is_daemon_up:
            return plain
        live = self._status_files.jobs_in(self.layout.session_status(row.session_name))
        return with_live_fields(plain, live.get(row.uuid))

    def session_summary(self, session: Session, now: Now) -> SessionSummary:
        """Return a session's document without its jobs."""
        limits = self.settings.sessions
        view_settings = ViewSettings(
            max_jobs=limits.max_jobs, max_bytes=limits.max_bytes, ttl_s=limits.ttl
        )
        return session_summary(session, view_settings, now)

    def daemon_document(self) -> Document | None:
        """Return the daemon's status file, or None if there is none."""
        return self._status_files.read(self.layout.daemon_status)


class StatusFileCache:
    """Reads status files; a session's is parsed again only after it has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs = RecentDict[Path, tuple[object, Mapping[str, Document]]](MAX_CACHED)

    def read(self, path: Path) -> Document | None:
        """Return a status file's document; None if it is missing or unreadable."""
        try:
            found = json.loads(read_regular_file(path, MAX_DOCUMENT_BYTES))
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) and "schema" in found else None

    def jobs_in(self, path: Path) -> Mapping[str, Document]:
        """Return the jobs in a session's status file by ID; {} if there is none."""
        try:
            found = path.lstat()
        except OSError:
            return {}
        identity = found.st_ino, found.st_mtime_ns, found.st_size
        with self._lock:
            cached = self._jobs.get(path)
            if cached is not None and cached[0] == identity:
                self._jobs.move_to_end(path)
                return cached[1]
        document = self.read(path)
        jobs = _jobs_by_id(document) if document else {}
        with self._lock:
            self._jobs[path] = identity, jobs
        return jobs


def _jobs_by_id(document: Document) -> Mapping[str, Document]:
    """Return a session's jobs by ID; {} if the document has another form."""
    try:
        return {job["id"]: job for job in document["jobs"]}
    except (LookupError, TypeError):
        return {}
