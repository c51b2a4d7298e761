"""Drops in the ledger: created, recorded line by line, marked as filed."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.bulk import (
    insert_rows,
    key_batches,
    reserve_ids,
    update_rows,
)
from ytaudio_daemon.ledger.drop_queries import Drop, drop_from_row
from ytaudio_daemon.ledger.enqueue import JobOptions
from ytaudio_daemon.ledger.events import record_activity
from ytaudio_daemon.ledger.line_recorder import LineRecorder, NewLine, SwitchedOffLink
from ytaudio_daemon.ledger.schema import UNFILED, drops, events, switched_off_links
from ytaudio_daemon.ledger.sessions import session_row
from ytaudio_daemon.model import LinePart
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

__all__ = [
    "Drop",
    "DropPlacement",
    "JobOptions",
    "NewDrop",
    "NewEntry",
    "NewLine",
    "SwitchedOffLink",
    "abort_recording",
    "find_or_create_drops",
    "finish_recording",
    "mark_filed",
    "record_batches",
]

DROP_COLUMNS = (
    "id",
    "session_id",
    "name",
    "sha256",
    "size_bytes",
    "received_at",
    "received_lived",
    "state",
)
_UNFILED = sa.select(drops).where(
    drops.c.session_id == sa.bindparam("of_session"),
    drops.c.name.in_(sa.bindparam("of_names", expanding=True)),
    drops.c.state.in_(UNFILED),
)
_DROPS = sa.select(drops).where(
    drops.c.id.in_(sa.bindparam("of_drops", expanding=True))
)
#: An entry of a drop's file.
NewEntry = NewLine | SwitchedOffLink


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDrop:
    """A file that is not in the ledger yet."""

    name: bytes
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DropPlacement:
    """The place of a drop's file after recording.

    Attributes:
        state: `filed`, `kept` or `rejected`.
        filed_name: Its name in `processed` or `rejected`; None when it stays in place.
        at_root: It was dropped into the inbox itself, not into a session's folder.
    """

    drop: Drop
    state: str
    filed_name: bytes | None = None
    at_root: bool = False


def find_or_create_drops(
    db: Connection, session_id: int, wanted: Sequence[NewDrop], now: Now
) -> list[Drop]:
    """Return the unfiled drop of each file; creates those that do not exist.

    Args:
        db: A write transaction.
        session_id: The session of all these files.
        wanted: The files, no two with the same name and content.
        now: The moment.
    """
    known = _unfiled_of(db, session_id, [new.name for new in wanted])
    fresh = [new for new in wanted if (new.name, new.sha256) not in known]
    ids = reserve_ids(db, drops, len(fresh))
    came = now.wall, now.uptime_s, "recording"
    rows = [
        (id_, session_id, new.name, new.sha256, new.size_bytes, *came)
        for id_, new in zip(ids, fresh, strict=True)
    ]
    insert_rows(db, drops, DROP_COLUMNS, rows)
    for id_, new in zip(ids, fresh, strict=True):
        known[new.name, new.sha256] = Drop(
            id=id_,
            session_id=session_id,
            name=new.name,
            state="recording",
            cursor=LinePart(),
            accepted=0,
            duplicate=0,
            rejected=0,
            sha256=new.sha256,
            received_at=now.wall,
        )
    return [known[new.name, new.sha256] for new in wanted]


def _unfiled_of(
    db: Connection, session_id: int, names: Sequence[bytes]
) -> dict[tuple[bytes, str], Drop]:
    found: dict[tuple[bytes, str], Drop] = {}
    for some in key_batches(names):
        bounds = {"of_session": session_id, "of_names": some}
        mine = [drop_from_row(row) for row in db.execute(_UNFILED, bounds).all()]
        found |= {(drop.name, drop.sha256): drop for drop in mine}
    return found


def record_batches(
    db: Connection,
    session_id: int,
    batches: Sequence[tuple[Drop, Sequence[NewEntry]]],
    *,
    quota: Quota,
    now: Now,
    file_is_gone: Callable[[str], bool],
) -> list[Drop]:
    """Record the entries of drops that follow their cursors, in one transaction.

    New audio becomes a queued job, or a held one over the quota. The same audio
    twice in a session is one job; if that job failed, was cancelled, or its finished
    file is gone, the line runs it again.

    Args:
        db: A write transaction.
        session_id: The session of all these drops.
        batches: Drops as last returned, each with its next entries in order; together at
            most a thousand, so that the transaction stays short.
        quota: The config's quota.
        now: The moment.
        file_is_gone: Returns whether a completed job's output path no longer exists.

    Returns:
        The drops with their new cursors and counts.
    """
    session = session_row(db, session_id)
    recorder = LineRecorder(db, session, quota, now, file_is_gone)
    batches = _skip_recorded_entries(db, batches)
    counts = recorder.record([(drop.id, _lines(batch)) for drop, batch in batches])
    _record_switched_off(db, batches)
    record_activity(
        db, session_id, now, accepted=session.accepted + recorder.new_job_count
    )
    moved = [
        _advanced(drop, batch, count)
        for (drop, batch), count in zip(batches, counts, strict=True)
    ]
    columns = ("cursor", "cursor_part", "accepted", "duplicate", "rejected")
    rows = [(*d.cursor, d.accepted, d.duplicate, d.rejected, d.id) for d in moved]
    update_rows(db, drops, dict.fromkeys(columns, ""), rows)
    _append_events(db, moved, now, "lines_recorded")
    return moved


def _skip_recorded_entries(
    db: Connection, batches: Sequence[tuple[Drop, Sequence[NewEntry]]]
) -> list[tuple[Drop, Sequence[NewEntry]]]:
    """Return the entries without those that a commit of unknown outcome recorded."""
    ids = [drop.id for drop, _ in batches]
    stored: dict[int, Drop] = {}
    for some in key_batches(ids):
        rows = db.execute(_DROPS, {"of_drops": some}).all()
        stored |= {row.id: drop_from_row(row) for row in rows}
    return [
        (
            stored[drop.id],
            [entry for entry in batch if is_behind(entry, stored[drop.id].cursor)],
        )
        for drop, batch in batches
    ]


def is_behind(entry: NewEntry, cursor: LinePart) -> bool:
    """Return whether an entry may be unrecorded.

    The cursor does not count the recorded switched-off links of its line; these are
    recorded again, without effect.
    """
    if isinstance(entry, NewLine):
        return (entry.line, entry.part) > cursor
    return entry.line >= cursor.line


def _lines(batch: Sequence[NewEntry]) -> list[NewLine]:
    return [entry for entry in batch if isinstance(entry, NewLine)]


def _record_switched_off(
    db: Connection, batches: Sequence[tuple[Drop, Sequence[NewEntry]]]
) -> None:
    rows = [
        (drop.id, *entry)
        for drop, batch in batches
        for entry in batch
        if isinstance(entry, SwitchedOffLink)
    ]
    columns = ("drop_id", "line", "number")
    insert_rows(db, switched_off_links, columns, rows, ignore_known=True)


def _cursor_after(cursor: LinePart, batch: Sequence[NewEntry]) -> LinePart:
    """Return the cursor after a batch.

    A switched-off link follows all lines above its own, but links of its own line may
    follow it.
    """
    for entry in reversed(batch):
        if isinstance(entry, NewLine):
            return max(cursor, LinePart(entry.line, entry.part))
        cursor = max(cursor, LinePart(entry.line - 1))
    return cursor


def _advanced(drop: Drop, batch: Sequence[NewEntry], counts: Counter[str]) -> Drop:
    return replace(
        drop,
        cursor=_cursor_after(drop.cursor, batch),
        accepted=drop.accepted + counts["accepted"],
        duplicate=drop.duplicate + counts["duplicate"],
        rejected=drop.rejected + counts["rejected"],
    )


def finish_recording(
    db: Connection, ended: Sequence[tuple[Drop, str | None]], now: Now
) -> None:
    """Mark drops as recorded completely.

    Args:
        db: A write transaction.
        ended: Drops, each with the reason why none of its lines was usable, or None.
        now: The moment.
    """
    rows = [("recorded", reason, drop.id) for drop, reason in ended]
    update_rows(db, drops, {"state": "", "reason": ""}, rows)
    _append_events(db, [drop for drop, _ in ended], now, "drop_recorded")


def mark_filed(db: Connection, filed: Sequence[DropPlacement], now: Now) -> None:
    """Store the places of drops' files."""
    rows = [(f.state, f.filed_name, f.at_root, f.drop.id) for f in filed]
    update_rows(db, drops, {"state": "", "filed_name": "", "at_root": ""}, rows)
    for state in {f.state for f in filed}:
        gone = [f.drop for f in filed if f.state == state]
        _append_events(db, gone, now, f"drop_{state}")


def abort_recording(
    db: Connection,
    drop: Drop,
    reason: str,
    now: Now,
    *,
    filed: DropPlacement | None = None,
) -> None:
    """End a drop whose remaining lines cannot be recorded; the recorded ones stay.

    Args:
        db: A write transaction.
        drop: Partly recorded.
        reason: What happened, for its receipt.
        now: The moment.
        filed: The file's place; None when the file is gone.
    """
    place = filed or DropPlacement(
        drop=drop, state="filed" if drop.has_usable_lines else "rejected"
    )
    update_rows(db, drops, {"reason": ""}, [(reason, drop.id)])
    mark_filed(db, [place], now)


def _append_events(
    db: Connection, changed: Sequence[Drop], now: Now, reason: str
) -> None:
    rows = [(now.wall, drop.session_id, drop.id, reason) for drop in changed]
    insert_rows(db, events, ("at", "session_id", "drop_id", "reason"), rows)
