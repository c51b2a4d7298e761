"""The daemon's own few notes in the ledger: who it is, how long it has lived."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import meta

#: Set by `restoring`, until the daemon has looked for results the ledger lacks.
RESTORED_KEY = "restored"

#: What the keys of forgotten sessions' names begin with, whose files stayed.
_REMAINING_FILES_PREFIX = "kept:"

#: What the keys of receivers begin with.
_DELIVERY_CURSOR_PREFIX = "told:"


def state_id(db: Connection) -> str:
    """Return this ledger's own name, made at its first use.

    Workers carry it in their environment, so that a later daemon knows its own.
    """
    known = _get(db, "state_id")
    if known is None:
        known = str(uuid.uuid4())
        _put(db, "state_id", known)
    return known


def uptime_s(db: Connection) -> float:
    """Return seconds this ledger has been served by a running daemon."""
    return float(_get(db, "lived") or 0.0)


def save_uptime(db: Connection, seconds: float) -> None:
    """Keep the daemon's age; it never goes back."""
    if seconds > uptime_s(db):
        _put(db, "lived", f"{seconds:.3f}")


def views_cursor(db: Connection) -> int:
    """Return the last event that the views have shown."""
    return int(_get(db, "views_cursor") or 0)


def save_views_cursor(db: Connection, event_id: int) -> None:
    """Keep how far the views have come, so that a restart goes on there."""
    _put(db, "views_cursor", str(event_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCursor:
    """How much a receiver of notices has been told.

    Attributes:
        cursor: The last event it was told of, or that was none of its business.
        degraded: It was told that the daemon is degraded, and not yet that it is well.
    """

    cursor: int
    degraded: bool = False


def delivery_cursors(db: Connection) -> dict[str, DeliveryCursor]:
    """Return how much each receiver has been told, by its key."""
    query = sa.select(meta).where(
        meta.c.key.startswith(_DELIVERY_CURSOR_PREFIX, autoescape=True)
    )
    return {
        row.key.removeprefix(_DELIVERY_CURSOR_PREFIX): _parse_delivery_cursor(
            json.loads(row.value)
        )
        for row in db.execute(query).all()
    }


def _parse_delivery_cursor(data: Mapping[str, Any]) -> DeliveryCursor:
    """Read it, whatever a newer program has added."""
    return DeliveryCursor(cursor=data["cursor"], degraded=data["degraded"])


def save_delivery_cursor(db: Connection, receiver: str, told: DeliveryCursor) -> None:
    """Keep how much a receiver has been told, so that a restart goes on there."""
    _put(db, f"{_DELIVERY_CURSOR_PREFIX}{receiver}", json.dumps(asdict(told)))


def delete_delivery_cursor(db: Connection, receiver: str) -> None:
    """Forget a receiver: should it come back, it begins anew."""
    db.execute(
        sa.delete(meta).where(meta.c.key == f"{_DELIVERY_CURSOR_PREFIX}{receiver}")
    )


def restored_until(db: Connection) -> float | None:
    """Return what a ledger that was just restored knows up to; None when it was not.

    Seconds since 1970, of its newest event.
    """
    known = _get(db, RESTORED_KEY)
    return None if known is None else float(known)


def clear_restored(db: Connection) -> None:
    """Note that what the restored ledger did not know has been looked for."""
    db.execute(sa.delete(meta).where(meta.c.key == RESTORED_KEY))


def mark_files_remain(db: Connection, name: str) -> None:
    """Note that a session of that name left its files behind when its rows went."""
    _put(db, f"{_REMAINING_FILES_PREFIX}{name}", "1")


def has_remaining_files(db: Connection, name: str) -> bool:
    """Return whether files of a forgotten session of that name may still be there."""
    return _get(db, f"{_REMAINING_FILES_PREFIX}{name}") is not None


def _get(db: Connection, key: str) -> str | None:
    return db.execute(sa.select(meta.c.value).where(meta.c.key == key)).scalar()


def _put(db: Connection, key: str, value: str) -> None:
    changed = db.execute(sa.update(meta).where(meta.c.key == key).values(value=value))
    if changed.rowcount == 0:
        db.execute(sa.insert(meta).values(key=key, value=value))
