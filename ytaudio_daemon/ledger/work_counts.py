"""Counts the work of a session, drop, collection or job, for `ytaudio wait`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.schema import (
    collections,
    drops,
    entries,
    jobs,
    lines,
    sessions,
)
from ytaudio_daemon.model import FINALIZED, JobState
from ytaudio_daemon.model.collection import CollectionState


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCounts:
    """Numbers of jobs by state, and of lines without a job.

    Attributes:
        unfinished: Jobs that are not finalized.
        rejected: Refused lines, and files without any usable line.
    """

    unfinished: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    rejected: int = 0

    def __add__(self, other: "WorkCounts") -> "WorkCounts":
        """Return the sum of two counts."""
        names = self.__slots__
        return WorkCounts(**{n: getattr(self, n) + getattr(other, n) for n in names})

    @property
    def all_completed(self) -> bool:
        """True if nothing is unfinished and nothing failed."""
        wrong = self.failed + self.cancelled + self.rejected
        return self.unfinished + wrong == 0


def count_session(db: Connection, session_id: int) -> WorkCounts:
    """Count a session's jobs and listings, from its counters, and its refused lines."""
    row = db.execute(sa.select(sessions).where(sessions.c.id == session_id)).one()
    counts = {state: getattr(row, state.value) for state in JobState}
    rejected = _count_rejected(db, drops.c.session_id == session_id)
    listings = _count_listings(db, collections.c.session_id == session_id)
    return _work_counts(counts, rejected) + listings


def count_job(db: Connection, job_id: int) -> WorkCounts:
    """Count one job."""
    query = sa.select(jobs.c.state).where(jobs.c.id == job_id)
    return _work_counts({JobState(db.execute(query).scalar_one()): 1}, 0)


def count_collection(db: Connection, collection_id: int) -> WorkCounts:
    """Count the jobs of a collection's entries, and its listing unless that is completed."""
    query = (
        sa.select(jobs.c.state, sa.func.count())
        .join(entries, entries.c.job_id == jobs.c.id)
        .where(entries.c.collection_id == collection_id)
        .group_by(jobs.c.state)
    )
    counts = {JobState(state): number for state, number in db.execute(query).all()}
    listing = _count_listings(db, collections.c.id == collection_id)
    return _work_counts(counts, 0) + listing


def count_drop(db: Connection, drop_id: int) -> WorkCounts:
    """Count the jobs and refused lines of a drop; a job of two lines counts once."""
    mine = sa.select(lines.c.job_id).where(lines.c.drop_id == drop_id)
    named = sa.select(lines.c.collection_id).where(
        lines.c.drop_id == drop_id, lines.c.collection_id.is_not(None)
    )
    items = sa.select(entries.c.job_id).where(entries.c.collection_id.in_(named))
    query = (
        sa.select(jobs.c.state, sa.func.count())
        .where(sa.or_(jobs.c.id.in_(mine), jobs.c.id.in_(items)))
        .group_by(jobs.c.state)
    )
    counts = {JobState(state): number for state, number in db.execute(query).all()}
    rejected = _count_rejected(db, drops.c.id == drop_id)
    listings = _count_listings(db, collections.c.id.in_(named))
    return _work_counts(counts, rejected) + listings


def job_states(db: Connection, job_uuids: Sequence[str]) -> dict[str, JobState]:
    """Return the states of some hundred jobs by UUID; unknown UUIDs are left out."""
    query = sa.select(jobs.c.uuid, jobs.c.state).where(jobs.c.uuid.in_(job_uuids))
    return {uuid: JobState(state) for uuid, state in db.execute(query).all()}


def newest_drop_id(db: Connection) -> int:
    """Return the number of the newest drop, 0 when there is none."""
    return db.execute(sa.select(sa.func.max(drops.c.id))).scalar() or 0


def recorded_drop_id(
    db: Connection, session: str, name: bytes, after_id: int
) -> int | None:
    """Return the first completely recorded drop of a name after another drop.

    Args:
        db: A transaction.
        session: The session's name.
        name: The file's name.
        after_id: The other drop, of any session.
    """
    return db.execute(
        sa.select(drops.c.id)
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(sessions.c.name == session, drops.c.name == name)
        .where(drops.c.id > after_id, drops.c.state != "recording")
        .order_by(drops.c.id)
        .limit(1),
    ).scalar()


def queue_position(db: Connection, job: JobRow) -> int | None:
    """Return a job's position in its session's queue, from 1: queued jobs, then held.

    Returns:
        None when the job is neither queued nor held.
    """
    if job.state is JobState.QUEUED:
        return _count_ahead(db, job, job.state) + 1
    if job.state is JobState.HELD:
        queued = sa.select(sessions.c.queued).where(sessions.c.id == job.session_id)
        return (
            int(db.execute(queued).scalar_one()) + _count_ahead(db, job, job.state) + 1
        )
    return None


def _count_ahead(db: Connection, job: JobRow, state: JobState) -> int:
    mine = sa.select(jobs.c.priority).where(jobs.c.id == job.id).scalar_subquery()
    earlier = sa.and_(jobs.c.priority == mine, jobs.c.id < job.id)
    query = (
        sa.select(sa.func.count())
        .select_from(jobs)
        .where(jobs.c.session_id == job.session_id, jobs.c.state == state.value)
        .where(sa.or_(jobs.c.priority > mine, earlier))
    )
    return int(db.execute(query).scalar_one())


def _count_rejected(db: Connection, which: sa.ColumnElement[bool]) -> int:
    """Count refused lines; a file without any usable line counts as one."""
    nothing = sa.and_(drops.c.reason.is_not(None), drops.c.rejected == 0)
    number = sa.case((nothing, 1), else_=drops.c.rejected)
    query = sa.select(sa.func.coalesce(sa.func.sum(number), 0)).where(which)
    return int(db.execute(query).scalar_one())


def _count_listings(db: Connection, which: sa.ColumnElement[bool]) -> WorkCounts:
    """Count the collections whose listing is unfinished, failed or cancelled."""
    query = (
        sa.select(collections.c.state, sa.func.count())
        .where(which, collections.c.state != CollectionState.COMPLETED.value)
        .group_by(collections.c.state)
    )
    counts = {JobState(state): number for state, number in db.execute(query).all()}
    return _work_counts(counts, 0)


def _work_counts(counts: dict[JobState, Any], rejected: int) -> WorkCounts:
    unfinished = sum(n for state, n in counts.items() if state not in FINALIZED)
    return WorkCounts(
        unfinished=unfinished,
        completed=counts.get(JobState.COMPLETED, 0),
        failed=counts.get(JobState.FAILED, 0),
        cancelled=counts.get(JobState.CANCELLED, 0),
        rejected=rejected,
    )
