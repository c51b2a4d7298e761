"""A job's moves: one named function each, every write fenced, every move an event.

A write of an attempt names the job, the attempt's number and the state it expects;
if any of them is no longer so, nothing is written and the function says False. So a
worker that was given up for dead can do no harm when it comes back.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.events import Fence, note, record_move, touch
from ytaudio_daemon.ledger.schema import attempts, jobs, sessions
from ytaudio_daemon.model import (
    FINALIZED,
    IN_QUOTA,
    LEGAL_MOVES,
    JobState,
    Outcome,
    Phase,
)
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import Move
from ytaudio_daemon.model.quota import Quota

#: The reason of a cancellation that a person asked for.
BY_HAND = "cancelled"
#: What a finalized job's error columns hold while there is no error.
NO_ERROR: dict[str, Any] = {
    "error_kind": None,
    "error_code": None,
    "error_message": None,
    "error_hint": None,
}


def begin_publish(
    db: Connection, fence: Fence, *, output_path: str, sha256: str, now: Now
) -> bool:
    """Mark the attempt as publishing: from here cancel and expiry lose.

    Returns:
        False when the attempt is no longer the job's, or its cancellation was asked.
    """
    done = db.execute(
        sa.update(jobs)
        .where(*_fenced(fence), jobs.c.cancel_requested.is_(False))
        .values(phase=Phase.PUBLISHING.value, output_path=output_path, sha256=sha256),
    )
    if done.rowcount != 1:
        return False
    note(db, now, fence, "publishing")
    return True


def complete(
    db: Connection, fence: Fence, outcome: Outcome, now: Now, quota: Quota
) -> bool:
    """Running → completed: the audio stands at its place, synced.

    Args:
        db: A write transaction.
        fence: The attempt that made it.
        outcome: Carries the result.
        now: The moment.
        quota: The config's, for the held job that may now enter.
    """
    result = outcome.result
    if result is None:
        msg = "only a result can be completed"
        raise ValueError(msg)
    moved = _move_fenced(
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
        charged=jobs.c.charged + 1,
        **NO_ERROR,
    )
    if not moved:
        return False
    _end_attempt(db, fence, outcome, now, kind="completed")
    grown = {"used_bytes": sessions.c.used_bytes + result.size_bytes}
    touch(db, fence.session_id, now, **grown)
    release_held(db, fence.session_id, quota, now)
    return True


def fail_or_wait(
    db: Connection, fence: Fence, outcome: Outcome, move: Move, now: Now, quota: Quota
) -> bool:
    """Running → waiting, or running → failed, as `model.decide` said.

    Returns:
        False when the attempt is no longer the job's, or when it would have to wait
        and its cancellation was asked: `cancel_running` follows then.
    """
    values = _known_facts(outcome) | {
        "error_kind": move.failure.kind.value,
        "error_code": move.failure.code,
        "error_message": move.failure.message,
        "error_hint": move.failure.hint,
        "retry_at": move.retry_at,
        "charged": jobs.c.charged + int(move.charged),
        "crashes": jobs.c.crashes + int(move.crashed),
        "output_path": None,
        "sha256": None,
    }
    if move.to is JobState.FAILED:
        values["finalized_at"] = now.wall
    if move.to is JobState.WAITING and _is_unwanted(db, fence):
        return False
    if not _move_fenced(db, fence, move.to, now, move.failure.code, **values):
        return False
    _end_attempt(db, fence, outcome, now, kind=move.failure.kind.value)
    if move.to is JobState.FAILED:
        touch(db, fence.session_id, now)
        release_held(db, fence.session_id, quota, now)
    return True


def requeue_interrupted(db: Connection, fence: Fence, now: Now, reason: str) -> bool:
    """Running → queued, uncharged: a shutdown or a crash of ours, not the job's.

    Returns:
        False when the attempt is no longer the job's, or its cancellation was asked:
        `cancel_running` follows then, or the wish would be forgotten.
    """
    if _is_unwanted(db, fence):
        return False
    moved = _move_fenced(
        db, fence, JobState.QUEUED, now, reason, output_path=None, sha256=None
    )
    if moved:
        _end_attempt(db, fence, Outcome(), now, kind="interrupted")
    return moved


def cancel_running(db: Connection, fence: Fence, now: Now, quota: Quota) -> bool:
    """Running → cancelled: asked for, and its worker is gone.

    Returns:
        False when the attempt is no longer the job's, or somebody wants it after all.
    """
    moved = _is_unwanted(db, fence) and _move_fenced(
        db, fence, JobState.CANCELLED, now, "cancelled", finalized_at=now.wall
    )
    if moved:
        _end_attempt(db, fence, Outcome(), now, kind="cancelled")
        touch(db, fence.session_id, now)
        release_held(db, fence.session_id, quota, now)
    return moved


def cancel(db: Connection, job_id: int, now: Now, *, reason: str, quota: Quota) -> str:
    """Cancel whatever can be: at once, or by asking the daemon that runs it.

    Returns:
        "cancelled", "requested" (it is running), or the state that forbids it.
    """
    job = _job(db, job_id)
    if job.state == JobState.RUNNING:
        if job.phase == Phase.PUBLISHING:
            return Phase.PUBLISHING.value
        _request_cancel(db, job, now, reason)
        return "requested"
    state = JobState(job.state)
    if JobState.CANCELLED not in LEGAL_MOVES[state]:
        return state.value
    values = {"finalized_at": now.wall, "retry_at": None} | words_for(reason)
    _move(db, job, JobState.CANCELLED, now, reason, **values)
    if reason == BY_HAND:  # the end of its time is no activity
        touch(db, job.session_id, now)
    release_held(db, job.session_id, quota, now)
    return "cancelled"


def keep(db: Connection, job_id: int, now: Now) -> bool:
    """Take back that a running job is to be cancelled: its link was given once more.

    Its worker goes on, or the job is queued again if that was stopped already.

    Returns:
        False when it is not running, or nobody has asked for its end.
    """
    job = _job(db, job_id)
    if job.state != JobState.RUNNING or not job.cancel_requested:
        return False
    kept = {"cancel_requested": False} | NO_ERROR
    db.execute(sa.update(jobs).where(jobs.c.id == job_id).values(kept))
    fence = Fence(job_id=job.id, session_id=job.session_id, attempt=job.attempt)
    note(db, now, fence, "asked_again")
    touch(db, job.session_id, now)  # or it would be too long without a sign of life
    return True


def words_for(reason: str) -> dict[str, Any]:
    """Return the error of a job that nobody asked to cancel: its session expired."""
    if reason == BY_HAND:
        return {}
    return {
        "error_kind": "cancelled",
        "error_code": reason,
        "error_message": "The session expired before this link's turn came.",
        "error_hint": "Drop it again: .failed.txt can be dropped as it is.",
    }


def retry(db: Connection, job_id: int, now: Now) -> bool:
    """Finalized → queued with fresh attempts. Whether the file is gone is for callers.

    Returns:
        False when the job is not finalized.
    """
    job = _job(db, job_id)
    if job.state not in FINALIZED:
        return False
    if job.state == JobState.COMPLETED:
        shrunk = sessions.c.used_bytes - (job.file_size_bytes or 0)
        touch(db, job.session_id, now, used_bytes=shrunk)
    _move(
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
        cancel_requested=False,
        pending_lived=now.lived,
        **NO_ERROR,
    )
    touch(db, job.session_id, now)
    return True


def wake_due(db: Connection, now: Now, furthest_s: float, limit: int = 500) -> int:
    """Waiting → queued for those whose time has come; returns how many.

    A time further off than any decision gives came from a clock that jumped: it is
    due too.
    """
    rows = db.execute(
        sa.select(jobs.c.id, jobs.c.session_id, jobs.c.state, jobs.c.attempt)
        .where(
            jobs.c.state == JobState.WAITING,
            sa.or_(
                jobs.c.retry_at <= now.wall,
                jobs.c.retry_at > now.wall + furthest_s,
            ),
        )
        .order_by(jobs.c.retry_at)
        .limit(limit),
    ).all()
    for row in rows:
        _move(db, row, JobState.QUEUED, now, "due", retry_at=None)
    return len(rows)


def wake(db: Connection, job_id: int, now: Now) -> bool:
    """Waiting → queued before its time: somebody asks for it now."""
    job = _job(db, job_id)
    if job.state != JobState.WAITING:
        return False
    _move(db, job, JobState.QUEUED, now, "due", retry_at=None)
    return True


def release_held(db: Connection, session_id: int, quota: Quota, now: Now) -> int:
    """Held → queued, as far as the session's quota of jobs and bytes allows.

    Args:
        db: A write transaction.
        session_id: Whose jobs.
        quota: The config's; the session's own limits win.
        now: The moment.

    Returns:
        How many entered.
    """
    session = db.execute(
        sa.select(sessions).where(sessions.c.id == session_id),
    ).one()
    room = quota_room(session, quota)
    if not session.held or room == 0:
        return 0
    rows = db.execute(
        sa.select(jobs.c.id, jobs.c.session_id, jobs.c.state, jobs.c.attempt)
        .where(jobs.c.session_id == session_id, jobs.c.state == JobState.HELD)
        .order_by(jobs.c.priority.desc(), jobs.c.id)
        .limit(min(room, 1000)),
    ).all()
    for row in rows:
        _move(db, row, JobState.QUEUED, now, "released")
    return len(rows)


def make_queued(db: Connection, job_id: int, now: Now) -> bool:
    """Queue a job that nobody runs, whatever keeps it: its audio stands at its place.

    Returns:
        False when it is running.
    """
    job = _job(db, job_id)
    if job.state == JobState.HELD:
        _move(db, job, JobState.QUEUED, now, "released")
    elif job.state == JobState.WAITING:
        _move(db, job, JobState.QUEUED, now, "due", retry_at=None)
    elif job.state in FINALIZED:
        retry(db, job_id, now)
    return bool(job.state != JobState.RUNNING)


def quota_room(session: Any, quota: Quota) -> int:
    """Return how many more unfinished jobs a session's row allows."""
    used = sum(getattr(session, state.value) for state in IN_QUOTA)
    own = quota.of_session(session.max_jobs, session.max_bytes)
    return own.room(used, session.used_bytes)


