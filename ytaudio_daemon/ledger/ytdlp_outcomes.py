"""Queries of the attempts by yt-dlp version, and of the videos that are known to work."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import attempts, jobs
from ytaudio_daemon.model.ytdlp_policy import EndedAttempt

#: At most so many attempts are read: enough for every decision.
MAX_ROWS = 400


def ended_attempts_since(
    db: Connection, since: float
) -> list[tuple[str, EndedAttempt]]:
    """Return (yt-dlp version, attempt) for attempts that ended later, the newest first."""
    return _ended_attempts(db, attempts.c.ended_at > since)


def ended_attempts_before(
    db: Connection, until: float
) -> list[tuple[str, EndedAttempt]]:
    """Return (yt-dlp version, attempt) for attempts that ended earlier, the newest first."""
    return _ended_attempts(db, attempts.c.ended_at <= until)


def recently_completed_videos(db: Connection, count: int) -> list[str]:
    """Return the IDs of recently completed videos, the shortest first."""
    latest = (
        sa.select(attempts.c.job_id)
        .where(attempts.c.ended_at.is_not(None), attempts.c.kind == "completed")
        .order_by(attempts.c.ended_at.desc())
        .limit(10 * count)
    )
    some = [row.job_id for row in db.execute(latest).all()]
    rows = db.execute(
        sa.select(jobs.c.video_id, sa.func.min(jobs.c.duration_s).label("length"))
        .where(jobs.c.id.in_(some))
        .group_by(jobs.c.video_id)
        .order_by(sa.text("length"))
        .limit(count),
    ).all()
    return [row.video_id for row in rows]


def _ended_attempts(
    db: Connection, *conditions: sa.ColumnElement[bool]
) -> list[tuple[str, EndedAttempt]]:
    query = (
        sa.select(attempts.c.engine, attempts.c.job_id, attempts.c.kind)
        .where(
            attempts.c.ended_at.is_not(None),
            attempts.c.kind != "interrupted",
            *conditions,
        )
        .order_by(attempts.c.ended_at.desc())
        .limit(MAX_ROWS)
    )
    rows = db.execute(query).all()
    return [
        (row.engine or "", EndedAttempt(job=row.job_id, kind=row.kind)) for row in rows
    ]
