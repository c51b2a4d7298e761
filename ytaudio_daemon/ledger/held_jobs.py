"""Queues held jobs when their session's quota has room for them."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.job_updates import COLUMNS_TO_MOVE, change_state
from ytaudio_daemon.ledger.schema import jobs, sessions
from ytaudio_daemon.ledger.sessions import session_room
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

#: Held jobs queued in one transaction.
MAX_RELEASED = 1000
_SESSION_WITH_HELD_JOBS = sa.select(sessions).where(
    sessions.c.id == sa.bindparam("of_session"), sessions.c.held > 0
)
_HELD = (
    sa.select(*COLUMNS_TO_MOVE)
    .where(
        jobs.c.session_id == sa.bindparam("of_session"), jobs.c.state == JobState.HELD
    )
    .order_by(jobs.c.priority.desc(), jobs.c.id)
    .limit(sa.bindparam("limit"))
)


def release_held(db: Connection, session_id: int, quota: Quota, now: Now) -> int:
    """Held → queued, as far as the session's quota of jobs and bytes allows.

    Args:
        db: A write transaction.
        session_id: The session.
        quota: The config's; the session's own limits win.
        now: The moment.

    Returns:
        The number of jobs that were queued.
    """
    of_session = {"of_session": session_id}
    session = db.execute(_SESSION_WITH_HELD_JOBS, of_session).first()
    if session is None:
        return 0
    room = session_room(session, quota)
    if room.exceeded is not None:
        return 0
    limit = min(room.unfinished_jobs, MAX_RELEASED)
    rows = db.execute(_HELD, {**of_session, "limit": limit}).all()
    for row in rows:
        change_state(db, row, JobState.QUEUED, now, "released")
    return len(rows)


def sessions_with_held_jobs(db: Connection, behind: int, limit: int) -> list[int]:
    """Return the next active sessions with held jobs: their rows' numbers, in order."""
    query = sa.select(sessions.c.id).where(
        sessions.c.id > behind,
        sessions.c.state == SessionState.ACTIVE,
        sessions.c[JobState.HELD.value] > 0,
    )
    return list(db.execute(query.order_by(sessions.c.id).limit(limit)).scalars())
