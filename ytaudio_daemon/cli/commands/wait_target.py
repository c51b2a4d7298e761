"""The targets of `wait`: jobs, a session, a drop, or all sessions."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

from ytaudio_daemon.cli.commands.work_by_id import find_all_work
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.errors import UnknownSessionError, UnsafePathError
from ytaudio_daemon.folders.inbox import InboxFile, open_drop_folder
from ytaudio_daemon.folders.inbox_scan import scan
from ytaudio_daemon.folders.safe_open import open_regular_file
from ytaudio_daemon.ledger import (
    Connection,
    Ledger,
    archive,
    drop_queries,
    sessions,
    work_counts,
)
from ytaudio_daemon.ledger.drop_queries import Drop, KeptFile
from ytaudio_daemon.ledger.work_counts import WorkCounts
from ytaudio_daemon.model import SessionState

#: Drops are counted up to this number: waiting only needs to know whether any is left.
MAX_COUNTED_DROPS = 1000


class WaitTarget(Protocol):
    """Jobs to wait for: until there are no pending drops and no unfinished jobs."""

    def pending_drops(self, ledger: Ledger) -> int:
        """Return how many drops are not in the ledger yet."""

    def read_counts(self, db: Connection) -> WorkCounts:
        """Return how many jobs are in which state."""


class JobsTarget:
    """Jobs and collections given by their IDs.

    Args:
        job_ids: The jobs' rows.
        collection_ids: The collections'.
    """

    def __init__(
        self, job_ids: Sequence[int], collection_ids: Sequence[int] = ()
    ) -> None:
        self._job_ids = job_ids
        self._collection_ids = collection_ids

    def pending_drops(self, _ledger: Ledger) -> int:
        """Return 0: jobs are in the ledger."""
        return 0

    def read_counts(self, db: Connection) -> WorkCounts:
        """Return how many jobs are in which state."""
        counts = [work_counts.count_job(db, each) for each in self._job_ids]
        counts += [work_counts.count_collection(db, i) for i in self._collection_ids]
        return sum(counts, WorkCounts())


class DropTarget:
    """One drop: the next of its name after a certain one.

    Args:
        session: The session's name.
        path: The drop's path in the inbox.
        after_id: Only a drop with a greater ID is this one.
    """

    def __init__(self, session: str, path: Path, after_id: int) -> None:
        self._session = session
        self._name = os.fsencode(path.name)
        self._after_id = after_id
        self._drop_id: int | None = None

    def pending_drops(self, ledger: Ledger) -> int:
        """Return 1 until all its lines are recorded."""
        if self._drop_id is None:
            with ledger.read() as db:
                self._drop_id = work_counts.recorded_drop_id(
                    db, self._session, self._name, self._after_id
                )
        return int(self._drop_id is None)

    def read_counts(self, db: Connection) -> WorkCounts:
        """Return how many jobs of its lines are in which state."""
        if self._drop_id is None:
            return WorkCounts()
        return work_counts.count_drop(db, self._drop_id)

    def archived_lines(self, ledger: Ledger) -> int:
        """Return how many of its lines have no job, as the archive has their videos."""
        if self._drop_id is None:
            return 0
        with ledger.read() as db:
            return archive.count_lines(db, self._drop_id)


class SessionsTarget:
    """One session, or all active ones.

    Args:
        inbox: The inbox.
        session: The session's name or UUID; None for all.
    """

    def __init__(self, inbox: Path, session: str | None) -> None:
        self._inbox = inbox
        self._session = session
        self._name: str | None = session

    def pending_drops(self, ledger: Ledger) -> int:
        """Return how many files in the inbox are not in the ledger yet."""
        found = (each for each in scan(self._inbox) if isinstance(each, InboxFile))
        files = [file for file in found if self._is_in_scope(file)]
        if not files:
            return 0
        # Whatever the config says, a drop may stay: its move may not be permitted.
        with ledger.read() as db:
            kept = drop_queries.kept_files(db)
        fresh = (file for file in files if not self._is_recorded(kept, file))
        return sum(1 for _ in islice(fresh, MAX_COUNTED_DROPS))

    def read_counts(self, db: Connection) -> WorkCounts:
        """Return how many jobs are in which state."""
        if self._session is None:
            active = sessions.list_sessions(db, state=SessionState.ACTIVE)
        else:
            found = sessions.find_session(db, self._session)
            active = [found] if found else []
        return sum(
            (work_counts.count_session(db, one.id) for one in active), WorkCounts()
        )

    def resolve(self, ledger: Ledger) -> None:
        """Look the session up; a drop that will open it suffices.

        Raises:
            UnknownSessionError: Neither is there.
        """
        if self._session is None:
            return
        with ledger.read() as db:
            found = sessions.find_session(db, self._session)
        if found is not None:
            self._name = found.name
        elif not self.pending_drops(ledger):
            raise UnknownSessionError(
                f"there is no session {self._session!r}, and no drop for one",
                "See `ytaudio session list`.",
            )

    def _is_in_scope(self, file: InboxFile) -> bool:
        return self._name is None or file.location.session == self._name

    def _is_recorded(self, kept: Mapping[KeptFile, Drop], file: InboxFile) -> bool:
        """True if the ledger has this content of a drop that stays in the inbox."""
        location = file.location
        known = kept.get((location.session, location.at_root, file.name))
        return known is not None and known.sha256 == self._sha256(file)

    def _sha256(self, file: InboxFile) -> str:
        """Return the hash of a drop's content; "" if it is just being filed, or no drop."""
        parent = open_drop_folder(self._inbox, file.location, file.name)
        try:
            with (
                parent as (folder, name),
                os.fdopen(open_regular_file(folder, name), "rb") as content,
            ):
                return hashlib.file_digest(content, "sha256").hexdigest()
        except (FileNotFoundError, UnsafePathError):
            return ""


def select_target(context: CommandContext, ledger: Ledger) -> WaitTarget:
    """Return the target that the arguments name.

    Raises:
        UnknownJobError, UnknownSessionError: There is no such thing.
    """
    if context.args.jobs:
        with ledger.read() as db:
            jobs, collections = find_all_work(db, context.args.jobs)
        return JobsTarget(
            [job.id for job in jobs], [collection.id for collection in collections]
        )
    target = SessionsTarget(context.layout.inbox, context.args.session)
    target.resolve(ledger)
    return target
