"""Stores the outage, and undoes what it cost jobs; the rules are in `model.outage`."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import gates
from ytaudio_daemon.ledger.error_columns import NO_ERROR
from ytaudio_daemon.ledger.gates import SITE
from ytaudio_daemon.ledger.job_updates import change_state
from ytaudio_daemon.ledger.schema import (
    attempts,
    collections,
    jobs,
    outages,
    sessions,
)
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.outage import (
    OF_THE_VIDEO,
    TECHNICAL_KINDS,
    AttemptEnd,
    Outage,
    OutageState,
)

#: The latest attempts that are searched for failures in a row.
MAX_RECENT = 64
#: The latest attempts that are searched for the first of a suspicious row.
MAX_ROW = 10_000
#: Completed attempts that are searched for videos that are known to work.
MAX_COMPLETED = 200
#: Attempts whose charge is refunded in one transaction.
REFUND_BATCH = 500
#: The reason of the event: a job that failed in an outage is queued again.
QUEUED_AGAIN = "outage"
_OUTAGE = sa.select(outages).where(outages.c.site == SITE)


def find_outage(db: Connection) -> Outage | None:
    """Return the outage that is suspected, confirmed or refuted, if any."""
    row = db.execute(_OUTAGE).first()
    if row is None:
        return None
    return Outage(
        state=OutageState(row.state),
        **{name: getattr(row, name) for name in Outage.__slots__ if name != "state"},
    )


def is_held(db: Connection, now: Now) -> bool:
    """Return True while no attempt may start because an outage is suspected."""
    outage = find_outage(db)
    return outage is not None and outage.holds_claims(now.wall)


def save_outage(db: Connection, outage: Outage) -> None:
    """Store an outage in place of the one before."""
    delete_outage(db)
    values = {name: getattr(outage, name) for name in Outage.__slots__}
    db.execute(
        sa.insert(outages).values(site=SITE, **values | {"state": outage.state.value})
    )


def delete_outage(db: Connection) -> None:
    """Delete the outage: it is over."""
    db.execute(sa.delete(outages).where(outages.c.site == SITE))


def recent_ends(db: Connection, now: Now, limit: int = MAX_RECENT) -> list[AttemptEnd]:
    """Return the latest ends of attempts, the newest first.

    A completed attempt that fetched nothing (its file existed) is no sign that YouTube
    works. An end later than now was written before the clock went back.
    """
    rows = db.execute(
        sa.select(
            attempts.c.kind,
            attempts.c.signature,
            attempts.c.started_at,
            attempts.c.ended_at,
            attempts.c.message,
            attempts.c.downloaded_bytes,
            jobs.c.video_id,
            jobs.c.artist,
        )
        .join(jobs, jobs.c.id == attempts.c.job_id)
        .where(attempts.c.ended_at <= now.wall)
        .order_by(attempts.c.ended_at.desc())
        .limit(limit),
    ).all()
    return [_attempt_end(row) for row in rows]


def known_videos(
    db: Connection, count: int, *, with_cookies: bool = False
) -> list[str]:
    """Return the IDs of the videos that were completed last, the latest first.

    Args:
        db: The ledger.
        count: At most so many.
        with_cookies: Include those fetched with an account's cookies: a probe without
            cookies may not get them.
    """
    latest = (
        sa.select(attempts.c.job_id, attempts.c.ended_at)
        .where(attempts.c.ended_at.is_not(None), attempts.c.kind == "completed")
        .order_by(attempts.c.ended_at.desc())
        .limit(MAX_COMPLETED)
        .subquery("latest_completed")
    )
    query = sa.select(jobs.c.video_id).join(latest, latest.c.job_id == jobs.c.id)
    if not with_cookies:
        query = query.where(jobs.c.with_cookies.is_not(sa.true()))
    found = db.execute(query.order_by(latest.c.ended_at.desc())).scalars()
    return list(dict.fromkeys(found))[:count]


def refund_attempts(
    db: Connection, outage: Outage, now: Now, limit: int = REFUND_BATCH
) -> bool:
    """Undo the charges of an outage, and queue the jobs that it failed, a batch at a time.

    May be repeated: an attempt is refunded once.

    Args:
        db: A write transaction.
        outage: A confirmed one.
        now: The moment.
        limit: At most so many attempts.

    Returns:
        Whether there was nothing left to do.
    """
    rows = db.execute(
        sa.select(attempts.c.job_id)
        .where(*_charged_attempts(outage))
        .order_by(attempts.c.ended_at)
        .limit(limit),
    ).all()
    for job_id in dict.fromkeys(row.job_id for row in rows):
        _refund_job(db, job_id, outage, now)
    return len(rows) < limit


def probe_now(db: Connection, now: Now) -> None:
    """Make the next probe due now, as another yt-dlp is in use that may work."""
    outage = find_outage(db)
    if outage is not None and outage.state is OutageState.CONFIRMED:
        save_outage(db, replace(outage, probe_at=now.wall))


def make_due(db: Connection, outage: Outage, now: Now) -> int:
    """Make what waits because of an outage due now; returns the number of jobs."""
    failed_alike = sa.exists().where(
        attempts.c.job_id == jobs.c.id,
        attempts.c.number == jobs.c.attempt,
        _is_alike(outage),
    )
    # A list that is unavailable of itself fails at once: it does not wait.
    lists = collections.c.error_kind.in_([kind.value for kind in TECHNICAL_KINDS])
    return gates.make_due(
        db, now, failed_alike, lists if outage.is_technical else sa.false()
    )


def _attempt_end(row: Any) -> AttemptEnd:
    is_success = row.kind == "completed" and (row.downloaded_bytes or 0) > 0
    return AttemptEnd(
        video_id=row.video_id,
        signature=None if is_success else row.signature or "",
        channel=row.artist,
        began_at=row.started_at,
        ended_at=row.ended_at,
        message=row.message or "",
    )


def _is_alike(outage: Outage) -> sa.ColumnElement[bool]:
    """Return `model.outage.are_alike` as a condition for an attempt's failure."""
    if not outage.is_technical:
        return attempts.c.signature == outage.signature
    of_videos = [attempts.c.signature.startswith(f"{kind}/") for kind in OF_THE_VIDEO]
    return sa.and_(attempts.c.signature.is_not(None), sa.not_(sa.or_(*of_videos)))


