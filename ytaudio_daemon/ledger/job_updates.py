"""Changes the state of a job: the UPDATE, the counters and the event, in one call."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import counters
from ytaudio_daemon.ledger.events import Fence, record_transition
from ytaudio_daemon.ledger.schema import attempts, jobs
from ytaudio_daemon.model import FINALIZED, JobState, Outcome, Phase
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.outage import failure_signature

#: The condition that the job is still the attempt's; with the values of `bound_fence`.
HOLDS_FENCE = sa.and_(
    jobs.c.id == sa.bindparam("of_job"),
    jobs.c.attempt == sa.bindparam("of_attempt"),
    jobs.c.state == JobState.RUNNING,
)
#: The condition that a job runs and its cancellation can be requested, and is not yet.
IS_CANCELLABLE_RUNNING = sa.and_(
    jobs.c.state == JobState.RUNNING,
    jobs.c.cancel_requested.is_(False),
    jobs.c.phase.is_distinct_from(Phase.PUBLISHING.value),
)
#: The columns of a job that `change_state` needs.
COLUMNS_TO_MOVE = (jobs.c.id, jobs.c.session_id, jobs.c.state, jobs.c.attempt)
_JOB = sa.select(jobs).where(jobs.c.id == sa.bindparam("of_job"))
_MOVE = sa.update(jobs).where(
    jobs.c.id == sa.bindparam("of_job"), jobs.c.state == sa.bindparam("from_state")
)
_MOVE_FENCED = (
    sa.update(jobs)
    .where(HOLDS_FENCE)
    .values(
        charged=jobs.c.charged + sa.bindparam("more_charged", 0),
        crashes=jobs.c.crashes + sa.bindparam("more_crashes", 0),
    )
)
_END_ATTEMPT = sa.update(attempts).where(
    attempts.c.job_id == sa.bindparam("of_job"),
    attempts.c.number == sa.bindparam("of_attempt"),
)


def get_job(db: Connection, job_id: int) -> Any:
    """Return a job's row."""
    return db.execute(_JOB, {"of_job": job_id}).one()


def fence_of(job: Any) -> Fence:
    """Return the fence of a job's latest attempt.

    Args:
        job: Its row, or the columns id, session_id and attempt of it.
    """
    return Fence(job_id=job.id, session_id=job.session_id, attempt=job.attempt)


def bound_fence(fence: Fence) -> dict[str, int]:
    """Return the values of `HOLDS_FENCE`."""
    return {"of_job": fence.job_id, "of_attempt": fence.attempt}


def change_state(
    db: Connection, job: Any, to: JobState, now: Now, reason: str, **values: Any
) -> None:
    """Change the state of a job that is not running.

    Args:
        db: A write transaction.
        job: The columns id, session_id, state and attempt, read in this transaction.
        to: The new state.
        now: The moment.
        reason: For the event.
        values: Other columns to change with it.
    """
    of_job = {"of_job": job.id, "from_state": job.state}
    done = db.execute(_MOVE, {**of_job, "state": to.value, **values})
    if done.rowcount == 1:
        record_transition(db, now, fence_of(job), JobState(job.state), to, reason)
        _count_finished(db, to, values)


def change_state_fenced(
    db: Connection, fence: Fence, to: JobState, now: Now, reason: str, **values: Any
) -> bool:
    """Change the state of a running job, which ends its attempt.

    Args:
        db: A write transaction.
        fence: The attempt.
        to: The new state.
        now: The moment.
        reason: For the event.
        values: Other columns to change with it; `more_charged` and `more_crashes` are
            added to `charged` and `crashes`.

    Returns:
        False when the attempt is no longer the job's; nothing is written then.
    """
    always = {"state": to.value, "phase": None, "host": None, "cancel_requested": False}
    done = db.execute(_MOVE_FENCED, {**bound_fence(fence), **always, **values})
    if done.rowcount != 1:
        return False
    record_transition(db, now, fence, JobState.RUNNING, to, reason)
    _count_finished(db, to, values)
    return True


def _count_finished(db: Connection, to: JobState, values: Mapping[str, Any]) -> None:
    if to not in FINALIZED:
        return
    kind = str(values.get("error_kind")) if to is JobState.FAILED else ""
    counters.add(
        db,
        {
            counters.counter_name(counters.FINISHED_JOBS, to.value, kind): 1,
            counters.PUBLISHED_BYTES: values.get("file_size_bytes") or 0,
        },
    )


def end_attempt(
    db: Connection,
    fence: Fence,
    outcome: Outcome,
    now: Now,
    *,
    kind: str,
    is_charged: bool = False,
) -> None:
    """Write the end of an attempt to its row and to the counters.

    Args:
        db: A write transaction.
        fence: The attempt.
        outcome: Its outcome.
        now: The moment.
        kind: "completed", "interrupted", "cancelled", or a failure kind.
        is_charged: Whether it counts against `[retry] attempts`.
    """
    failure = outcome.failure
    counters.add(
        db,
        {
            counters.counter_name(counters.ATTEMPTS, kind): 1,
            counters.DOWNLOADED_BYTES: outcome.downloaded_bytes,
        },
    )
    found = {
        "ended_at": now.wall,
        "downloaded_bytes": outcome.downloaded_bytes,
        "kind": kind,
        "code": failure.code if failure else None,
        "message": failure.message if failure else None,
        "log_tail": failure.log_tail if failure else None,
        "signature": (failure_signature(failure) or None) if failure else None,
        "charged": int(is_charged),
    }
    if outcome.engine:
        found["engine"] = outcome.engine
    db.execute(_END_ATTEMPT, {**bound_fence(fence), **found})
