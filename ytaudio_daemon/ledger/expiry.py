"""Ends sessions: finds those that are due, expires them, and has their files removed."""

import unicodedata

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import meta
from ytaudio_daemon.ledger.events import append_session_event
from ytaudio_daemon.ledger.job_updates import IS_CANCELLABLE_RUNNING
from ytaudio_daemon.ledger.schema import (
    IS_UNLISTED,
    UNFILED,
    collections,
    drops,
    jobs,
    sessions,
)
from ytaudio_daemon.ledger.sessions import UNFINISHED, Session, session_from_row
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.clock import Now

#: The session has a collection that is still to be listed.
_HAS_UNLISTED = sa.exists().where(
    collections.c.session_id == sessions.c.id, IS_UNLISTED
)
#: The session has a running job whose cancellation can be requested.
_HAS_CANCELLABLE = sa.exists().where(
    jobs.c.session_id == sessions.c.id, IS_CANCELLABLE_RUNNING
)
#: Stale sessions that are returned at once.
MAX_STALE = 20
#: Sessions to remove that are returned at once.
PAGE_SIZE = 50


def due_to_expire(
    db: Connection, now: Now, *, ttl_s: float, limit: int = 200
) -> list[Session]:
    """Return active sessions without unfinished work whose time to live is over.

    A drop that is recorded and not yet filed is unfinished work: its file is still in
    the inbox, where the next session of that name would record it again.

    Args:
        db: A transaction.
        now: The moment; only its `uptime_s` is used.
        ttl_s: The config's time to live in seconds, 0 = for ever; a session's own wins.
        limit: At most so many sessions.
    """
    rows = db.execute(
        sa.select(sessions)
        .where(*_expirable_conditions(), *_due_conditions(now, ttl_s))
        .limit(limit),
    ).all()
    return [session_from_row(row) for row in rows]


def _expirable_conditions() -> list[sa.ColumnElement[bool]]:
    """Return the conditions: active, no unfinished work, no unfiled drop."""
    unfiled = sa.exists().where(
        drops.c.session_id == sessions.c.id,
        drops.c.state.in_(UNFILED),
    )
    return [
        sessions.c.state == SessionState.ACTIVE,
        unfinished_count() == 0,
        ~unfiled,
        ~_HAS_UNLISTED,
        sessions.c.subscriptions == 0,
    ]


def _due_conditions(now: Now, ttl_s: float) -> list[sa.ColumnElement[bool]]:
    """Return the conditions under which a session's time to live is over."""
    ttl = sa.func.coalesce(sessions.c.ttl_s, ttl_s)
    return [ttl > 0, sessions.c.last_activity_lived + ttl <= now.uptime_s]


def stale_sessions(db: Connection, now: Now, *, max_pending_s: float) -> list[Session]:
    """Return some active sessions, unchanged for that many seconds, with work to cancel.

    A running job whose cancellation is requested is left to its worker: sessions with
    nothing else must not hide the others, and the worker's host may be gone.
    """
    unclaimed = unfinished_count() - sessions.c[JobState.RUNNING.value]
    is_running = sa.and_(sessions.c[JobState.RUNNING.value] > 0, _HAS_CANCELLABLE)
    rows = db.execute(
        sa.select(sessions)
        .where(
            sessions.c.state == SessionState.ACTIVE,
            sa.or_(unclaimed > 0, is_running, _HAS_UNLISTED),
            sessions.c.last_activity_lived + max_pending_s <= now.uptime_s,
        )
        .limit(MAX_STALE),
    ).all()
    return [session_from_row(row) for row in rows]


def expire(
    db: Connection,
    session: Session,
    now: Now,
    *,
    on_expiry: str,
    ttl_s: float | None = None,
) -> bool:
    """Expire a session, if its row, as it is now, allows it.

    Args:
        db: A write transaction.
        session: The session; its own `on_expiry` wins over the config's.
        now: The moment.
        on_expiry: The config's "keep" or "delete".
        ttl_s: The config's time to live, which must be over; None to expire it earlier.

    Returns:
        False when it is not active, has unfinished work, or was used meanwhile.
    """
    action = sa.func.coalesce(sessions.c.on_expiry, on_expiry)
    is_due = [] if ttl_s is None else _due_conditions(now, ttl_s)
    done = db.execute(
        sa.update(sessions)
        .where(sessions.c.id == session.id, *_expirable_conditions(), *is_due)
        .values(
            state=SessionState.EXPIRED.value,
            removal=sa.case((action == "delete", "pending"), else_=None),
        ),
    )
    if done.rowcount == 1:
        append_session_event(db, session.id, now, "session_expired")
    return done.rowcount == 1


def unfinished_count() -> sa.ColumnElement[int]:
    """Return the SQL expression that counts a session's unfinished jobs."""
    columns = [sessions.c[state.value] for state in UNFINISHED]
    total = columns[0] + columns[1]
    for column in columns[2:]:
        total += column
    return total


def sessions_to_remove(db: Connection, after_id: int = 0) -> list[Session]:
    """Return the next expired sessions whose files have to be removed, in order."""
    pending = sessions.c.removal == "pending", sessions.c.id > after_id
    query = sa.select(sessions).where(*pending).order_by(sessions.c.id)
    rows = db.execute(query.limit(PAGE_SIZE)).all()
    return [session_from_row(row) for row in rows]


def is_name_shared(
    db: Connection, session: Session, *, ignores_case: bool = False
) -> bool:
    """Return True if another session of its name has files, or may get some.

    Args:
        db: A connection.
        session: The session.
        ignores_case: Names that differ only in case or Unicode composition are the same.
    """
    others = sa.select(sessions.c.name).where(
        sessions.c.id != session.id,
        sa.or_(sessions.c.state == SessionState.ACTIVE, sessions.c.removal.is_(None)),
    )
    if ignores_case:
        names = db.execute(others).scalars()
        if any(_same_folder(name, session.name) for name in names):
            return True
    same = others.where(sessions.c.name == session.name)
    if db.execute(same.limit(1)).first() is not None:
        return True
    return meta.has_remaining_files(db, session.name)


def _same_folder(name: str, other: str) -> bool:
    """Return whether two names are one folder on a disk that ignores case."""
    folded = (unicodedata.normalize("NFC", each).casefold() for each in (name, other))
    return len(set(folded)) == 1


def collection_uuids(db: Connection, session: Session) -> list[str]:
    """Return the UUIDs of a session's collections."""
    mine = collections.c.session_id == session.id
    return list(db.execute(sa.select(collections.c.uuid).where(mine)).scalars())


def mark_removed(db: Connection, session: Session) -> None:
    """Store that a session's files are in the trash, or kept by a pin."""
    db.execute(
        sa.update(sessions).where(sessions.c.id == session.id).values(removal="done"),
    )
