"""What the library's new layout needs of the ledger: files a page at a time, and moves."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.collections import append_collection_event
from ytaudio_daemon.ledger.library_entries import LibraryEntry
from ytaudio_daemon.ledger.library_playlists import collections_of_jobs
from ytaudio_daemon.ledger.schema import collections, jobs, library_entries
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now

#: Files that are looked at, and then recorded, in one transaction.
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
    query = (
        sa.select(library_entries)
        .join(jobs, jobs.c.id == library_entries.c.job_id)
        .where(
            library_entries.c.job_id > after_job_id,
            jobs.c.state == JobState.COMPLETED,
            sa.func.coalesce(jobs.c.file_size_bytes, 1) > 0,  # see removals.begin
        )
    )
    if session_id is not None:
        query = query.where(jobs.c.session_id == session_id)
    rows = db.execute(query.order_by(library_entries.c.job_id).limit(PAGE_SIZE))
    return [LibraryEntry(**row) for row in rows.mappings().all()]


def record_moves(
    db: Connection, moves: Iterable[tuple[LibraryEntry, LibraryEntry]], now: Now
) -> None:
    """Store where files are now, and have their collections' playlists written again.

    Args:
        db: A write transaction.
        moves: Each file as it was recorded, and as it is; one that somebody else has
            recorded meanwhile is left as it is.
        now: The moment.
    """
    moved = [after.job_id for before, after in moves if _record(db, before, after)]
    concerned = sorted(collections_of_jobs(db, moved))
    query = sa.select(collections).where(collections.c.id.in_(concerned))
    for row in db.execute(query).all():
        append_collection_event(db, row, now, RELAID)


def _record(db: Connection, before: LibraryEntry, after: LibraryEntry) -> bool:
    same = sa.and_(
        library_entries.c.job_id == before.job_id,
        library_entries.c.name == before.name,
        library_entries.c.identity == before.identity,
    )
    values = {"name": after.name, "identity": after.identity}
    done = db.execute(sa.update(library_entries).where(same).values(values))
    return done.rowcount == 1