def _request_cancel(db: Connection, job: Any, now: Now, reason: str) -> None:
    """Ask for the end of a running job; should it be published first, that wins."""
    asked = {"cancel_requested": True} | words_for(reason)
    db.execute(sa.update(jobs).where(jobs.c.id == job.id).values(asked))
    fence = Fence(job_id=job.id, session_id=job.session_id, attempt=job.attempt)
    note(db, now, fence, "cancel_requested")


def _fenced(fence: Fence) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        jobs.c.id == fence.job_id,
        jobs.c.attempt == fence.attempt,
        jobs.c.state == JobState.RUNNING,
    )


def _is_unwanted(db: Connection, fence: Fence) -> bool:
    """Return whether somebody asked for the end of this very attempt's job."""
    query = sa.select(jobs.c.cancel_requested).where(*_fenced(fence))
    return bool(db.execute(query).scalar())


def _move_fenced(
    db: Connection, fence: Fence, to: JobState, now: Now, reason: str, **values: Any
) -> bool:
    always = {"state": to.value, "phase": None, "host": None, "cancel_requested": False}
    done = db.execute(
        sa.update(jobs).where(*_fenced(fence)).values(always | values),
    )
    if done.rowcount != 1:
        return False
    record_move(db, now, fence, JobState.RUNNING, to, reason)
    return True


def _move(
    db: Connection, job: Any, to: JobState, now: Now, reason: str, **values: Any
) -> None:
    """Move a job no attempt has; the caller has just read it in this transaction."""
    done = db.execute(
        sa.update(jobs)
        .where(jobs.c.id == job.id, jobs.c.state == job.state)
        .values(state=to.value, **values),
    )
    if done.rowcount == 1:
        fence = Fence(job_id=job.id, session_id=job.session_id, attempt=job.attempt)
        record_move(db, now, fence, JobState(job.state), to, reason)


def _end_attempt(
    db: Connection, fence: Fence, outcome: Outcome, now: Now, *, kind: str
) -> None:
    failure = outcome.failure
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
        ),
    )


def _known_facts(outcome: Outcome) -> dict[str, Any]:
    """What even a failed attempt found out; never forget what is known already."""
    names = ("title", "artist", "duration_s", "view_count")
    found = {name: getattr(outcome, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _job(db: Connection, job_id: int) -> Any:
    return db.execute(sa.select(jobs).where(jobs.c.id == job_id)).one()
