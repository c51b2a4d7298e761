"""What happened: read from the ledger behind a receiver's cursor."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ytaudio_daemon.ledger import Connection, outbox, queries, sessions
from ytaudio_daemon.ledger.outbox import SESSION_EXPIRED, TerminalEvent
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState

COMPLETED = "completed"
FAILED = "failed"
DEGRADED = "degraded"
RECOVERED = "recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyEvent:
    """Something to tell.

    Attributes:
        event: A word of `[notify] on`.
        event_id: The ledger's number.
        at: When it happened, seconds since 1970 UTC.
        job: As it stands now, which may be later; None where a session ended.
        session: The ended one, else None.
    """

    event: str
    event_id: int
    at: float
    job: JobRow | None = None
    session: Session | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """A piece of the ledger's events.

    Attributes:
        events: What there is to tell, in order.
        cursor: The last event looked at.
        has_more: There may be more behind it.
    """

    events: Sequence[NotifyEvent]
    cursor: int
    has_more: bool


def events_after(
    db: Connection, cursor: int, on: Collection[str], limit: int
) -> EventPage:
    """Return what happened behind a cursor.

    Args:
        db: A transaction.
        cursor: The last event that is known.
        on: The events to tell.
        limit: So many are enough.
    """
    endings, last = outbox.terminal_events_after(db, cursor, limit)
    job_ids = {e.job_id for e in endings if e.job_id is not None}
    session_ids = {e.session_id for e in endings if e.job_id is None}
    jobs = queries.jobs_by_id(db, sorted(job_ids))
    ended = sessions.sessions_by_id(db, session_ids) if session_ids else {}
    found = (_notify_event(ending, jobs, ended) for ending in endings)
    return EventPage(
        events=[news for news in found if news is not None and news.event in on],
        cursor=last,
        has_more=last > cursor,
    )


def _notify_event(
    ending: TerminalEvent, jobs: Mapping[int, JobRow], ended: Mapping[int, Session]
) -> NotifyEvent | None:
    """Return what to tell of an ending; None when it is gone, or somebody's wish."""
    job = jobs.get(ending.job_id or 0)
    session = ended.get(ending.session_id) if ending.job_id is None else None
    event = _event_name(ending, job) if job else SESSION_EXPIRED if session else None
    if event is None:
        return None
    return NotifyEvent(
        event=event, event_id=ending.event_id, at=ending.at, job=job, session=session
    )


def _event_name(ending: TerminalEvent, job: JobRow) -> str | None:
    """Name a job's end; one that was given up with its session has failed, too."""
    if ending.to_state is JobState.COMPLETED:
        return COMPLETED
    was_given_up = job.error is not None and job.error["code"] == SESSION_EXPIRED
    if ending.to_state is JobState.FAILED or was_given_up:
        return FAILED
    return None
