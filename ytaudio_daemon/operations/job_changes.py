"""Cancels and retries jobs: one, or all of a session in short transactions."""

import time
from collections.abc import Sequence

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
from ytaudio_daemon.ledger.transitions import CANCELLED_BY_USER
from ytaudio_daemon.model import FINALIZED, JobState, SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.job import CancelResult
from ytaudio_daemon.model.line_rules import KnownJob, RetryRefusal, refuse_retry
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.operations.transaction import OpenWrite

#: Between two transactions, in seconds: whoever waits for SQLite's lock asks for it
#: that often (sqliteDefaultBusyCallback in SQLite's main.c).
TRANSACTION_PAUSE_S = 0.05
#: Jobs retried in a transaction: some 80 ms, the daemon waits no longer than 250.
RETRY_BATCH_SIZE = 50


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

    Between two transactions the daemon gets its turn: SQLite's lock has no queue.

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
        time.sleep(TRANSACTION_PAUSE_S)


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
    _require_not_expired(session)
    states = [JobState.FAILED] if only_failed else list(FINALIZED)
    number = last = 0
    while True:
        with open_write() as (db, now):
            page = queries.find_jobs(
                db,
                session_id=session.id,
                states=states,
                after_id=last,
                limit=RETRY_BATCH_SIZE,
            )
            queued = _retry_page(db, page, now, only_failed=only_failed)
        if not page:
            return number
        number, last = number + queued, page[-1].id
        if queued:
            time.sleep(TRANSACTION_PAUSE_S)  # the daemon's turn


def require_running_session(db: Connection, session_id: int) -> None:
    """Make sure that a session's work may run again.

    Raises:
        SessionExpiredError: It has ended.
    """
    _require_not_expired(sessions.session_by_id(db, session_id))


def _require_not_expired(session: Session) -> None:
    if session.state is SessionState.EXPIRED:
        raise SessionExpiredError(
            f"session {session.name} has expired; its jobs are not run again",
            "Drop the links again: that opens a new session of that name.",
        )


def _retry_page(
    db: Connection, page: Sequence[JobRow], now: Now, *, only_failed: bool
) -> int:
    refusals = [retry_job(db, job, now, only_failed=only_failed) for job in page]
    return refusals.count(None)


def _known_job(job: JobRow) -> KnownJob:
    is_gone = job.state is JobState.COMPLETED and audio_is_gone(job.output_path)
    return KnownJob(job.state, job.cancel_requested, is_gone)
