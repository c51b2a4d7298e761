"""The daemon's own few notes in the ledger: who it is, how long it has lived."""

import uuid

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import meta


def state_id(db: Connection) -> str:
    """Return this ledger's own name, made at its first use.

    Workers carry it in their environment, so that a later daemon knows its own.
    """
    known = _get(db, "state_id")
    if known is None:
        known = str(uuid.uuid4())
        _put(db, "state_id", known)
    return known


def lived(db: Connection) -> float:
    """Return seconds this ledger has been served by a running daemon."""
    return float(_get(db, "lived") or 0.0)


def keep_lived(db: Connection, seconds: float) -> None:
    """Keep the daemon's age; it never goes back."""
    if seconds > lived(db):
        _put(db, "lived", f"{seconds:.3f}")


def views_cursor(db: Connection) -> int:
    """Return the last event that the views have shown."""
    return int(_get(db, "views_cursor") or 0)


def keep_views_cursor(db: Connection, event_id: int) -> None:
    """Keep how far the views have come, so that a restart goes on there."""
    _put(db, "views_cursor", str(event_id))


def _get(db: Connection, key: str) -> str | None:
    return db.execute(sa.select(meta.c.value).where(meta.c.key == key)).scalar()


def _put(db: Connection, key: str, value: str) -> None:
    changed = db.execute(sa.update(meta).where(meta.c.key == key).values(value=value))
    if changed.rowcount == 0:
        db.execute(sa.insert(meta).values(key=key, value=value))
