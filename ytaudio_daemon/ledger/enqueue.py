"""One link, posted by a client that waits for the answer.

It becomes a job like any other (`entering.enter`); only what is over the quota is not held
but refused, since there is somebody to tell at once.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.errors import SessionExpiredError
from ytaudio_daemon.ledger import job_entry, transitions
from ytaudio_daemon.ledger.line_recorder import JobOptions
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.schema import sessions
from ytaudio_daemon.model import FINALIZED, JobState, SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota


class EnqueueStatus(StrEnum):
    """What became of a link."""

    #: It has a job of its own.
    ACCEPTED = "accepted"
    #: The session has this audio, or is about to.
    DUPLICATE = "duplicate"
    #: A job of this audio had ended and left no file, or was about to be cancelled: it
    #: was queued again, or goes on.
    AGAIN = "again"
    #: Over the session's quota; nothing was recorded.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueResult:
    """What became of one link.

    Attributes:
        result: Whether there is a job for it now.
        job_id: Its row's number; None when refused.
        code: `session_job_limit` or `session_byte_limit` when refused, else "".
        message: Why it was refused, in one sentence, else "".
    """

    result: EnqueueStatus
    job_id: int | None = None
    code: str = ""
    message: str = ""


def enqueue_link(  # noqa: PLR0913 - a job's parts, one name each
    db: Connection,
    session_id: int,
    *,
    video_id: str,
    job_options: JobOptions,
    quota: Quota,
    now: Now,
    file_is_gone: Callable[[str | None], bool],
) -> EnqueueResult:
    """Record one link as a queued job of a session, or say why not.

    Args:
        db: A write transaction.
        session_id: Whose job it is to be.
        video_id: The 11 characters.
        job_options: The effective options.
        quota: The config's; the session's own limits win.
        now: The moment.
        file_is_gone: Tells whether a completed job's output path is no longer there.

    Raises:
        SessionExpiredError: The session has ended.
    """
    session = _active_session(db, session_id)
    known = job_entry.find_job_by_audio(db, session_id, video_id, job_options.profile)
    if known is not None and transitions.withdraw_cancellation(db, known.id, now):
        return EnqueueResult(result=EnqueueStatus.AGAIN, job_id=known.id)
    if known is not None and not _needs_rerun(known, file_is_gone):
        return EnqueueResult(result=EnqueueStatus.DUPLICATE, job_id=known.id)
    refusal = _quota_refusal(session, quota)
    if refusal is not None:
        return refusal
    if known is not None:
        transitions.retry(db, known.id, now)
        return EnqueueResult(result=EnqueueStatus.AGAIN, job_id=known.id)
    job = job_entry.enqueue_job(
        db,
        session_id,
        video_id=video_id,
        job_options=job_options,
        job_uuid=str(uuid.uuid4()),
        quota=quota,
        now=now,
    )
    if job is None:
        limit = quota.with_session_limits(session.max_jobs, session.max_bytes).max_jobs
        return _refused(
            f"this session may have {limit} jobs in its life and has had them"
        )
    return EnqueueResult(result=EnqueueStatus.ACCEPTED, job_id=job.id)


def _active_session(db: Connection, session_id: int) -> Any:
    session = db.execute(sa.select(sessions).where(sessions.c.id == session_id)).one()
    if session.state != SessionState.ACTIVE:
        raise SessionExpiredError(
            f"session {session.name} has expired", "Open a new session."
        )
    return session


def _needs_rerun(known: JobRow, file_is_gone: Callable[[str | None], bool]) -> bool:
    if known.state is JobState.COMPLETED:
        return file_is_gone(known.output_path)
    return known.state in FINALIZED


def _quota_refusal(session: Any, quota: Quota) -> EnqueueResult | None:
    """Say why one more unfinished job is too many, if it is."""
    own = quota.with_session_limits(session.max_jobs, session.max_bytes)
    if own.max_bytes and session.used_bytes >= own.max_bytes:
        return _refused(
            f"this session may have {own.max_bytes} bytes of finished audio and has "
            "them",
            code="session_byte_limit",
        )
    if transitions.remaining_quota(session, quota) == 0:
        return _refused(
            f"this session may have {own.max_jobs} unfinished jobs at once and has them"
        )
    return None


def _refused(message: str, code: str = "session_job_limit") -> EnqueueResult:
    return EnqueueResult(result=EnqueueStatus.REFUSED, code=code, message=message)
