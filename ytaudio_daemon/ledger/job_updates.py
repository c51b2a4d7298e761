"""Changes a job's state: the UPDATE, the kept counters and the event, in one call."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import counters
from ytaudio_daemon.ledger.events import Fence, record_transition
from ytaudio_daemon.ledger.schema import attempts, jobs
from ytaudio_daemon.model import FINALIZED, JobState, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.outage import failure_signature


def get_job(db: Connection, job_id: int) -> Any:
    """Return a job's row."""
    return db.execute(sa.select(jobs).where(jobs.c.id == job_id)).one()


def fence_of(job: Any) -> Fence:
    """Return the fence of a job's latest attempt.

    Args:
        job: Its row, or the columns id, session_id and attempt of it.
    """
    return Fence(job_id=job.id, session_id=job.session_id, attempt=job.attempt)


def fence_conditions(fence: Fence) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions under which an attempt may still write to its job."""
    return (
        jobs.c.id == fence.job_id,
        jobs.c.attempt == fence.attempt,
        jobs.c.state == JobState.RUNNING,
    )


def change_state(
    db: Connection, job: Any, to: JobState, now: Now, reason: str, **values: Any
) -> None:
    """Move a job that no attempt has.

    Args:
        db: A write transaction.
        job: The columns id, session_id, state and attempt, read in this transaction.
        to: The new state.
        now: The moment.
        reason: For the event.
        values: Other columns to change with it.
    """
    done = db.execute(
        sa.update(jobs)
        .where(jobs.c.id == job.id, jobs.c.state == job.state)
        .values(state=to.value, **values),
    )
    if done.rowcount == 1:
        record_transition(db, now, fence_of(job), JobState(job.state), to, reason)
        _count_finished(db, to, values)


def change_state_fenced(
    db: Connection, fence: Fence, to: JobState, now: Now, reason: str, **values: Any
) -> bool:
    """Move a running job out of an attempt's hands.

    Returns:
        False when the attempt is no longer the job's; nothing is written then.
    """
    always = {"state": to.value, "phase": None, "host": None, "cancel_requested": False}
    done = db.execute(
        sa.update(jobs).where(*fence_conditions(fence)).values(always | values),
    )
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
            counters.counter(counters.FINISHED_JOBS, to.value, kind): 1,
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
    """Complete an attempt's row.

    Args:
        db: A write transaction.
        fence: The attempt.
        outcome: What it came back with.
        now: The moment.
        kind: "completed", "interrupted", "cancelled", or a failure kind.
        is_charged: Whether it counts against the attempts the job has.
    """
    failure = outcome.failure
    counters.add(
        db,
        {
            counters.counter(counters.ATTEMPTS, kind): 1,
            counters.DOWNLOADED_BYTES: outcome.downloaded_bytes,
        },
    )
    db.execute(
        sa.update(attempts)
        .where(
            attempts.c.job_id == fence.job_id,
            attempts.c.number == fence.attempt,
        )
        .values(
            ended_at=now.wall,
            engine=outcome.engine or attempts.c.engine,
            downloaded_bytes=outcome.downloaded_bytes,
            kind=kind,
            code=failure.code if failure else None,
            message=failure.message if failure else None,
            log_tail=failure.log_tail if failure else None,
            signature=(failure_signature(failure) or None) if failure else None,
            charged=int(is_charged),
        ),
    )
