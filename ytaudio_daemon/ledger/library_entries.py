"""Stores each job's file in the library, and the moves of a new layout."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.collections import append_collection_event
from ytaudio_daemon.ledger.library_playlists import collections_of_jobs
from ytaudio_daemon.ledger.schema import jobs, library_entries
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now

_ENTRY = sa.select(library_entries).where(
    library_entries.c.job_id == sa.bindparam("of_job")
)
_CHANGE = sa.update(library_entries).where(
    library_entries.c.job_id == sa.bindparam("of_job")
)
_NAMES = ("attempt", "name", "identity")
#: Inserts nothing for a job that was pruned meanwhile.
_CREATE = sa.insert(library_entries).from_select(
    ("job_id", *_NAMES),
    sa.select(
        jobs.c.id,
        *(sa.bindparam(name, type_=library_entries.c[name].type) for name in _NAMES),
    ).where(jobs.c.id == sa.bindparam("of_job")),
)
#: Files read in one transaction.
PAGE_SIZE = 50
#: The reason of the event of a collection whose songs were moved.
RELAID = "relaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryEntry:
    """A job's file in its session's library folder.

    Attributes:
        attempt: The attempt that made the audio.
        name: The file's name in the folder.
        identity: The file's inode, size and mtime when it was added: a file for which
            they differ is the user's own.
    """

    job_id: int
    attempt: int
    name: str
    identity: str


def find_library_entry(db: Connection, job_id: int) -> LibraryEntry | None:
    """Return the file that was last added to the library for a job, if any."""
    row = db.execute(_ENTRY, {"of_job": job_id}).mappings().first()
    return None if row is None else LibraryEntry(**row)


def save_library_entries(db: Connection, entries: Iterable[LibraryEntry]) -> None:
    """Store the files that were added to the library, except those of pruned jobs."""
    for entry in entries:
        added = {name: getattr(entry, name) for name in _NAMES}
        changed = db.execute(_CHANGE, {"of_job": entry.job_id, **added})
        if changed.rowcount == 0:
            db.execute(_CREATE, {"of_job": entry.job_id, **added})


def library_page(
    db: Connection, after_job_id: int, session_id: int | None
) -> list[LibraryEntry]:
    """Return the next files of completed jobs in the library that `keep_last` leaves there.

    Args:
        db: A transaction.
        after_job_id: The last job of the page before; 0 at first.
        session_id: Only files of this session; None for all.
    """
    query = _files().where(library_entries.c.job_id > after_job_id)
    if session_id is not None:
        query = query.where(jobs.c.session_id == session_id)
    rows = db.execute(query.order_by(library_entries.c.job_id).limit(PAGE_SIZE))
    return [LibraryEntry(**row) for row in rows.mappings().all()]


def is_current(db: Connection, entry: LibraryEntry) -> bool:
    """Return whether a file is recorded unchanged, and neither removed nor replaced.

    Args:
        db: A transaction. Until a write transaction ends, the daemon does neither.
        entry: The file as it was read before.
    """
    mine = library_entries.c.job_id == entry.job_id
    row = db.execute(_files().where(mine)).mappings().first()
    return row is not None and LibraryEntry(**row) == entry


def record_move(db: Connection, moved: LibraryEntry, now: Now) -> None:
    """Store the new name of a moved file; the playlists with it are written again.

    Args:
        db: A write transaction.
        moved: The file at its new place.
        now: The moment.
    """
    mine = library_entries.c.job_id == moved.job_id
    values = {"name": moved.name, "identity": moved.identity}
    db.execute(sa.update(library_entries).where(mine).values(values))
    for collection_id in sorted(collections_of_jobs(db, [moved.job_id])):
        append_collection_event(db, collection_id, now, RELAID)


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
