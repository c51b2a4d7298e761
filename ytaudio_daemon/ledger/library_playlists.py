"""What the library's playlists show: collections with their entries, jobs and files."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.job_collections import job_collection_from_row
from ytaudio_daemon.ledger.library_collections import (
    LibraryCollection,
    find_library_collection,
    name_collection,
)
from ytaudio_daemon.ledger.schema import (
    collections,
    entries,
    jobs,
    library_entries,
    sessions,
)
from ytaudio_daemon.model.job_collection import JobCollection

#: Rows of an entry's page.
PAGE_SIZE = 500
_COLLECTIONS_OF_JOBS = (
    sa.select(entries.c.collection_id)
    .distinct()
    .where(entries.c.job_id.in_(sa.bindparam("of_jobs", expanding=True)))
)


class PlaylistEntry(NamedTuple):
    """An entry that has a job, or that YouTube does not hand out."""

    position: int
    video_id: str
    title: str | None
    duration_s: float | None
    unavailable: str
    gone_at: float | None
    job_id: int | None
    job_uuid: str | None
    job_title: str | None
    artist: str | None
    state: str | None
    error_message: str | None
    library_path: str | None
    removal: str | None


class PlaylistHead(NamedTuple):
    """A collection, its session, and what the library has of it."""

    collection: JobCollection
    session_name: str
    session_uuid: str
    known: LibraryCollection | None


def playlist_head(db: Connection, collection_id: int) -> PlaylistHead | None:
    """Return a collection; None when it was deleted."""
    query = (
        sa.select(
            collections,
            sessions.c.name.label("session_name"),
            sessions.c.uuid.label("session_uuid"),
        )
        .join(sessions, sessions.c.id == collections.c.session_id)
        .where(collections.c.id == collection_id)
    )
    row = db.execute(query).first()
    if row is None:
        return None
    return PlaylistHead(
        collection=job_collection_from_row(row),
        session_name=row.session_name,
        session_uuid=row.session_uuid,
        known=find_library_collection(db, collection_id),
    )


def name_playlist(db: Connection, head: PlaylistHead) -> LibraryCollection:
    """Return what the library has of a collection; one without a name gets it."""
    return name_collection(db, head.collection, head.session_name)


def playlist_page(
    db: Connection, collection_id: int, after: tuple[int, str]
) -> list[PlaylistEntry]:
    """Return the next entries in the order of the list.

    Args:
        db: A transaction.
        collection_id: The collection.
        after: Position and video of the last one before.
    """
    place = sa.tuple_(entries.c.position, entries.c.video_id)
    query = (
        sa.select(
            entries.c.position,
            entries.c.video_id,
            entries.c.title,
            sa.func.coalesce(jobs.c.duration_s, entries.c.duration_s),
            entries.c.unavailable,
            entries.c.gone_at,
            jobs.c.id,
            jobs.c.uuid,
            jobs.c.title,
            jobs.c.artist,
            jobs.c.state,
            jobs.c.error_message,
            library_entries.c.name,
            entries.c.removal,
        )
        .outerjoin(jobs, jobs.c.id == entries.c.job_id)
        .outerjoin(library_entries, library_entries.c.job_id == entries.c.job_id)
        .where(
            entries.c.collection_id == collection_id,
            place > sa.tuple_(*after),
            sa.or_(
                entries.c.job_id.is_not(None),
                sa.and_(entries.c.unavailable != "", entries.c.skipped.is_(None)),
            ),
        )
        .order_by(entries.c.position, entries.c.video_id)
        .limit(PAGE_SIZE)
    )
    return [PlaylistEntry._make(row) for row in db.execute(query).all()]


def collections_of_jobs(db: Connection, job_ids: Sequence[int]) -> set[int]:
    """Return the collections that list any of these jobs."""
    found: set[int] = set()
    for start in range(0, len(job_ids), 500):  # SQLite takes few bound values
        some = {"of_jobs": job_ids[start : start + 500]}
        found |= set(db.execute(_COLLECTIONS_OF_JOBS, some).scalars())
    return found
