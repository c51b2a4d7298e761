"""Reads the events that views are updated from, and the drops that they concern."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.bulk import key_batches
from ytaudio_daemon.ledger.collections import ASKED_AGAIN, EVENT_PREFIX
from ytaudio_daemon.ledger.removals import REMOVED_EVENT
from ytaudio_daemon.ledger.schema import entries, events, lines
from ytaudio_daemon.model import FINALIZED

_CHANGES_AFTER = (
    sa.select(events)
    .where(events.c.id > sa.bindparam("after"))
    .order_by(events.c.id)
    .limit(sa.bindparam("limit"))
)
_SOME_JOBS: sa.BindParameter[int] = sa.bindparam("of_jobs", expanding=True)
_DROPS_OF_JOBS = (
    sa.select(lines.c.drop_id).where(lines.c.job_id.in_(_SOME_JOBS)).distinct()
)
_DROPS_OF_ENTRIES = (
    sa.select(lines.c.drop_id)
    .join(entries, entries.c.collection_id == lines.c.collection_id)
    .where(entries.c.job_id.in_(_SOME_JOBS), lines.c.collection_id.is_not(None))
    .distinct()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The session, job and drop that an event changed."""

    event_id: int
    session_id: int
    job_id: int | None
    drop_id: int | None
    reason: str
    to_state: str | None = None
    collection_id: int | None = None

    @property
    def ends_job(self) -> bool:
        """Whether a job was finalized."""
        return self.to_state in FINALIZED

    @property
    def removes_file(self) -> bool:
        """Whether `keep_last` removed a job's file."""
        return self.reason == REMOVED_EVENT

    @property
    def is_of_collection(self) -> bool:
        """Whether it is an event of a collection that the drop names."""
        return self.reason.startswith(EVENT_PREFIX)

    @property
    def is_asked_again(self) -> bool:
        """Whether a person requested a collection again that was listed before."""
        return self.reason == f"{EVENT_PREFIX}{ASKED_AGAIN}"


def changes_after(db: Connection, event_id: int, limit: int = 2000) -> list[Change]:
    """Return the next events after a cursor, in order."""
    rows = db.execute(_CHANGES_AFTER, {"after": event_id, "limit": limit}).all()
    return [
        Change(
            event_id=row.id,
            session_id=row.session_id,
            job_id=row.job_id,
            drop_id=row.drop_id,
            reason=row.reason,
            to_state=row.to_state,
            collection_id=row.collection_id,
        )
        for row in rows
    ]


def drops_of_jobs(db: Connection, job_ids: Sequence[int]) -> set[int]:
    """Return the drops whose receipts list any of these jobs."""
    found: set[int] = set()
    for batch in key_batches(job_ids):
        some = {"of_jobs": batch}
        found |= set(db.execute(_DROPS_OF_JOBS, some).scalars())
        found |= set(db.execute(_DROPS_OF_ENTRIES, some).scalars())
    return found
