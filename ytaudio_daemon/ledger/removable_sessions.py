"""Finds expired sessions whose files are to be removed, and stores that they were."""

import unicodedata

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import meta
from ytaudio_daemon.ledger.schema import collections, sessions
from ytaudio_daemon.ledger.sessions import Session, session_from_row
from ytaudio_daemon.model import SessionState

#: Sessions that are returned at once.
PAGE_SIZE = 50


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
