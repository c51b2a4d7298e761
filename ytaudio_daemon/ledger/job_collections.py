"""Reads the collection that made a job, with the album that its song is on."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import collections, entries, jobs
from ytaudio_daemon.model.channel_albums import album_at
from ytaudio_daemon.model.job_collection import JobCollection
from ytaudio_daemon.model.listing import AlbumFacts

_QUERY = (
    sa.select(
        collections.c.id,
        collections.c.uuid,
        collections.c.key,
        collections.c.kind,
        collections.c.title,
        collections.c.channel,
        collections.c.entry_count,
        collections.c.album,
        jobs.c.collection_position,
        entries.c.track,
        entries.c.attempt,
        entries.c.position.label("listed_position"),
    )
    .select_from(jobs)
    .join(collections, collections.c.id == jobs.c.collection_id)
    .outerjoin(
        entries,
        sa.and_(
            entries.c.collection_id == jobs.c.collection_id,
            entries.c.video_id == jobs.c.video_id,
        ),
    )
    .where(jobs.c.id == sa.bindparam("of_job"))
)


def collection_of_job(db: Connection, job_id: int) -> JobCollection | None:
    """Return the collection that made a job; None when a line or a client did."""
    row = db.execute(_QUERY, {"of_job": job_id}).first()
    if row is None:
        return None
    album = _album_of_entry(row)
    return replace(
        job_collection_from_row(row),
        position=row.collection_position,
        album=album,
        track=None if album is None else row.track,
    )


def _album_of_entry(row: Any) -> AlbumFacts | None:
    """Return the album that an entry of an album or a channel is on, or None."""
    if row.kind == "album":
        return None if row.album is None else AlbumFacts.from_json(row.album)
    if row.kind != "channel" or row.attempt is None:
        return None
    return album_at(row.album, row.attempt, row.listed_position)


def job_collection_from_row(row: Any) -> JobCollection:
    """Return the fields that a row of `collections` has, without those of the job."""
    return JobCollection(
        row_id=row.id,
        uuid=row.uuid,
        key=row.key,
        kind=row.kind,
        title=row.title or "",
        channel=row.channel or "",
        count=row.entry_count,
    )
