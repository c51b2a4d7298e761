"""Stores the names of collections in the library; reads the entries of playlists."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.bulk import key_batches
from ytaudio_daemon.ledger.job_collections import job_collection_from_row
from ytaudio_daemon.ledger.schema import (
    collections,
    entries,
    jobs,
    library_collections,
    library_entries,
    sessions,
)
from ytaudio_daemon.model.job_collection import JobCollection
from ytaudio_daemon.model.library_facts import collection_name

#: Entries read in one query.
PAGE_SIZE = 500
_COLLECTIONS_OF_JOBS = (
    sa.select(entries.c.collection_id)
    .distinct()
    .where(entries.c.job_id.in_(sa.bindparam("of_jobs", expanding=True)))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryCollection:
    """The files of a collection in the library; its name stays when its title changes.

    Attributes:
        collection_id: Its row.
        name: The value of the field `{collection}`; no other one of the session has it.
        playlist: The path of its .m3u8 from the session's folder, if one was written.
        cover: The path of its cover, if one was written.
        cover_identity: The identity of that file then (`folders.library.library_identity`).
    """

    collection_id: int
    name: str
    playlist: str | None = None
    cover: str | None = None
    cover_identity: str | None = None


def find_library_collection(
    db: Connection, collection_id: int
) -> LibraryCollection | None:
    """Return the files of a collection in the library, if it has a name there."""
    mine = library_collections.c.collection_id == collection_id
    row = db.execute(sa.select(library_collections).where(mine)).mappings().first()
    return None if row is None else LibraryCollection(**row)


def name_collection(
    db: Connection, collection: JobCollection, session_name: str
) -> LibraryCollection:
    """Return the files of a collection in the library; name it if it has no name there.

    Args:
        db: A write transaction.
        collection: The collection.
        session_name: The name of its session: sessions of one name share a folder.
    """
    known = find_library_collection(db, collection.row_id)
    if known is not None:
        return known
    wanted = collection.title or collection.key.partition(":")[2]
    name = collection_name(wanted, collection.key, _names_in_use(db, session_name))
    named = LibraryCollection(collection_id=collection.row_id, name=name)
    db.execute(sa.insert(library_collections).values(**asdict(named)))
    return named


def _names_in_use(db: Connection, session_name: str) -> list[tuple[str, str]]:
    """Return name and key of the collections in a folder of the library."""
    query = (
        sa.select(library_collections.c.name, collections.c.key)
        .join(collections, collections.c.id == library_collections.c.collection_id)
        .join(sessions, sessions.c.id == collections.c.session_id)
        .where(sessions.c.name == session_name)
        .order_by(library_collections.c.collection_id)
    )
    return [(row.name, row.key) for row in db.execute(query).all()]


def save_library_collection(db: Connection, changed: LibraryCollection) -> None:
    """Store the files of a collection that has a name in the library."""
    mine = library_collections.c.collection_id == changed.collection_id
    db.execute(sa.update(library_collections).where(mine).values(**asdict(changed)))


class PlaylistEntry(NamedTuple):
    """An entry that has a job, or that YouTube does not provide."""

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
    """A collection, its session, and its files in the library."""

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


def playlist_page(
    db: Connection, collection_id: int, after: tuple[int, str]
) -> list[PlaylistEntry]:
    """Return the next entries in the order of the list.

    Args:
        db: A transaction.
        collection_id: The collection.
        after: Position and video of the last entry of the page before.
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
    for batch in key_batches(job_ids):
        some = {"of_jobs": batch}
        found |= set(db.execute(_COLLECTIONS_OF_JOBS, some).scalars())
    return found