def _charged_attempts(outage: Outage) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        attempts.c.ended_at >= outage.began_at,
        _is_alike(outage),
        attempts.c.charged > 0,
    )


def _refund_job(db: Connection, job_id: int, outage: Outage, now: Now) -> None:
    """Refund a job's attempts of an outage; queue the job if the last one failed it."""
    given_back = db.execute(
        sa.update(attempts)
        .where(attempts.c.job_id == job_id, *_charged_attempts(outage))
        .values(charged=0)
    )
    job = db.execute(sa.select(jobs).where(jobs.c.id == job_id)).one()
    left = max(0, job.charged - given_back.rowcount)
    if job.state != JobState.FAILED or not _failed_by(db, job, outage):
        db.execute(sa.update(jobs).where(jobs.c.id == job_id).values(charged=left))
        return
    change_state(
        db,
        job,
        JobState.QUEUED,
        now,
        QUEUED_AGAIN,
        charged=left,
        finalized_at=None,
        retry_at=None,
        pending_lived=now.uptime_s,
        **NO_ERROR,
    )


def _failed_by(db: Connection, job: Any, outage: Outage) -> bool:
    """Return True if an outage failed a job of an active session.

    The jobs of an expired session are not changed.
    """
    query = (
        sa.select(sa.literal(1))
        .select_from(attempts)
        .join(sessions, sessions.c.id == job.session_id)
        .where(
            sessions.c.state == SessionState.ACTIVE.value,
            attempts.c.job_id == job.id,
            attempts.c.number == job.attempt,
            _is_alike(outage),
        )
    )
    return db.execute(query).first() is not None
