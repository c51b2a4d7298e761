"""The transitions of jobs: one function each, fenced, each with an event.

A write of an attempt names the job, the attempt's number and the state it expects; if
one of them has changed, nothing is written and the function returns False. So a worker
that was given up for dead can do no harm when it comes back.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.error_columns import NO_ERROR, error_columns
from ytaudio_daemon.ledger.events import Fence, append_event, record_activity
from ytaudio_daemon.ledger.held_jobs import release_held
from ytaudio_daemon.ledger.job_updates import (
    COLUMNS_TO_MOVE,
    HOLDS_FENCE,
    bound_fence,
    change_state,
    change_state_fenced,
    end_attempt,
    fence_of,
    get_job,
)
from ytaudio_daemon.ledger.schema import jobs
from ytaudio_daemon.model import FINALIZED, LEGAL_TRANSITIONS, JobState, Outcome, Phase
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import Decision
from ytaudio_daemon.model.job import CancelResult
from ytaudio_daemon.model.quota import Quota

#: The reason of a cancellation that a person asked for.
CANCELLED_BY_USER = "cancelled"
_CHANGE_JOB = sa.update(jobs).where(jobs.c.id == sa.bindparam("of_job"))
_BEGIN_PUBLISH = sa.update(jobs).where(HOLDS_FENCE, jobs.c.cancel_requested.is_(False))
_CANCEL_REQUESTED = sa.select(jobs.c.cancel_requested).where(HOLDS_FENCE)
_DUE = (
    sa.select(*COLUMNS_TO_MOVE)
    .where(
        jobs.c.state == JobState.WAITING,
        sa.or_(
            jobs.c.retry_at <= sa.bindparam("now"),
            jobs.c.retry_at > sa.bindparam("furthest"),
        ),
    )
    .order_by(jobs.c.retry_at)
    .limit(sa.bindparam("limit"))
)


def begin_publish(
    db: Connection, fence: Fence, *, output_path: str, sha256: str, now: Now
) -> bool:
    """Mark an attempt as publishing: from now on the job cannot be cancelled.

    Returns:
        False when the attempt is no longer the job's, or a cancellation is requested.
    """
    found = {"output_path": output_path, "sha256": sha256}
    begun = {**bound_fence(fence), "phase": Phase.PUBLISHING.value, **found}
    done = db.execute(_BEGIN_PUBLISH, begun)
    if done.rowcount != 1:
        return False
    append_event(db, now, fence, "publishing")
    return True


def complete(
    db: Connection, fence: Fence, outcome: Outcome, now: Now, quota: Quota
) -> bool:
    """Running → completed: the audio is published and synced to disk.

    Args:
        db: A write transaction.
        fence: The attempt that made it.
        outcome: Its outcome, with a result.
        now: The moment.
        quota: The config's, for the held job that may be queued now.

    Returns:
        False when the attempt is no longer the job's.
    """
    result = outcome.result
    if result is None:
        msg = "only a result can be completed"
        raise ValueError(msg)
    moved = change_state_fenced(
        db,
        fence,
        JobState.COMPLETED,
        now,
        "published",
        title=result.title,
        artist=result.artist,
        duration_s=result.duration_s,
        view_count=result.view_count,
        file_size_bytes=result.size_bytes,
        finalized_at=now.wall,
        more_charged=1,
        with_cookies=outcome.with_cookies,
        **NO_ERROR,
    )
    if not moved:
        return False
    end_attempt(db, fence, outcome, now, kind="completed", is_charged=True)
    record_activity(db, fence.session_id, now, more_bytes=result.size_bytes)
    release_held(db, fence.session_id, quota, now)
    return True


def record_failure(
    db: Connection,
    fence: Fence,
    outcome: Outcome,
    decision: Decision,
    now: Now,
    quota: Quota,
) -> bool:
    """Running → waiting, or running → failed, as `model.decide` decided.

    Returns:
        False when the attempt is no longer the job's, or when the job would wait and a
        cancellation is requested: the caller calls `cancel_running` then.
    """
    values = _known_metadata(outcome) | error_columns(decision.failure)
    values |= {
        "retry_at": decision.retry_at,
        "more_charged": int(decision.is_charged),
        "more_crashes": int(decision.is_crash),
        "output_path": None,
        "sha256": None,
    }
    if decision.to is JobState.FAILED:
        values["finalized_at"] = now.wall
    if decision.to is JobState.WAITING and _cancel_was_requested(db, fence):
        return False
    if not change_state_fenced(
        db, fence, decision.to, now, decision.failure.code, **values
    ):
        return False
    kind = decision.failure.kind.value
    end_attempt(db, fence, outcome, now, kind=kind, is_charged=decision.is_charged)
    if decision.to is JobState.FAILED:
        record_activity(db, fence.session_id, now)
        release_held(db, fence.session_id, quota, now)
    return True


def requeue_interrupted(db: Connection, fence: Fence, now: Now, reason: str) -> bool:
    """Running → queued, uncharged: the daemon was stopped or crashed, not the job.

    Returns:
        False when the attempt is no longer the job's, or a cancellation is requested:
        the caller calls `cancel_running` then, or the request would be lost.
    """
    if _cancel_was_requested(db, fence):
        return False
    moved = change_state_fenced(
        db, fence, JobState.QUEUED, now, reason, output_path=None, sha256=None
    )
    if moved:
        end_attempt(db, fence, Outcome(), now, kind="interrupted")
    return moved


def cancel_running(db: Connection, fence: Fence, now: Now, quota: Quota) -> bool:
    """Running → cancelled: it was requested, and the worker has ended.

    Returns:
        False when the attempt is no longer the job's, or the request was withdrawn.
    """
    moved = _cancel_was_requested(db, fence) and change_state_fenced(
        db, fence, JobState.CANCELLED, now, "cancelled", finalized_at=now.wall
    )
    if moved:
        end_attempt(db, fence, Outcome(), now, kind="cancelled")
        record_activity(db, fence.session_id, now)
        release_held(db, fence.session_id, quota, now)
    return moved


def cancel(
    db: Connection, job_id: int, now: Now, *, reason: str, quota: Quota
) -> CancelResult:
    """Cancel a job: at once, or, while it is running, by asking for its end.

    Args:
        db: A write transaction.
        job_id: The job.
        now: The moment.
        reason: `CANCELLED_BY_USER`, or the error code of a cancellation by expiry.
        quota: The config's, for the held job that may be queued instead.
    """
    job = get_job(db, job_id)
    if job.state == JobState.RUNNING:
        if job.phase == Phase.PUBLISHING:
            return CancelResult.PUBLISHING
        _request_cancel(db, job, now, reason)
        return CancelResult.REQUESTED
    state = JobState(job.state)
    if JobState.CANCELLED not in LEGAL_TRANSITIONS[state]:
        return CancelResult(state.value)
    values = {"finalized_at": now.wall, "retry_at": None} | cancel_error(reason)
    change_state(db, job, JobState.CANCELLED, now, reason, **values)
    if reason == CANCELLED_BY_USER:  # expiry is no activity
        record_activity(db, job.session_id, now)
    release_held(db, job.session_id, quota, now)
    return CancelResult.CANCELLED


def withdraw_cancellation(db: Connection, job_id: int, now: Now) -> bool:
    """Withdraw the cancellation of a running job whose link was requested again.

    Its worker continues; if it was stopped already, the job is queued again.

    Returns:
        False when the job is not running, or no cancellation is requested.
    """
    job = get_job(db, job_id)
    if job.state != JobState.RUNNING or not job.cancel_requested:
        return False
    withdrawn = {"cancel_requested": False} | NO_ERROR
    db.execute(_CHANGE_JOB, {"of_job": job_id, **withdrawn})
    append_event(db, now, fence_of(job), "asked_again")
    # Otherwise the session might be cancelled as stale while the job runs.
    record_activity(db, job.session_id, now)
    return True


def cancel_error(reason: str) -> dict[str, Any]:
    """Return the error columns of a cancellation by expiry; {} for one by a person."""
    if reason == CANCELLED_BY_USER:
        return {}
    return {
        "error_kind": "cancelled",
        "error_code": reason,
        "error_message": "The session expired before this link's turn came.",
        "error_hint": "Drop it again: .failed.txt can be dropped as it is.",
    }


def retry(db: Connection, job_id: int, now: Now) -> bool:
    """Finalized → queued, with no attempt charged; the caller checks that its file is gone.

    Returns:
        False when the job is not finalized.
    """
    job = get_job(db, job_id)
    if job.state not in FINALIZED:
        return False
    if job.state == JobState.COMPLETED:
        fewer = -(job.file_size_bytes or 0)
        record_activity(db, job.session_id, now, more_bytes=fewer)
    change_state(
        db,
        job,
        JobState.QUEUED,
        now,
        "retried",
        charged=0,
        crashes=0,
        finalized_at=None,
        retry_at=None,
        output_path=None,
        file_size_bytes=None,
        sha256=None,
        with_cookies=False,
        cancel_requested=False,
        pending_lived=now.uptime_s,
        **NO_ERROR,
    )
    record_activity(db, job.session_id, now)
    return True


def requeue_due(db: Connection, now: Now, max_delay_s: float, limit: int = 500) -> int:
    """Waiting → queued for the jobs that are due; returns their number.

    A job is also due when its time is further ahead than any decision sets it: the clock
    has jumped then.

    Args:
        db: A write transaction.
        now: The moment.
        max_delay_s: As `model.decide.max_retry_delay_s` returns it.
        limit: At most so many jobs.
    """
    bounds = {"now": now.wall, "furthest": now.wall + max_delay_s, "limit": limit}
    rows = db.execute(_DUE, bounds).all()
    for row in rows:
        change_state(db, row, JobState.QUEUED, now, "due", retry_at=None)
    return len(rows)


def requeue_now(db: Connection, job_id: int, now: Now) -> bool:
    """Waiting → queued before it is due, for a caller who wants the job now.

    Returns:
        False when the job is not waiting.
    """
    job = get_job(db, job_id)
    if job.state != JobState.WAITING:
        return False
    change_state(db, job, JobState.QUEUED, now, "due", retry_at=None)
    return True


def force_queue(db: Connection, job_id: int, now: Now) -> bool:
    """Queue a job in whatever state but running, because its audio is published.

    Returns:
        False when the job is running.
    """
    job = get_job(db, job_id)
    if job.state == JobState.HELD:
        change_state(db, job, JobState.QUEUED, now, "released")
    elif job.state == JobState.WAITING:
        change_state(db, job, JobState.QUEUED, now, "due", retry_at=None)
    elif job.state in FINALIZED:
        retry(db, job_id, now)
    return bool(job.state != JobState.RUNNING)


def _request_cancel(db: Connection, job: Any, now: Now, reason: str) -> None:
    """Request the cancellation of a running job; it completes if it publishes first."""
    asked = {"cancel_requested": True} | cancel_error(reason)
    db.execute(_CHANGE_JOB, {"of_job": job.id, **asked})
    append_event(db, now, fence_of(job), "cancel_requested")


def _cancel_was_requested(db: Connection, fence: Fence) -> bool:
    """Return True if the cancellation of this attempt's job is requested."""
    return bool(db.execute(_CANCEL_REQUESTED, bound_fence(fence)).scalar())


def _known_metadata(outcome: Outcome) -> dict[str, Any]:
    """Return the metadata that an attempt found, even a failed one.

    Unknown fields are left out, so that earlier findings stay.
    """
    names = ("title", "artist", "duration_s", "view_count")
    found = {name: getattr(outcome, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}
