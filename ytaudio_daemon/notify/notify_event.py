"""Events worth a notification, read from the ledger behind a receiver's cursor."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ytaudio_daemon.ledger import (
    Connection,
    collection_queries,
    outbox,
    queries,
    receipts,
    sessions,
)
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.ledger.outbox import SESSION_EXPIRED, TerminalEvent
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.collection import CollectionState

#: New titles of a followed collection that are named.
MAX_NEW_TITLES = 5
COMPLETED = "completed"
FAILED = "failed"
#: Lines of a drop, or all of it, were refused.
REFUSED = "refused"
DEGRADED = "degraded"
RECOVERED = "recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyEvent:
    """The end of a job, collection or session, or a drop of which lines were refused.

    Attributes:
        event: A word of `[notify] on`.
        event_id: The ledger's number.
        at: When it happened, seconds since 1970 UTC.
        job: The job as it is now, which may be later, or None.
        session: The ended session, or None.
        drop: The drop, or None.
        collection: The collection of which all is done, or None. Its jobs have no
            events of their own.
        new_titles: The titles that the last look at a followed collection found.
    """

    event: str
    event_id: int
    at: float
    job: JobRow | None = None
    session: Session | None = None
    drop: ReceiptHead | None = None
    collection: CollectionDetails | None = None
    new_titles: Sequence[str] = ()


def events_after(
    db: Connection, cursor: int, on: Collection[str], limit: int
) -> tuple[list[NotifyEvent], int]:
    """Return the events behind a cursor, and the cursor behind those that were read.

    Args:
        db: A transaction.
        cursor: The last event that was read before.
        on: The words of the events that are wanted.
        limit: Read at most so many.
    """
    rows, last = outbox.terminal_events_after(db, cursor, limit)
    single = [row for row in rows if row.collection_id is None]
    job_ids = {row.job_id for row in single if row.job_id is not None}
    drop_ids = {row.drop_id for row in single if row.drop_id is not None}
    session_ids = {row.session_id for row in single if _ends_session(row)}
    jobs = queries.jobs_by_id(db, sorted(job_ids))
    ended = sessions.sessions_by_id(db, session_ids) if session_ids else {}
    drops = receipts.receipt_heads_by_id(db, drop_ids) if drop_ids else {}
    events = [_notify_event(row, jobs, ended, drops) for row in single]
    events += _collection_events(db, rows)
    wanted = [event for event in events if event is not None and event.event in on]
    return sorted(wanted, key=lambda event: event.event_id), last


def _collection_events(
    db: Connection, rows: Sequence[TerminalEvent]
) -> list[NotifyEvent | None]:
    """Return an event for each collection of which nothing is unfinished now."""
    last_rows = {
        row.collection_id: row for row in rows if row.collection_id is not None
    }
    last_events = {each: row.event_id for each, row in last_rows.items()}
    ended = sorted(outbox.ended_collections(db, last_events))
    found = collection_queries.collections_by_id(db, ended) if ended else {}
    return [
        _collection_event(db, last_rows[each], collection)
        for each, collection in found.items()
    ]


def _collection_event(
    db: Connection, row: TerminalEvent, collection: CollectionDetails
) -> NotifyEvent | None:
    """Return the event of an ended collection; None when a person cancelled all of it."""
    counts = collection.counts
    has_failed = counts.failed or collection.state is CollectionState.FAILED
    is_cancelled = not counts.completed and row.to_state is JobState.CANCELLED
    if is_cancelled and not has_failed:
        return None
    return NotifyEvent(
        event=FAILED if has_failed else COMPLETED,
        event_id=row.event_id,
        at=row.at,
        collection=collection,
        new_titles=_new_titles(db, collection),
    )


def _new_titles(db: Connection, collection: CollectionDetails) -> Sequence[str]:
    followed = collection.subscription
    if followed is None or followed.found_at is None:
        return ()
    return collection_queries.titles_since(
        db, collection.id, followed.found_at, MAX_NEW_TITLES
    )


def _ends_session(row: TerminalEvent) -> bool:
    return row.job_id is None and row.drop_id is None


def _notify_event(
    row: TerminalEvent,
    jobs: Mapping[int, JobRow],
    ended: Mapping[int, Session],
    drops: Mapping[int, ReceiptHead],
) -> NotifyEvent | None:
    """Return the event of a row of the ledger.

    None when what it is about was pruned, or is a job that a person cancelled.
    """
    job = jobs.get(row.job_id or 0)
    drop = drops.get(row.drop_id or 0)
    session = ended.get(row.session_id) if _ends_session(row) else None
    event = SESSION_EXPIRED if session else None
    if job is not None:
        event = _event_name(row, job)
    elif drop is not None:
        event = REFUSED
    if event is None:
        return None
    return NotifyEvent(
        event=event,
        event_id=row.event_id,
        at=row.at,
        job=job,
        session=session,
        drop=drop,
    )


def _event_name(row: TerminalEvent, job: JobRow) -> str | None:
    """Return completed, failed, or None; a job that expired with its session failed."""
    if row.to_state is JobState.COMPLETED:
        return COMPLETED
    has_expired = job.error is not None and job.error["code"] == SESSION_EXPIRED
    return FAILED if row.to_state is JobState.FAILED or has_expired else None
