"""The ledger's bulk functions, for tests that have one drop at a time."""

from collections.abc import Callable, Sequence

from ytaudio_daemon.ledger import Connection, drops
from ytaudio_daemon.ledger.drops import Drop, DropPlacement, NewDrop, NewLine
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota


def open_drop(
    db: Connection, session_id: int, name: bytes, sha256: str, size: int, now: Now
) -> Drop:
    new = NewDrop(name=name, sha256=sha256, size_bytes=size)
    return drops.find_or_create_drops(db, session_id, [new], now)[0]


def record_batch(
    db: Connection,
    drop: Drop,
    batch: Sequence[NewLine],
    *,
    quota: Quota,
    now: Now,
    file_is_gone: Callable[[str], bool],
) -> Drop:
    return drops.record_batches(
        db,
        drop.session_id,
        [(drop, batch)],
        quota=quota,
        now=now,
        file_is_gone=file_is_gone,
    )[0]


def finish_recording(db: Connection, drop: Drop, reason: str | None, now: Now) -> None:
    drops.finish_recording(db, [(drop, reason)], now)


def mark_filed(
    db: Connection,
    drop: Drop,
    state: str,
    filed_name: bytes | None,
    now: Now,
    *,
    at_root: bool = False,
) -> None:
    filed = DropPlacement(
        drop=drop, state=state, filed_name=filed_name, at_root=at_root
    )
    drops.mark_filed(db, [filed], now)
