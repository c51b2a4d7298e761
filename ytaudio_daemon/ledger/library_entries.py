"""Which library file belongs to which job."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A job's file in its session's library folder.

    Attributes:
        attempt: The attempt that made the audio.
        name: In the folder.
        identity: Inode, size and mtime as it was put there: when they differ, the
            file is the user's own by now.
    """

    job_id: int
    attempt: int
    name: str
    identity: str


def shelved(db: Connection, job_id: int) -> Shelved | None:
    """Return what was put into the library for a job last."""
    found = db.execute(sa.select(shelf).where(shelf.c.job_id == job_id)).mappings()
    row = found.first()
    return None if row is None else Shelved(**row)


def keep_shelved(db: Connection, entries: Iterable[Shelved]) -> None:
    """Keep what was put into the library."""
    for entry in entries:
        db.execute(sa.delete(shelf).where(shelf.c.job_id == entry.job_id))
        db.execute(
            sa.insert(shelf).values(
                job_id=entry.job_id,
                attempt=entry.attempt,
                name=entry.name,
                identity=entry.identity,
            ),
        )
