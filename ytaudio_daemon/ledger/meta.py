"""Key/value rows: state id, uptime, views cursor, delivery cursors, restore mark."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import meta

#: Set by `restoring`; removed when the daemon has imported results the ledger lacks.
RESTORED_KEY = "restored"

#: Prefix of the keys for pruned sessions whose files were kept; the name follows.
_REMAINING_FILES_PREFIX = "kept:"

#: Prefix of the keys for delivery cursors; the receiver's key follows.
_DELIVERY_CURSOR_PREFIX = "told:"
_VALUE = sa.select(meta.c.value).where(meta.c.key == sa.bindparam("of_key"))
_CHANGE = sa.update(meta).where(meta.c.key == sa.bindparam("of_key"))
_CREATE = sa.insert(meta)


def state_id(db: Connection) -> str:
    """Return this ledger's random identifier, created at its first use.

    Workers have it in their environment, so that a later daemon finds its own orphans.
    """
    known = _get(db, "state_id")
    if known is None:
        known = str(uuid.uuid4())
        _put(db, "state_id", known)
    return known


def uptime_s(db: Connection) -> float:
    """Return the seconds that daemons have served this ledger, all in all."""
    return float(_get(db, "lived") or 0.0)


def save_uptime(db: Connection, seconds: float) -> None:
    """Store the uptime, unless a higher one is stored."""
    if seconds > uptime_s(db):
        _put(db, "lived", f"{seconds:.3f}")


def views_cursor(db: Connection) -> int:
    """Return the number of the last event that the views have written."""
    return int(_get(db, "views_cursor") or 0)


def save_views_cursor(db: Connection, event_id: int) -> None:
    """Store the last event that the views have written; a restart continues after it."""
    _put(db, "views_cursor", str(event_id))


def cookies_use(db: Connection) -> str | None:
    """Return the text that `save_cookies_use` has stored, if any."""
    return _get(db, "cookies_use")


def save_cookies_use(db: Connection, text: str) -> None:
    """Store the result of the latest use of `[download] cookies_file`, as `cookies` forms it."""
    _put(db, "cookies_use", text)


def network_identity(db: Connection) -> list[str] | None:
    """Return the hashes that `save_network_identity` has stored, if any."""
    known = _get(db, "network_identity")
    return None if known is None else known.split()


def save_network_identity(db: Connection, digests: Sequence[str]) -> None:
    """Store the hashes of proxy, network and egresses that downloads go through."""
    _put(db, "network_identity", " ".join(digests))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCursor:
    """The last event that a receiver was notified of.

    Attributes:
        cursor: The last event that was delivered, or that needs no notice.
        degraded: The receiver was notified that the daemon is degraded, and not yet
            that it has recovered.
    """

    cursor: int
    degraded: bool = False


def delivery_cursors(db: Connection) -> dict[str, DeliveryCursor]:
    """Return the saved delivery cursors by receiver key."""
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
    """Parse a stored cursor; fields that a newer program has added are ignored."""
    return DeliveryCursor(cursor=data["cursor"], degraded=data["degraded"])


def save_delivery_cursor(db: Connection, receiver: str, cursor: DeliveryCursor) -> None:
    """Store a receiver's delivery cursor; a restart continues after it."""
    _put(db, f"{_DELIVERY_CURSOR_PREFIX}{receiver}", json.dumps(asdict(cursor)))


def delete_delivery_cursor(db: Connection, receiver: str) -> None:
    """Delete a receiver's cursor: configured again, it starts at the newest event."""
    db.execute(
        sa.delete(meta).where(meta.c.key == f"{_DELIVERY_CURSOR_PREFIX}{receiver}")
    )


def restored_until(db: Connection) -> float | None:
    """Return the time of the newest event in a ledger that was just restored.

    Returns:
        Seconds since 1970; None when the ledger was not just restored.
    """
    known = _get(db, RESTORED_KEY)
    return None if known is None else float(known)


def clear_restored(db: Connection) -> None:
    """Remove the restore mark: results that the ledger lacked are imported."""
    db.execute(sa.delete(meta).where(meta.c.key == RESTORED_KEY))


def mark_files_remain(db: Connection, name: str) -> None:
    """Store that a session of this name was pruned while its files were kept."""
    _put(db, f"{_REMAINING_FILES_PREFIX}{name}", "1")


def has_remaining_files(db: Connection, name: str) -> bool:
    """Return True if files of a pruned session of this name may still exist."""
    return _get(db, f"{_REMAINING_FILES_PREFIX}{name}") is not None


def _get(db: Connection, key: str) -> str | None:
    return db.execute(_VALUE, {"of_key": key}).scalar()


def _put(db: Connection, key: str, value: str) -> None:
    changed = db.execute(_CHANGE, {"of_key": key, "value": value})
    if changed.rowcount == 0:
        db.execute(_CREATE, {"key": key, "value": value})
