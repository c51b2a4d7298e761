"""Queries of drops: unfiled drops, kept files, places of files, recorded lines."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.line_order import IS_AFTER_BOUND, ORDER, bound_after
from ytaudio_daemon.ledger.schema import UNFILED, drops, jobs, lines, sessions
from ytaudio_daemon.model import LinePart, SessionState
from ytaudio_daemon.urls import Link, parse_plain_link

#: A file that stays in the inbox: session name, whether it lies at the root, file name.
KeptFile = tuple[str, bool, bytes]


class WrittenLine(NamedTuple):
    """A recorded line, as a person wrote it.

    Attributes:
        place: Its number and part.
        text: The text as it is shown.
        link: The video that it names, or None.
    """

    place: LinePart
    text: str
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A drop's row; `cursor` is the last entry that is recorded."""

    id: int
    session_id: int
    name: bytes
    state: str
    cursor: LinePart
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


def unfiled_drops(db: Connection) -> dict[tuple[str, bytes, str], Drop]:
    """Return active sessions' unfiled drops, by session name, file name and SHA-256.

    At a start these are the drops that a crash interrupted.
    """
    query = (
        sa.select(drops, sessions.c.name.label("session_name"))
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(drops.c.state.in_(UNFILED))
        .where(sessions.c.state == SessionState.ACTIVE)
    )
    rows = db.execute(query).all()
    return {(r.session_name, bytes(r.name), r.sha256): drop_from_row(r) for r in rows}


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

    A drop that is not filed yet has the name with which it was dropped.
    """
    name = sa.func.coalesce(drops.c.filed_name, drops.c.name)
    query = sa.select(sessions.c.name, drops.c.at_root, name).join(
        sessions, sessions.c.id == drops.c.session_id
    )
    return {(row[0], bool(row[1]), bytes(row[2])) for row in db.execute(query).all()}


def kept_files(db: Connection) -> dict[KeptFile, Drop]:
    """Return the newest drop of every file that stays in the inbox.

    By session name, not by session: the files of an expired session still exist, and
    must not be recorded again.
    """
    query = (
        sa.select(drops, sessions.c.name.label("session_name"))
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(drops.c.state == "kept")
        .order_by(drops.c.id)
    )
    rows = db.execute(query).all()
    return {(r.session_name, r.at_root, bytes(r.name)): drop_from_row(r) for r in rows}


def kept_drops(db: Connection, file: KeptFile) -> list[int]:
    """Return the numbers of a kept file's drops, one for each content that it had."""
    session_name, at_root, name = file
    query = (
        sa.select(drops.c.id)
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(sessions.c.name == session_name, drops.c.name == name)
        .where(drops.c.state == "kept", drops.c.at_root == at_root)
    )
    return list(db.execute(query.order_by(drops.c.id)).scalars())


def written_lines_after(
    db: Connection, drop_id: int, after: LinePart, count: int
) -> list[WrittenLine]:
    """Return at most `count` lines of a drop after a line."""
    query = (
        sa.select(*ORDER, lines.c.text, lines.c.again, jobs.c.video_id)
        .outerjoin(jobs, jobs.c.id == lines.c.job_id)
        .where(lines.c.drop_id == drop_id, IS_AFTER_BOUND)
        .order_by(*ORDER)
        .limit(count)
    )
    rows = db.execute(query, bound_after(after)).all()
    return [
        WrittenLine(
            LinePart(row.line, row.part), row.text, _link(row.video_id, row.again)
        )
        for row in rows
    ]


def _link(video_id: str | None, again: str | None) -> Link | None:
    """Return the link of a line with a job, or of a refused one that names a video."""
    if video_id is not None:
        return Link(video_id)
    return parse_plain_link(again.partition(" ")[0]) if again else None


def orphaned_drops(db: Connection) -> list[Drop]:
    """Return the unfiled drops of expired sessions."""
    query = (
        sa.select(drops)
        .join(sessions, sessions.c.id == drops.c.session_id)
        .where(drops.c.state.in_(UNFILED))
        .where(sessions.c.state != SessionState.ACTIVE)
    )
    return [drop_from_row(row) for row in db.execute(query).all()]


def drop_from_row(row: Any) -> Drop:
    """Return the drop of a row."""
    return Drop(
        id=row.id,
        session_id=row.session_id,
        name=bytes(row.name),
        state=row.state,
        cursor=LinePart(row.cursor, row.cursor_part),
        accepted=row.accepted,
        duplicate=row.duplicate,
        rejected=row.rejected,
        sha256=row.sha256,
        filed_name=None if row.filed_name is None else bytes(row.filed_name),
        received_at=row.received_at,
    )
