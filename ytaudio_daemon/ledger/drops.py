"""Drops in the ledger: created, recorded line by line, marked as filed."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.bulk import (
    MAX_KEYS_PER_QUERY,
    insert_rows,
    reserve_ids,
    update_rows,
)
from ytaudio_daemon.ledger.enqueue import JobOptions
from ytaudio_daemon.ledger.events import record_activity
from ytaudio_daemon.ledger.line_recorder import LineRecorder, NewLine
from ytaudio_daemon.ledger.schema import drops, events, lines, sessions
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

__all__ = [
    "Drop",
    "DropPlacement",
    "JobOptions",
    "KeptFile",
    "NewDrop",
    "NewLine",
    "abort_recording",
    "filed_names",
    "find_or_create_drops",
    "finish_recording",
    "kept_drops",
    "kept_files",
    "known_drop_locations",
    "line_texts_after",
    "mark_filed",
    "orphaned_drops",
    "record_batches",
    "unfiled_drops",
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


#: A file that stays in the inbox: session name, whether it lies at the root, file name.
KeptFile = tuple[str, bool, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A drop's row; `cursor` is the last line that is recorded."""

    id: int
    session_id: int
    name: bytes
    state: str
    cursor: int
    accepted: int
    duplicate: int
    rejected: int
    sha256: str = ""
    filed_name: bytes | None = None
    received_at: float = 0.0

    @property
    def has_usable_lines(self) -> bool:
        """True if at least one line has a job."""
        return self.accepted + self.duplicate > 0


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


def unfiled_drops(db: Connection) -> dict[tuple[str, bytes, str], Drop]:
    """Return active sessions' drops without a place yet, by session, name and SHA-256.

    After a start these are the drops that a crash interrupted.
    """
    query = (
        sa.select(drops, sessions.c.name.label("session_name"))
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(drops.c.state.in_(["recording", "recorded"]))
        .where(sessions.c.state == SessionState.ACTIVE)
    )
    rows = db.execute(query).all()
    return {(r.session_name, bytes(r.name), r.sha256): _drop_from_row(r) for r in rows}


def filed_names(db: Connection, session_id: int) -> set[tuple[bool, bytes]]:
    """Return the places of all filed drops of a session name: (at the root, name).

    Args:
        db: A transaction.
        session_id: Any session of that name.
    """
    name = sa.select(sessions.c.name).where(sessions.c.id == session_id)
    query = (
        sa.select(drops.c.at_root, drops.c.filed_name)
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(sessions.c.name == name.scalar_subquery())
        .where(drops.c.filed_name.is_not(None))
    )
    return {(row.at_root, bytes(row.filed_name)) for row in db.execute(query).all()}


def known_drop_locations(db: Connection) -> set[tuple[str, bool, bytes]]:
    """Return the places of all drops: (session name, at the root, name).

    A drop that is not filed yet is listed under the name it was dropped with.
    """
    name = sa.func.coalesce(drops.c.filed_name, drops.c.name)
    query = sa.select(sessions.c.name, drops.c.at_root, name).join(
        sessions, sessions.c.id == drops.c.session_id
    )
    return {(row[0], bool(row[1]), bytes(row[2])) for row in db.execute(query).all()}


def kept_files(db: Connection) -> dict[KeptFile, Drop]:
    """Return the newest drop of every file that stays in the inbox.

    By session name, not by session: when a session expires its files are still there,
    and must not be recorded again.
    """
    query = (
        sa.select(drops, sessions.c.name.label("session_name"))
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(drops.c.state == "kept")
        .order_by(drops.c.id)
    )
    rows = db.execute(query).all()
    return {(r.session_name, r.at_root, bytes(r.name)): _drop_from_row(r) for r in rows}


def kept_drops(db: Connection, file: KeptFile) -> list[int]:
    """Return the numbers of a kept file's drops: one for each content it has had."""
    session_name, at_root, name = file
    query = (
        sa.select(drops.c.id)
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(sessions.c.name == session_name, drops.c.name == name)
        .where(drops.c.state == "kept", drops.c.at_root == at_root)
    )
    return list(db.execute(query.order_by(drops.c.id)).scalars())


def line_texts_after(
    db: Connection, drop_id: int, line: int, count: int
) -> list[tuple[int, str]]:
    """Return at most `count` lines of a drop after line `line`: (number, text)."""
    query = (
        sa.select(lines.c.line, lines.c.text)
        .where(lines.c.drop_id == drop_id, lines.c.line > line)
        .order_by(lines.c.line)
        .limit(count)
    )
    return [(row.line, row.text) for row in db.execute(query).all()]


