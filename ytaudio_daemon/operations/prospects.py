"""How much of a collection a session has already, and when the rest would be done."""

from ytaudio_daemon.jobs.config_values import egress_keys, pace
from ytaudio_daemon.ledger import Connection, forecast_queries, gates, queries
from ytaudio_daemon.ledger.archive import ALL_SESSIONS, find_archived
from ytaudio_daemon.ledger.bulk import jobs_by_key
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import FINALIZED, JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.egress import is_open
from ytaudio_daemon.model.forecast import Workload, seconds_until_done
from ytaudio_daemon.model.preview import Preview, Prospect
from ytaudio_daemon.settings import Settings

_NO_PACE = "no job has been completed yet, so nobody knows how fast they go"
_NO_EGRESS = "nothing is started at present: see `ytaudio status`"


def closed_reason(db: Connection, settings: Settings, now: Now) -> str | None:
    """Return why YouTube must not be asked by any egress now; None if it may."""
    closed = gates.closed_gates(db)
    if any(is_open(key, closed, now.wall) for key in egress_keys(settings)):
        return None
    return closed[0].reason


def prospect(
    db: Connection,
    settings: Settings,
    session: Session | None,
    preview: Preview,
    now: Now,
    *,
    again: bool = False,
) -> Prospect:
    """Return how much of a previewed collection is new, and when it would be done.

    Args:
        db: A transaction.
        settings: Sections download, pace and youtube.
        session: The session that would ask for it; None when it is not opened yet.
        preview: The collection's wanted entries.
        now: The moment.
        again: Count videos that the archive has as new.
    """
    known = _known_states(db, session, preview)
    here = sum(state is JobState.COMPLETED for state in known.values())
    asked = sum(state not in FINALIZED for state in known.values())
    others = sorted(set(preview.video_ids) - known.keys())
    name = session.name if session else ALL_SESSIONS
    archived = 0 if again else len(find_archived(db, name, others))
    new = len(preview.video_ids) - here - asked - archived
    seconds, note = seconds_until_all_done(db, settings, new, now)
    return Prospect(
        here=here, asked=asked, archived=archived, seconds=seconds, note=note
    )


def _known_states(
    db: Connection, session: Session | None, preview: Preview
) -> dict[str, JobState]:
    """Return the states of the session's jobs of the same audio, by video."""
    if session is None:
        return {}
    keys = dict(zip(preview.audio_keys, preview.video_ids, strict=True))
    found = jobs_by_key(db, session.id, sorted(keys))
    return {keys[key]: JobState(job.state) for key, job in found.items()}


def seconds_until_all_done(
    db: Connection, settings: Settings, new: int, now: Now
) -> tuple[float | None, str]:
    """Return in how many seconds new jobs would be done, behind all that are queued.

    Returns:
        The seconds and "", or None and why they cannot be known.
    """
    if not new:
        return 0.0, ""
    job_s = forecast_queries.average_job_s(db)
    if job_s is None:
        return None, _NO_PACE
    closed = gates.closed_gates(db)
    bucket = pace(settings)
    tokens = [
        gates.available_tokens(db, bucket, now, key)
        for key in egress_keys(settings)
        if is_open(key, closed, now.wall)
    ]
    if not tokens:
        return None, _NO_EGRESS
    counts = queries.total_counts(db)
    work = Workload(
        running=counts[JobState.RUNNING],
        unstarted=counts[JobState.QUEUED] + counts[JobState.HELD] + new,
        tokens=tokens,
        job_s=job_s,
        workers=settings.download.workers,
    )
    return seconds_until_done(work, bucket), ""
