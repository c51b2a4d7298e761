"""Reads and changes the archive: videos that count as downloaded already."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.bulk import insert_rows, key_batches, placeholder
from ytaudio_daemon.ledger.schema import archive, jobs, lines, sessions
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn
from ytaudio_daemon.model.clock import Now

#: The `session` of entries that hold for all sessions.
ALL_SESSIONS = ""
#: The code of a link that is not fetched because the archive has its video.
IN_ARCHIVE = "in_archive"

#: NULL when the archive is empty: one search of the key's index.
_FIRST = sa.select(sa.func.min(archive.c.video_id))
_COLUMNS = ("video_id", "session", "added_at", "found_in", "path")

#: Names of the sessions whose entries count, `ALL_SESSIONS` among them; None: every entry.
Scope = Sequence[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveEntry:
    """A video in the archive; see `ledger.archive_table`."""

    video_id: str
    session: str
    added_at: float
    found_in: FoundIn
    path: bytes | None

    @property
    def key(self) -> tuple[str, str]:
        """Its key in the order of `archive_page`."""
        return self.video_id, self.session


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedCounts:
    """The numbers of videos that `add_videos` got.

    Attributes:
        added: Videos that were new in the archive.
        known: Videos that were in the archive before.
        moved: Known videos of which another path was stored, or the first one.
    """

    added: int = 0
    known: int = 0
    moved: int = 0

    def __add__(self, other: "AddedCounts") -> "AddedCounts":
        """Return the sums."""
        return AddedCounts(
            added=self.added + other.added,
            known=self.known + other.known,
            moved=self.moved + other.moved,
        )


@lru_cache(maxsize=64)
def since_text(added_at: float) -> str:
    """Return why a video is not fetched: `in the archive since 2026-01-02` (UTC)."""
    day = datetime.fromtimestamp(added_at, UTC).date()
    return f"in the archive since {day.isoformat()}"


def find_archived(
    db: Connection, session_name: str, video_ids: Sequence[str]
) -> dict[str, float]:
    """Return when the videos that a session has in the archive were added to it, by video.

    It runs SQL of the driver, as `bulk.jobs_by_key`: it is called for a million links.

    Args:
        db: A transaction.
        session_name: The name of the session.
        video_ids: Any number of videos.
    """
    found: dict[str, float] = {}
    if db.execute(_FIRST).scalar() is None:
        return found
    mark = placeholder(db)
    for some in key_batches(video_ids):
        query = (
            "SELECT video_id, min(added_at) FROM archive"  # noqa: S608 - marks
            f" WHERE video_id IN ({', '.join([mark] * len(some))})"
            f" AND session IN ('', {mark}) GROUP BY video_id"
        )
        found.update(
            (row[0], row[1]) for row in db.exec_driver_sql(query, (*some, session_name))
        )
    return found


def add_videos(
    db: Connection, session_name: str, videos: Iterable[ArchivedVideo], now: Now
) -> AddedCounts:
    """Add videos to the archive; known ones keep the day on which they were added.

    If a known video comes with another path, that is stored.

    Args:
        db: A write transaction.
        session_name: The session for which they count; `ALL_SESSIONS` for all.
        videos: At most some thousands, so that the transaction is short.
        now: The moment.
    """
    wanted: dict[str, ArchivedVideo] = {}
    total = 0
    for video in videos:
        total += 1
        if video.video_id not in wanted or wanted[video.video_id].path is None:
            wanted[video.video_id] = video
    known = _paths(db, session_name, list(wanted))
    new = [video for video in wanted.values() if video.video_id not in known]
    moved = [
        video
        for video in wanted.values()
        if video.path is not None
        and video.video_id in known
        and known[video.video_id] != video.path
    ]
    insert_rows(db, archive, _COLUMNS, _rows(session_name, new, now), ignore_known=True)
    rows = _rows(session_name, moved, now)
    insert_rows(db, archive, _COLUMNS, rows, update_known=("path",))
    return AddedCounts(added=len(new), known=total - len(new), moved=len(moved))


def _rows(
    session_name: str, videos: Sequence[ArchivedVideo], now: Now
) -> list[tuple[Any, ...]]:
    return [
        (video.video_id, session_name, now.wall, video.found_in.value, video.path)
        for video in videos
    ]


def _paths(
    db: Connection, session_name: str, video_ids: Sequence[str]
) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for some in key_batches(video_ids):
        query = sa.select(archive.c.video_id, archive.c.path).where(
            archive.c.video_id.in_(some), archive.c.session == session_name
        )
        found.update((row.video_id, row.path) for row in db.execute(query))
    return found


def scope_of(session_name: str | None) -> Scope:
    """Return the scope of a session, with what counts for all sessions; None: everything."""
    return None if session_name is None else (ALL_SESSIONS, session_name)


def count_entries(db: Connection, scope: Scope) -> int:
    """Return the number of entries."""
    query = sa.select(sa.func.count()).select_from(archive)
    return db.execute(query.where(*_conditions(scope))).scalar_one()


def newest_entries(db: Connection, scope: Scope, limit: int) -> list[ArchiveEntry]:
    """Return the entries that were added last, the newest first."""
    query = sa.select(archive).where(*_conditions(scope))
    order = query.order_by(archive.c.added_at.desc(), archive.c.video_id)
    return [_entry_from_row(row) for row in db.execute(order.limit(limit))]


def archive_page(
    db: Connection, scope: Scope, after: tuple[str, str], limit: int
) -> list[ArchiveEntry]:
    """Return the next entries, by video and session.

    Args:
        db: A transaction.
        scope: The sessions.
        after: The key of the last entry of the page before; `("", "")` at first.
        limit: At most so many.
    """
    key = sa.tuple_(archive.c.video_id, archive.c.session)
    query = sa.select(archive).where(key > after, *_conditions(scope))
    order = query.order_by(archive.c.video_id, archive.c.session)
    return [_entry_from_row(row) for row in db.execute(order.limit(limit))]


def entries_of_videos(
    db: Connection, scope: Scope, video_ids: Sequence[str]
) -> list[ArchiveEntry]:
    """Return the entries of some videos, by video and session."""
    found: list[ArchiveEntry] = []
    for some in key_batches(video_ids):
        mine = archive.c.video_id.in_(some)
        query = sa.select(archive).where(mine, *_conditions(scope))
        found += [_entry_from_row(row) for row in db.execute(query)]
    return sorted(found, key=lambda entry: entry.key)


def delete_entries(db: Connection, entries: Iterable[ArchiveEntry]) -> None:
    """Delete entries: their videos no longer count as downloaded."""
    keys = [(entry.video_id, entry.session) for entry in entries]
    if keys:
        mark = placeholder(db)
        statement = f"DELETE FROM archive WHERE video_id = {mark} AND session = {mark}"  # noqa: S608 - marks
        db.exec_driver_sql(statement, keys)


def count_lines(db: Connection, drop_id: int) -> int:
    """Return how many lines of a drop have no job because of the archive."""
    query = sa.select(sa.func.count()).select_from(lines)
    mine = lines.c.drop_id == drop_id, lines.c.code == IN_ARCHIVE
    return db.execute(query.where(*mine)).scalar_one()


def finished_videos(
    db: Connection, session_name: str | None, after_id: int, limit: int
) -> list[tuple[int, str]]:
    """Return the next jobs whose audio was finished, each with its video, in order.

    Args:
        db: A transaction.
        session_name: Only jobs of sessions with this name; None for all.
        after_id: The last job of the page before; 0 at first.
        limit: At most so many.
    """
    query = sa.select(jobs.c.id, jobs.c.video_id).where(
        jobs.c.id > after_id, jobs.c.state == JobState.COMPLETED.value
    )
    if session_name is not None:
        query = query.join(sessions).where(sessions.c.name == session_name)
    rows = db.execute(query.order_by(jobs.c.id).limit(limit)).all()
    return [(row.id, row.video_id) for row in rows]


def _conditions(scope: Scope) -> Iterator[sa.ColumnElement[bool]]:
    if scope is not None:
        yield archive.c.session.in_(scope)


def _entry_from_row(row: Any) -> ArchiveEntry:
    return ArchiveEntry(
        video_id=row.video_id,
        session=row.session,
        added_at=row.added_at,
        found_in=FoundIn(row.found_in),
        path=None if row.path is None else bytes(row.path),
    )