def find_or_create_drops(
    db: Connection, session_id: int, wanted: Sequence[NewDrop], now: Now
) -> list[Drop]:
    """Return the unfiled drop of each file, creating those that do not exist.

    Args:
        db: A write transaction.
        session_id: The session of all these files.
        wanted: No two with the same name and content.
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
            cursor=0,
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
    for start in range(0, len(names), MAX_KEYS_PER_QUERY):
        query = sa.select(drops).where(
            drops.c.session_id == session_id,
            drops.c.name.in_(names[start : start + MAX_KEYS_PER_QUERY]),
            drops.c.state.in_(["recording", "recorded"]),
        )
        mine = [_drop_from_row(row) for row in db.execute(query).all()]
        found |= {(drop.name, drop.sha256): drop for drop in mine}
    return found


def record_batches(
    db: Connection,
    session_id: int,
    batches: Sequence[tuple[Drop, Sequence[NewLine]]],
    *,
    quota: Quota,
    now: Now,
    file_is_gone: Callable[[str], bool],
) -> list[Drop]:
    """Record lines after their drops' cursors, in one transaction.

    A new audio becomes a queued job, or a held one over the quota. The same audio
    twice in a session is one job; if that job failed, was cancelled, or its finished
    file is gone, the line runs it again.

    Args:
        db: A write transaction.
        session_id: The session of all these drops.
        batches: Drops as last returned, each with its next lines in order; together at
            most a thousand, so that the transaction stays short.
        quota: The config's quota.
        now: The moment.
        file_is_gone: Returns whether a completed job's output path no longer exists.

    Returns:
        The drops with their new cursors and counts.
    """
    mine = sa.select(sessions).where(sessions.c.id == session_id)
    session = db.execute(mine).one()
    recorder = LineRecorder(db, session, quota, now, file_is_gone)
    batches = _skip_recorded_lines(db, batches)
    counts = recorder.record([(drop.id, batch) for drop, batch in batches])
    record_activity(
        db, session_id, now, accepted=session.accepted + recorder.new_job_count
    )
    moved = [
        _advanced(drop, batch, count)
        for (drop, batch), count in zip(batches, counts, strict=True)
    ]
    by_hand = {"cursor": "", "accepted": "", "duplicate": "", "rejected": ""}
    rows = [(d.cursor, d.accepted, d.duplicate, d.rejected, d.id) for d in moved]
    update_rows(db, drops, by_hand, rows)
    _append_events(db, moved, now, "lines_recorded")
    return moved


def _skip_recorded_lines(
    db: Connection, batches: Sequence[tuple[Drop, Sequence[NewLine]]]
) -> list[tuple[Drop, Sequence[NewLine]]]:
    """Drop lines that are recorded: a commit may have succeeded without an answer."""
    ids = [drop.id for drop, _ in batches]
    now: dict[int, Drop] = {}
    for start in range(0, len(ids), MAX_KEYS_PER_QUERY):
        query = sa.select(drops).where(
            drops.c.id.in_(ids[start : start + MAX_KEYS_PER_QUERY])
        )
        now |= {row.id: _drop_from_row(row) for row in db.execute(query).all()}
    return [
        (now[drop.id], [line for line in batch if line.line > now[drop.id].cursor])
        for drop, batch in batches
    ]


def _advanced(drop: Drop, batch: Sequence[NewLine], counts: Counter[str]) -> Drop:
    return replace(
        drop,
        cursor=batch[-1].line if batch else drop.cursor,
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


def orphaned_drops(db: Connection) -> list[Drop]:
    """Return the unfiled drops of expired sessions."""
    query = (
        sa.select(drops)
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(drops.c.state.in_(["recording", "recorded"]))
        .where(sessions.c.state != SessionState.ACTIVE)
    )
    return [_drop_from_row(row) for row in db.execute(query).all()]


def _append_events(
    db: Connection, noted: Sequence[Drop], now: Now, reason: str
) -> None:
    rows = [(now.wall, drop.session_id, drop.id, reason) for drop in noted]
    insert_rows(db, events, ("at", "session_id", "drop_id", "reason"), rows)


def _drop_from_row(row: Any) -> Drop:
    return Drop(
        id=row.id,
        session_id=row.session_id,
        name=bytes(row.name),
        state=row.state,
        cursor=row.cursor,
        accepted=row.accepted,
        duplicate=row.duplicate,
        rejected=row.rejected,
        sha256=row.sha256,
        filed_name=None if row.filed_name is None else bytes(row.filed_name),
        received_at=row.received_at,
    )
