"""Cancels all jobs of a session, hundreds in one short transaction.

One by one, 28,000 jobs took minutes, during which the daemon could hardly write.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import collections, counters, held_jobs, transitions
from ytaudio_daemon.ledger.bulk import insert_rows, update_rows
from ytaudio_daemon.ledger.events import adjust_counters, record_activity
from ytaudio_daemon.ledger.job_updates import IS_CANCELLABLE_RUNNING
from ytaudio_daemon.ledger.schema import events, jobs
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

#: Jobs in one transaction: some 25 ms, so that other processes can write in between.
BATCH_SIZE = 250
#: Held jobs come first: cancelling a queued one would only queue a held one.
UNCLAIMED = (JobState.HELD, JobState.QUEUED, JobState.WAITING)
_EVENT_COLUMNS = (
    "at",
    "session_id",
    "job_id",
    "from_state",
    "to_state",
    "attempt",
    "reason",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkCancelResult:
    """The jobs that one transaction has cancelled.

    Attributes:
        cancelled: Jobs that are cancelled now.
        requested: Running jobs whose cancellation is requested; the daemon stops them.
        is_complete: The session has no more jobs to cancel.
    """

    cancelled: int
    requested: int
    is_complete: bool


def cancel_batch(
    db: Connection,
    session_id: int,
    now: Now,
    *,
    reason: str,
    quota: Quota,
    limit: int = BATCH_SIZE,
) -> BulkCancelResult:
    """Cancel up to `limit` unclaimed jobs; with the last, request the end of running ones.

    Args:
        db: A write transaction.
        session_id: The session.
        now: The moment.
        reason: As for `transitions.cancel`.
        quota: The config's; the session's own limits win.
        limit: At most so many jobs.
    """
    error = transitions.cancel_error(reason)
    collections.cancel_collections(db, session_id, now, error)
    found = _find_unclaimed(db, session_id, limit)
    if found:
        _cancel_unclaimed(db, session_id, found, now, reason)
        held_jobs.release_held(db, session_id, quota, now)
    if len(found) == limit:
        return BulkCancelResult(cancelled=limit, requested=0, is_complete=False)
    asked = [
        transitions.cancel(db, job_id, now, reason=reason, quota=quota)
        for job_id in _find_cancellable_running(db, session_id)
    ]
    return BulkCancelResult(
        cancelled=len(found), requested=len(asked), is_complete=True
    )


def _find_unclaimed(db: Connection, session_id: int, limit: int) -> Sequence[Any]:
    """Return jobs that are not claimed, by one indexed query for each state."""
    found: list[Any] = []
    for state in UNCLAIMED:
        query = (
            sa.select(jobs.c.id, jobs.c.state, jobs.c.attempt)
            .where(jobs.c.session_id == session_id, jobs.c.state == state)
            .order_by(jobs.c.priority.desc(), jobs.c.id)
            .limit(limit - len(found))
        )
        found += db.execute(query).all()
    return found


def _cancel_unclaimed(
    db: Connection, session_id: int, found: Sequence[Any], now: Now, reason: str
) -> None:
    """Cancel unclaimed jobs, which stay so: this transaction holds the write lock."""
    to = JobState.CANCELLED
    values = {"state": to.value, "finalized_at": now.wall, "retry_at": None}
    values |= transitions.cancel_error(reason)
    changed = tuple(values.values())
    update_rows(db, jobs, dict.fromkeys(values, ""), [(*changed, r.id) for r in found])
    event_rows = [
        (now.wall, session_id, row.id, row.state, to.value, row.attempt, reason)
        for row in found
    ]
    insert_rows(db, events, _EVENT_COLUMNS, event_rows)
    left = Counter(JobState(row.state) for row in found)
    adjust_counters(db, session_id, {to: len(found)} | {s: -n for s, n in left.items()})
    cancelled = counters.counter_name(counters.FINISHED_JOBS, to.value, "")
    counters.add(db, {cancelled: len(found)})
    if reason == transitions.CANCELLED_BY_USER:  # expiry is no activity
        record_activity(db, session_id, now)


def _find_cancellable_running(db: Connection, session_id: int) -> Sequence[int]:
    """Return the running jobs whose cancellation can be requested, and is not yet."""
    mine = jobs.c.session_id == session_id
    query = sa.select(jobs.c.id).where(mine, IS_CANCELLABLE_RUNNING)
    return list(db.execute(query).scalars())
