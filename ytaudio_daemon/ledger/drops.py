"""Drops as rows: opening, recording line by line, filing."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.clerk import Ask, Clerk, NewLine
from ytaudio_daemon.ledger.record import touch
from ytaudio_daemon.ledger.schema import drops, events, lines, sessions
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

__all__ = [
    "Ask",
    "Drop",
    "NewLine",
    "finish_recording",
    "kept_files",
    "kept_texts",
    "mark_filed",
    "open_drop",
    "record_batch",
    "unfiled_drop",
    "unfiled_drops",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A drop as the ledger knows it; `cursor` is the last line recorded."""

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

    @property
    def usable(self) -> bool:
        """Whether any line of it became or met a job."""
        return self.accepted + self.duplicate > 0


def unfiled_drop(
    db: Connection, session_id: int, name: bytes, sha256: str
) -> Drop | None:
    """Return the drop of that content that is not filed yet: a crash left it."""
    row = db.execute(
        sa.select(drops).where(
            drops.c.session_id == session_id,
            drops.c.name == name,
            drops.c.sha256 == sha256,
            drops.c.state.in_(["recording", "recorded"]),
        ),
    ).first()
    return None if row is None else _drop(row)


def unfiled_drops(db: Connection) -> dict[tuple[str, bytes, str], Drop]:
    """Return the drops a crash left unfiled, by session name, file name and content."""
    query = (
        sa.select(drops, sessions.c.name.label("session_name"))
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(drops.c.state.in_(["recording", "recorded"]))
        .where(sessions.c.state == SessionState.ACTIVE)
    )
    rows = db.execute(query).all()
    return {(r.session_name, bytes(r.name), r.sha256): _drop(r) for r in rows}


def kept_files(db: Connection) -> dict[tuple[str, bytes], str]:
    """Return the newest content hash of every file that stayed in place.

    By session name, not session: when a session expires its files are still there,
    and must not all be taken again.
    """
    query = (
        sa.select(sessions.c.name.label("session_name"), drops.c.name, drops.c.sha256)
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(drops.c.state == "kept")
        .order_by(drops.c.id)
    )
    rows = db.execute(query).all()
    return {(row.session_name, bytes(row.name)): row.sha256 for row in rows}


def kept_texts(db: Connection, session_name: str, name: bytes) -> frozenset[str]:
    """Return the lines that earlier contents of a kept file had."""
    query = (
        sa.select(lines.c.text)
        .join(drops, drops.c.id == lines.c.drop_id)
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(sessions.c.name == session_name, drops.c.name == name)
        .where(drops.c.state == "kept")
    )
    return frozenset(db.execute(query).scalars())


def open_drop(
    db: Connection, session_id: int, name: bytes, sha256: str, size: int, now: Now
) -> Drop:
    """Return the unfiled drop of that content, or begin a new one."""
    known = unfiled_drop(db, session_id, name, sha256)
    if known is not None:
        return known
    done = db.execute(
        sa.insert(drops)
        .values(
            session_id=session_id,
            name=name,
            sha256=sha256,
            size_bytes=size,
            received_at=now.wall,
            state="recording",
        )
        .returning(drops),
    )
    return _drop(done.one())


def record_batch(
    db: Connection,
    drop: Drop,
    batch: Sequence[NewLine],
    *,
    quota: Quota,
    now: Now,
    file_is_gone: Callable[[str], bool],
) -> Drop:
    """Record lines behind the drop's cursor, all or none.

    A new audio becomes a queued job, or a held one over the quota. The same audio
    twice in a session is one job; if that job failed, was cancelled, or its finished
    file is gone, the line runs it again.

    Args:
        db: A write transaction.
        drop: As last returned.
        batch: Lines in order, at most a thousand (one transaction's worth).
        quota: The config's quota.
        now: The moment.
        file_is_gone: Tells whether a completed job's output path is no longer there.

    Returns:
        The drop with its cursor and counts moved on.
    """
    mine = sa.select(sessions).where(sessions.c.id == drop.session_id)
    session = db.execute(mine).one()
    clerk = Clerk(db, session, quota, now, file_is_gone)
    counts = clerk.enter(drop.id, batch)
    touch(db, drop.session_id, now, accepted=session.accepted + clerk.new_jobs)
    return _advance(db, drop, batch[-1].line, counts, now)


def finish_recording(db: Connection, drop: Drop, reason: str | None, now: Now) -> None:
    """Every line of it is durable; `reason` says why none was usable."""
    db.execute(
        sa.update(drops)
        .where(drops.c.id == drop.id)
        .values(state="recorded", reason=reason),
    )
    _note(db, drop, now, "drop_recorded")


def mark_filed(
    db: Connection,
    drop: Drop,
    state: str,
    filed_name: bytes | None,
    now: Now,
    *,
    at_root: bool = False,
) -> None:
    """Note where it went: state `filed`, `kept` or `rejected`.

    `at_root`: it was dropped straight into the inbox.
    """
    db.execute(
        sa.update(drops)
        .where(drops.c.id == drop.id)
        .values(state=state, filed_name=filed_name, at_root=at_root),
    )
    _note(db, drop, now, f"drop_{state}")


def _advance(
    db: Connection, drop: Drop, cursor: int, counts: Counter[str], now: Now
) -> Drop:
    row = db.execute(
        sa.update(drops)
        .where(drops.c.id == drop.id)
        .values(
            cursor=cursor,
            **{name: drops.c[name] + n for name, n in counts.items()},
        )
        .returning(drops),
    ).one()
    _note(db, drop, now, "lines_recorded")
    return _drop(row)


def _note(db: Connection, drop: Drop, now: Now, reason: str) -> None:
    db.execute(
        sa.insert(events).values(
            at=now.wall, session_id=drop.session_id, drop_id=drop.id, reason=reason
        ),
    )


def _drop(row: Any) -> Drop:
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
    )
