"""Cancelling all that a session has, hundreds of jobs in one short transaction.

One by one, 28,000 jobs took minutes, in which the daemon hardly got a word in.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import transitions
from ytaudio_daemon.ledger.bulk import insert_rows, update_rows
from ytaudio_daemon.ledger.events import adjust_counters, record_activity
from ytaudio_daemon.ledger.schema import events, jobs
from ytaudio_daemon.model import JobState, Phase
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

#: Jobs a transaction: some 25 ms, so that everybody else gets a turn.
BATCH_SIZE = 250
#: Held ones first: to cancel a queued one would only let a held one enter.
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
    """What one transaction has done.

    Attributes:
        cancelled: Jobs that are cancelled.
        requested: Running ones that were asked to end; the daemon does it.
        is_complete: Nothing is left to cancel or to ask.
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
    """Cancel up to `limit` of a session's unclaimed jobs; with the last, ask the running.

    Args:
        db: A write transaction.
        session_id: Whose jobs.
        now: The moment.
        reason: As `moves.cancel` takes it.
        quota: The config's; the session's own limits win.
        limit: At most so many.
    """
    found = _find_unclaimed(db, session_id, limit)
    if found:
        _cancel_unclaimed(db, session_id, found, now, reason)
        transitions.release_held(db, session_id, quota, now)
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
    """Return jobs that no attempt has; each state has an index of its own."""
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
    """Unclaimed → cancelled; nobody else writes while this transaction does."""
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
    if reason == transitions.CANCELLED_BY_USER:  # the end of its time is no activity
        record_activity(db, session_id, now)


def _find_cancellable_running(db: Connection, session_id: int) -> Sequence[int]:
    """Return the running jobs that may still be asked, and have not been."""
    query = sa.select(jobs.c.id).where(
        jobs.c.session_id == session_id,
        jobs.c.state == JobState.RUNNING,
        jobs.c.cancel_requested.is_(False),
        jobs.c.phase.is_distinct_from(Phase.PUBLISHING.value),
    )
    return list(db.execute(query).scalars())
