"""What the library's new layout needs of the ledger: files a page at a time, and moves."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.collections import append_collection_event
from ytaudio_daemon.ledger.library_entries import LibraryEntry
from ytaudio_daemon.ledger.library_playlists import collections_of_jobs
from ytaudio_daemon.ledger.schema import collections, jobs, library_entries
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now

#: Files that are read in one transaction.
PAGE_SIZE = 50
#: The reason of the event for a collection whose songs have other paths.
RELAID = "relaid"


def library_page(
    db: Connection, after_job_id: int, session_id: int | None
) -> list[LibraryEntry]:
    """Return the next files of completed jobs in the library, that `keep_last` left.

    Args:
        db: A transaction.
        after_job_id: The last job before.
        session_id: Only this session's; None for all.
    """
    query = _files().where(library_entries.c.job_id > after_job_id)
    if session_id is not None:
        query = query.where(jobs.c.session_id == session_id)
    rows = db.execute(query.order_by(library_entries.c.job_id).limit(PAGE_SIZE))
    return [LibraryEntry(**row) for row in rows.mappings().all()]


def is_current(db: Connection, entry: LibraryEntry) -> bool:
    """Return whether a file is still recorded so, and not being removed or replaced.

    Args:
        db: A transaction. Until a write transaction ends, the daemon does neither.
        entry: The file as it was read before.
    """
    mine = library_entries.c.job_id == entry.job_id
    row = db.execute(_files().where(mine)).mappings().first()
    return row is not None and LibraryEntry(**row) == entry


def record_move(db: Connection, moved: LibraryEntry, now: Now) -> None:
    """Store where a file is now, and have its collections' playlists written again.

    Args:
        db: A write transaction.
        moved: The file as it is.
        now: The moment.
    """
    mine = library_entries.c.job_id == moved.job_id
    values = {"name": moved.name, "identity": moved.identity}
    db.execute(sa.update(library_entries).where(mine).values(values))
    concerned = sorted(collections_of_jobs(db, [moved.job_id]))
    query = sa.select(collections).where(collections.c.id.in_(concerned))
    for row in db.execute(query).all():
        append_collection_event(db, row, now, RELAID)


def _files() -> sa.Select[Any]:
    """Return the query of the files that the latest attempts of completed jobs made."""
    return (
        sa.select(library_entries)
        .join(jobs, jobs.c.id == library_entries.c.job_id)
        .where(
            jobs.c.state == JobState.COMPLETED,
            jobs.c.attempt == library_entries.c.attempt,  # else it is being replaced
            sa.func.coalesce(jobs.c.file_size_bytes, 1) > 0,  # see removals.begin
        )
    )
