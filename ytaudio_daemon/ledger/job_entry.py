"""Jobs that a program asks for by itself, without a drop."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import queries, transitions
from ytaudio_daemon.ledger.bulk import jobs_by_key
from ytaudio_daemon.ledger.events import (
    Fence,
    adjust_counters,
    append_event,
    record_activity,
)
from ytaudio_daemon.ledger.line_recorder import JobOptions
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.schema import jobs, sessions
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota


def find_job_by_audio(
    db: Connection, session_id: int, video_id: str, profile: str
) -> JobRow | None:
    """Return the session's job for that audio: a video with a profile of options."""
    key = f"{video_id}:{profile}"
    found = jobs_by_key(db, session_id, [key]).get(key)
    return None if found is None else queries.job_by_id(db, found.id)


def find_job_by_uuid(db: Connection, job_uuid: str) -> JobRow | None:
    """Return the job of exactly that UUID, of whatever session."""
    query = sa.select(jobs.c.id).where(jobs.c.uuid == job_uuid)
    job_id = db.execute(query).scalar()
    return None if job_id is None else queries.job_by_id(db, job_id)


def enqueue_job(  # noqa: PLR0913 - a job's parts, one name each
    db: Connection,
    session_id: int,
    *,
    video_id: str,
    job_options: JobOptions,
    job_uuid: str,
    quota: Quota,
    now: Now,
) -> JobRow | None:
    """Add a queued job that no drop asked for, unless its session is over the quota.

    It is not held as a drop's would be: there is somebody to tell at once.

    Args:
        db: A write transaction; the session has no job for that audio.
        session_id: An active session.
        video_id: The video.
        job_options: Its effective options.
        job_uuid: Its name; no other job's.
        quota: The config's; the session's own limits win.
        now: The moment.

    Returns:
        None when the session may have no more jobs, now or ever.
    """
    mine = sa.select(sessions).where(sessions.c.id == session_id)
    session = db.execute(mine).one()
    own = quota.with_session_limits(session.max_jobs, session.max_bytes)
    has_had_all = own.reject_over and 0 < own.max_jobs <= session.accepted
    if has_had_all or transitions.remaining_quota(session, quota) == 0:
        return None
    values = {
        "uuid": job_uuid,
        "session_id": session_id,
        "video_id": video_id,
        "audio_key": f"{video_id}:{job_options.profile}",
        "options": job_options.options,
        "priority": job_options.priority,
        "state": JobState.QUEUED.value,
        "pending_lived": now.uptime_s,
        "created_at": now.wall,
    }
    job_id = db.execute(
        sa.insert(jobs).values(values).returning(jobs.c.id)
    ).scalar_one()
    adjust_counters(db, session_id, {JobState.QUEUED: 1})
    record_activity(db, session_id, now, accepted=session.accepted + 1)
    append_event(
        db, now, Fence(job_id=job_id, session_id=session_id, attempt=0), "asked_for"
    )
    return queries.job_by_id(db, job_id)
