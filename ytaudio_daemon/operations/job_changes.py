"""Cancels and retries jobs: one, or all of a session in short transactions."""

import time
from collections.abc import Callable, Sequence

from ytaudio_daemon.errors import SessionExpiredError
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.ledger import (
    Connection,
    bulk_cancel,
    queries,
    sessions,
    transitions,
)
from ytaudio_daemon.ledger.events import append_library_requests
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.ledger.sqlite_lock_wait import WRITE_PAUSE_S
from ytaudio_daemon.ledger.transitions import CANCELLED_BY_USER
from ytaudio_daemon.model import FINALIZED, JobState, SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.job import CancelResult
from ytaudio_daemon.model.line_rules import KnownJob, RetryRefusal, refuse_retry
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.operations.transaction import OpenWrite

#: Jobs changed in a transaction: some 80 ms, the daemon waits no longer than 250.
BATCH_SIZE = 50


def cancel_job(db: Connection, job_id: int, now: Now, quota: Quota) -> CancelResult:
    """Cancel a job for a person: at once, or by asking the daemon that runs it.

    Args:
        db: A write transaction.
        job_id: The job.
        now: The moment.
        quota: The config's, for the held job that may be queued instead.
    """
    return transitions.cancel(db, job_id, now, reason=CANCELLED_BY_USER, quota=quota)


def cancel_session_jobs(
    open_write: OpenWrite,
    session_id: int,
    quota: Quota,
    *,
    reason: str = CANCELLED_BY_USER,
) -> int:
    """Cancel all unfinished jobs of a session, some in each transaction.

    Args:
        open_write: Opens each transaction.
        session_id: The session.
        quota: The config's; the session's own limits win.
        reason: As `transitions.cancel` takes it.

    Returns:
        The number of jobs that are cancelled or being stopped.
    """
    number = 0
    while True:
        with open_write() as (db, now):
            done = bulk_cancel.cancel_batch(
                db, session_id, now, reason=reason, quota=quota
            )
        number += done.cancelled + done.requested
        if done.is_complete:
            return number
        time.sleep(WRITE_PAUSE_S)


def retry_job(
    db: Connection, job: JobRow, now: Now, *, only_failed: bool = False
) -> RetryRefusal | None:
    """Queue a finalized job again, with fresh attempts.

    A completed job whose file exists is refused; if only its library file is missing,
    the daemon puts that back.

    Args:
        db: A write transaction.
        job: Read in this transaction.
        now: The moment.
        only_failed: Refuse cancelled and completed jobs.

    Returns:
        The reason against it; None when it is queued.
    """
    session = sessions.session_by_id(db, job.session_id)
    refusal = refuse_retry(
        _known_job(job),
        is_expired=session.state is SessionState.EXPIRED,
        only_failed=only_failed,
    )
    if refusal is None:
        transitions.retry(db, job.id, now)
    elif refusal is RetryRefusal.FILE_EXISTS:
        append_library_requests(db, now, job.session_id, [job.id])
    return refusal


def retry_session_jobs(
    open_write: OpenWrite, session: Session, *, only_failed: bool = False
) -> int:
    """Queue a session's finalized jobs again, some in each transaction.

    Args:
        open_write: Opens each transaction.
        session: The session.
        only_failed: Leave cancelled and completed jobs as they are.

    Returns:
        The number of jobs that are queued again.

    Raises:
        SessionExpiredError: It has ended.
    """
    require_not_expired(session)
    states = retried_states(only_failed=only_failed)

    def find_jobs(db: Connection, after_id: int) -> Sequence[JobRow]:
        return queries.find_jobs(
            db,
            session_id=session.id,
            states=states,
            after_id=after_id,
            limit=BATCH_SIZE,
        )

    def retry(db: Connection, job: JobRow, now: Now) -> bool:
        return retry_job(db, job, now, only_failed=only_failed) is None

    return change_in_batches(open_write, find_jobs, retry)


def retried_states(*, only_failed: bool) -> list[JobState]:
    """Return the states of the jobs that a retry of many jobs queues again."""
    return [JobState.FAILED] if only_failed else list(FINALIZED)


def change_in_batches(
    open_write: OpenWrite,
    find_jobs: Callable[[Connection, int], Sequence[JobRow]],
    change: Callable[[Connection, JobRow, Now], bool],
) -> int:
    """Change jobs, `BATCH_SIZE` in each transaction, and return how many were changed.

    Args:
        open_write: Opens each transaction.
        find_jobs: Returns the next `BATCH_SIZE` jobs behind the job with an ID.
        change: Changes a job; returns False when it is left as it is.
    """
    number = last_id = 0
    while True:
        with open_write() as (db, now):
            jobs = find_jobs(db, last_id)
            number += sum(change(db, job, now) for job in jobs)
        if len(jobs) < BATCH_SIZE:
            return number
        last_id = jobs[-1].id
        time.sleep(WRITE_PAUSE_S)


def require_not_expired(session: Session) -> None:
    """Make sure that a session's jobs may run again.

    Raises:
        SessionExpiredError: It has ended.
    """
    if session.state is SessionState.EXPIRED:
        raise SessionExpiredError(
            f"session {session.name} has expired; its jobs are not run again",
            "Drop the links again: that opens a new session of that name.",
        )


def _known_job(job: JobRow) -> KnownJob:
    is_gone = job.state is JobState.COMPLETED and audio_is_gone(job.output_path)
    return KnownJob(job.state, job.cancel_requested, is_gone)
