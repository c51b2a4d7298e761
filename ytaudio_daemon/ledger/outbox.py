"""The events that notices are made of: ends of jobs and sessions, after a cursor."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import events
from ytaudio_daemon.model import FINALIZED, JobState

#: Events read in one query: a million-line drop appends as many without a notice.
SCAN_LIMIT = 5000
#: The `reason` of the event that ends a session.
SESSION_EXPIRED = "session_expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalEvent:
    """The end of a job, or of a session.

    Attributes:
        event_id: The event's number.
        at: Its time, seconds since 1970.
        session_id: The session.
        job_id: None when the session ended.
        to_state: The job's final state; None when the session ended.
    """

    event_id: int
    at: float
    session_id: int
    job_id: int | None
    to_state: JobState | None


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
    )
    query = sa.select(span).where(ends).order_by(span.c.id).limit(limit)
    found = [_terminal_event_from_row(row) for row in db.execute(query).all()]
    if len(found) == limit:
        return found, found[-1].event_id
    last = db.execute(sa.select(sa.func.max(span.c.id))).scalar()
    return found, last or event_id


def _terminal_event_from_row(row: sa.Row[tuple[object, ...]]) -> TerminalEvent:
    return TerminalEvent(
        event_id=row.id,
        at=row.at,
        session_id=row.session_id,
        job_id=row.job_id,
        to_state=None if row.to_state is None else JobState(row.to_state),
    )
