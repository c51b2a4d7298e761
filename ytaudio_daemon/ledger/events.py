"""The parts of every write: the fence, the counters, the append-only events."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.bulk import insert_rows
from ytaudio_daemon.ledger.column_types import Real
from ytaudio_daemon.ledger.schema import events, sessions, totals
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now

#: The reason of an event: a completed job's link was requested again.
LIBRARY_REQUESTED = "library_requested"

_APPEND = sa.insert(events)
_LIVED = sa.bindparam("now_lived", type_=Real)
_RECORD_ACTIVITY = (
    sa.update(sessions)
    .where(sessions.c.id == sa.bindparam("of_session"))
    .values(
        last_activity_lived=sa.case(
            (sessions.c.last_activity_lived > _LIVED, sessions.c.last_activity_lived),
            else_=_LIVED,
        ),
        used_bytes=sessions.c.used_bytes + sa.bindparam("more_bytes", 0),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """The job and attempt that a write belongs to; each write checks them."""

    job_id: int
    session_id: int
    attempt: int


def append_event(db: Connection, now: Now, fence: Fence, reason: str) -> None:
    """Append an event of a job that changes no state."""
    db.execute(
        _APPEND,
        {
            "at": now.wall,
            "session_id": fence.session_id,
            "job_id": fence.job_id,
            "attempt": fence.attempt,
            "reason": reason,
        },
    )


def append_library_requests(
    db: Connection, now: Now, session_id: int, job_ids: Iterable[int]
) -> None:
    """Append events that completed jobs were requested again; nothing is fetched."""
    rows = [(now.wall, session_id, job_id, LIBRARY_REQUESTED) for job_id in job_ids]
    insert_rows(db, events, ("at", "session_id", "job_id", "reason"), rows)


def record_transition(
    db: Connection,
    now: Now,
    fence: Fence,
    from_state: JobState,
    to_state: JobState,
    reason: str,
) -> None:
    """Update the counters and append the event for a transition just written."""
    adjust_counters(db, fence.session_id, {from_state: -1, to_state: 1})
    db.execute(
        _APPEND,
        {
            "at": now.wall,
            "session_id": fence.session_id,
            "job_id": fence.job_id,
            "from_state": from_state.value,
            "to_state": to_state.value,
            "attempt": fence.attempt,
            "reason": reason,
        },
    )


def adjust_counters(db: Connection, session_id: int, by: dict[JobState, int]) -> None:
    """Add to the counters of a session and to the totals.

    Args:
        db: A write transaction.
        session_id: The session.
        by: The change of each state's count.
    """
    more = {f"more_{state.value}": number for state, number in by.items()}
    for table, row_id in ((sessions, session_id), (totals, 1)):
        db.execute(_addition_to(table, tuple(by)), {"of_row": row_id, **more})


@functools.cache
def _addition_to(table: sa.Table, states: tuple[JobState, ...]) -> sa.Update:
    """Return the statement that adds to the counters of some states; built once each."""
    names = [state.value for state in states]
    grown = {name: table.c[name] + sa.bindparam(f"more_{name}") for name in names}
    return sa.update(table).where(table.c.id == sa.bindparam("of_row")).values(grown)


def record_activity(
    db: Connection, session_id: int, now: Now, *, more_bytes: int = 0, **values: Any
) -> None:
    """Store that a session was used now: its time to live restarts.

    A command has the uptime that the daemon saved last, which may be some seconds old;
    the stored uptime of the session is never lowered.

    Args:
        db: A write transaction.
        session_id: The session.
        now: The moment.
        more_bytes: Added to the bytes of its finished audio.
        values: Other columns of the session to change with it.
    """
    db.execute(
        _RECORD_ACTIVITY,
        {
            "of_session": session_id,
            "now_lived": now.uptime_s,
            "more_bytes": more_bytes,
            "last_activity_at": now.wall,
            **values,
        },
    )


def append_session_event(
    db: Connection, session_id: int, now: Now, reason: str
) -> None:
    """Append an event of a session as a whole."""
    db.execute(_APPEND, {"at": now.wall, "session_id": session_id, "reason": reason})
