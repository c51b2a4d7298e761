"""Reads the events that notices are about: ends of jobs, listings, sessions, drops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import collections, drops, entries, events, jobs
from ytaudio_daemon.model import FINALIZED, JobState
from ytaudio_daemon.model.collection import LISTING_ENDED

#: Events read in one query: a drop of a million lines appends as many without a notice.
SCAN_LIMIT = 5000
#: The `reason` of the event that ends a session.
SESSION_EXPIRED = "session_expired"

#: The reasons of a drop's last event: every line of it is recorded.
DROP_TAKEN_REASONS = ("drop_filed", "drop_kept", "drop_rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalEvent:
    """The end of a job, a listing or a session, or the intake of a drop with refusals.

    Attributes:
        event_id: The event's number.
        at: Its time, seconds since 1970.
        session_id: The session.
        job_id: The job that ended, or None.
        to_state: The job's or the listing's final state, or None.
        drop_id: The drop, or None. A session ended when all three are None.
        collection_id: The collection that was listed, or that made the job, or None.
    """

    event_id: int
    at: float
    session_id: int
    job_id: int | None
    to_state: JobState | None
    drop_id: int | None = None
    collection_id: int | None = None


def newest_event_id(db: Connection) -> int:
    """Return the last event's number, 0 when there is none."""
    return db.execute(sa.select(sa.func.max(events.c.id))).scalar() or 0


def terminal_events_after(
    db: Connection, event_id: int, limit: int
) -> tuple[Sequence[TerminalEvent], int]:
    """Return the next terminal events after a cursor, and the new cursor.

    Args:
        db: A transaction.
        event_id: The cursor.
        limit: At most so many events.

    Returns:
        The events in order; and the last event that was read, or the old cursor when
        there is no new event.
    """
    span = (
        sa.select(events)
        .where(events.c.id > event_id)
        .order_by(events.c.id)
        .limit(SCAN_LIMIT)
        .subquery()
    )
    ends = sa.or_(
        span.c.to_state.in_([state.value for state in FINALIZED]),
        span.c.reason == SESSION_EXPIRED,
        sa.and_(span.c.reason.in_(DROP_TAKEN_REASONS), _has_refusals(span.c.drop_id)),
    )
    made_by = sa.func.coalesce(span.c.collection_id, jobs.c.collection_id)
    query = (
        sa.select(span, made_by.label("of_collection"))
        .outerjoin(jobs, jobs.c.id == span.c.job_id)
        .where(ends)
        .order_by(span.c.id)
        .limit(limit)
    )
    found = [_terminal_event_from_row(row) for row in db.execute(query).all()]
    if len(found) == limit:
        return found, found[-1].event_id
    last = db.execute(sa.select(sa.func.max(span.c.id))).scalar()
    return found, last or event_id


def ended_collections(db: Connection, last_events: Mapping[int, int]) -> set[int]:
    """Return those of some collections that an event has ended.

    A collection has ended when its listing has and none of its jobs is unfinished. The
    last of its events is the one that ended it.

    Args:
        db: A transaction.
        last_events: The last event of its listing or jobs that was read, by collection.
    """
    if not last_events:
        return set()
    unfinished = sa.exists().where(
        entries.c.collection_id == collections.c.id,
        jobs.c.id == entries.c.job_id,
        jobs.c.state.not_in([state.value for state in FINALIZED]),
    )
    is_over = sa.select(collections.c.id).where(
        collections.c.id.in_(list(last_events)),
        collections.c.state.in_([state.value for state in LISTING_ENDED]),
        ~unfinished,
    )
    over = set(db.execute(is_over).scalars())
    return {each for each in over if not _has_later(db, each, last_events[each])}


def _has_later(db: Connection, collection_id: int, event_id: int) -> bool:
    """Return whether a listing or a job of a collection has ended after an event."""
    query = (
        sa.select(events.c.id)
        .outerjoin(jobs, jobs.c.id == events.c.job_id)
        .where(
            events.c.id > event_id,
            events.c.to_state.in_([state.value for state in FINALIZED]),
            sa.func.coalesce(events.c.collection_id, jobs.c.collection_id)
            == collection_id,
        )
    )
    return db.execute(query.limit(1)).first() is not None


def _has_refusals(drop_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Return the condition that lines of a drop, or all of it, were refused."""
    refused = sa.or_(drops.c.rejected > 0, drops.c.state == "rejected")
    return sa.exists().where(drops.c.id == drop_id, refused)


def _terminal_event_from_row(row: sa.Row[tuple[object, ...]]) -> TerminalEvent:
    return TerminalEvent(
        event_id=row.id,
        at=row.at,
        session_id=row.session_id,
        job_id=row.job_id,
        to_state=None if row.to_state is None else JobState(row.to_state),
        drop_id=row.drop_id,
        collection_id=row.of_collection,
    )
