"""Keys of sessions, by which clients of the API authenticate; only hashes are stored."""

import hashlib
import uuid

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import sessions
from ytaudio_daemon.ledger.sessions import Session, session_from_row
from ytaudio_daemon.model import SessionState

#: Built once, as every request runs it.
_SESSION_BY_KEY = sa.select(sessions).where(
    sessions.c.key_sha256 == sa.bindparam("key_sha256")
)


def give_key(db: Connection, session: Session) -> str:
    """Give a session a new key; an older one is no longer valid.

    Args:
        db: A write transaction.
        session: The session.

    Returns:
        The key: a UUID with 122 random bits; clients send it as the session's ID. Only
        its hash is stored.
    """
    key = str(uuid.uuid4())
    db.execute(
        sa.update(sessions)
        .where(sessions.c.id == session.id)
        .values(key_sha256=_hash_of(key))
    )
    return key


def session_by_key(db: Connection, key: str) -> Session | None:
    """Return the session that has this key, or None."""
    row = db.execute(_SESSION_BY_KEY, {"key_sha256": _hash_of(key)}).first()
    return None if row is None else session_from_row(row)


def count_unused(db: Connection, limit: int) -> int:
    """Return how many active sessions with a key never had a job; at most `limit`."""
    unused = (
        sa.select(sessions.c.id)
        .where(
            sessions.c.key_sha256.is_not(None),
            sessions.c.state == SessionState.ACTIVE,
            sessions.c.accepted == 0,
        )
        .limit(limit)
    )
    return int(
        db.execute(
            sa.select(sa.func.count()).select_from(unused.subquery())
        ).scalar_one()
    )


def _hash_of(key: str) -> str:
    # Fast on purpose: nobody guesses 122 random bits, and every request is checked.
    return hashlib.sha256(key.encode()).hexdigest()
