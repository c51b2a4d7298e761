"""Events worth a notification, read from the ledger behind a receiver's cursor."""

from collections.abc import Collection, Mapping
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
    """The end of a job or of a session.

    Attributes:
        event: A word of `[notify] on`.
        event_id: The ledger's number.
        at: When it happened, seconds since 1970 UTC.
        job: The job as it is now, which may be later; None when a session ended.
        session: The ended session, else None.
    """

    event: str
    event_id: int
    at: float
    job: JobRow | None = None
    session: Session | None = None


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
    endings, last = outbox.terminal_events_after(db, cursor, limit)
    job_ids = {e.job_id for e in endings if e.job_id is not None}
    session_ids = {e.session_id for e in endings if e.job_id is None}
    jobs = queries.jobs_by_id(db, sorted(job_ids))
    ended = sessions.sessions_by_id(db, session_ids) if session_ids else {}
    found = (_notify_event(ending, jobs, ended) for ending in endings)
    return [event for event in found if event is not None and event.event in on], last


def _notify_event(
    ending: TerminalEvent, jobs: Mapping[int, JobRow], ended: Mapping[int, Session]
) -> NotifyEvent | None:
    """Return None when its rows were pruned, or the job was cancelled by a person."""
    job = jobs.get(ending.job_id or 0)
    session = ended.get(ending.session_id) if ending.job_id is None else None
    event = _event_name(ending, job) if job else SESSION_EXPIRED if session else None
    if event is None:
        return None
    return NotifyEvent(
        event=event, event_id=ending.event_id, at=ending.at, job=job, session=session
    )


def _event_name(ending: TerminalEvent, job: JobRow) -> str | None:
    """Return completed, failed, or None; a job that expired with its session failed."""
    if ending.to_state is JobState.COMPLETED:
        return COMPLETED
    has_expired = job.error is not None and job.error["code"] == SESSION_EXPIRED
    return FAILED if ending.to_state is JobState.FAILED or has_expired else None
