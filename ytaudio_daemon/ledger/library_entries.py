"""The library's files in the ledger: one row for each job that has one."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import jobs, library_entries

_ENTRY = sa.select(library_entries).where(
    library_entries.c.job_id == sa.bindparam("of_job")
)
_CHANGE = sa.update(library_entries).where(
    library_entries.c.job_id == sa.bindparam("of_job")
)
_NAMES = ("attempt", "name", "identity")
#: Of a job that is still in the ledger: it may have been pruned meanwhile.
_CREATE = sa.insert(library_entries).from_select(
    ("job_id", *_NAMES),
    sa.select(
        jobs.c.id,
        *(sa.bindparam(name, type_=library_entries.c[name].type) for name in _NAMES),
    ).where(jobs.c.id == sa.bindparam("of_job")),
)


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
    """Store the files that were added to the library, those of pruned jobs excepted."""
    for entry in entries:
        added = {name: getattr(entry, name) for name in _NAMES}
        changed = db.execute(_CHANGE, {"of_job": entry.job_id, **added})
        if changed.rowcount == 0:
            db.execute(_CREATE, {"of_job": entry.job_id, **added})
