"""How much of a collection a session has already, and when the rest would be done."""

from collections.abc import Sequence

from ytaudio_daemon.jobs.config_values import egress_keys, pace
from ytaudio_daemon.ledger import Connection, gates, pace_facts, queries
from ytaudio_daemon.ledger.bulk import jobs_by_key
from ytaudio_daemon.model import FINALIZED, JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.egress import is_open
from ytaudio_daemon.model.forecast import Workload, seconds_until_done
from ytaudio_daemon.model.line_rules import audio_key
from ytaudio_daemon.model.options import Options
from ytaudio_daemon.model.preview import Prospect
from ytaudio_daemon.settings import Settings

_NO_SPEED = "no job has been completed yet, so nobody knows how fast they go"
_NO_WAY = "nothing is started at present: see `ytaudio status`"


def closed_reason(db: Connection, settings: Settings, now: Now) -> str | None:
    """Return why YouTube must not be asked by any egress now; None if it may."""
    closed = gates.closed_gates(db)
    if any(is_open(key, closed, now.wall) for key in egress_keys(settings)):
        return None
    return closed[0].reason


def prospect(
    db: Connection,
    settings: Settings,
    session_id: int | None,
    video_ids: Sequence[str],
    options: Options,
    now: Now,
) -> Prospect:
    """Return what some videos with some options would come to.

    Args:
        db: A transaction.
        settings: Sections download, pace and youtube.
        session_id: The session that would ask for them; None: it is not opened yet.
        video_ids: The videos.
        options: What their jobs would get.
        now: The moment.
    """
    here, asked = count_known(db, session_id, video_ids, options)
    new = len(video_ids) - here - asked
    seconds, note = seconds_until_all_done(db, settings, new, now)
    return Prospect(here=here, asked=asked, seconds=seconds, note=note)


def count_known(
    db: Connection, session_id: int | None, video_ids: Sequence[str], options: Options
) -> tuple[int, int]:
    """Return how many videos a session has, and of how many the job is not finalized."""
    if session_id is None:
        return 0, 0
    profile = options.profile()
    keys = sorted({audio_key(video_id, profile) for video_id in video_ids})
    found = jobs_by_key(db, session_id, keys)
    known = [JobState(job.state) for job in found.values()]
    return known.count(JobState.COMPLETED), sum(
        state not in FINALIZED for state in known
    )


def seconds_until_all_done(
    db: Connection, settings: Settings, new: int, now: Now
) -> tuple[float | None, str]:
    """Return when new jobs would be done behind all others, or why nobody knows."""
    if not new:
        return 0.0, ""
    job_s = pace_facts.average_job_s(db)
    if job_s is None:
        return None, _NO_SPEED
    closed = gates.closed_gates(db)
    bucket = pace(settings)
    tokens = [
        gates.available_tokens(db, bucket, now, key)
        for key in egress_keys(settings)
        if is_open(key, closed, now.wall)
    ]
    if not tokens:
        return None, _NO_WAY
    counts = queries.total_counts(db)
    work = Workload(
        running=counts[JobState.RUNNING],
        unstarted=counts[JobState.QUEUED] + counts[JobState.HELD] + new,
        tokens=tokens,
        job_s=job_s,
        workers=settings.download.workers,
    )
    return seconds_until_done(work, bucket), ""
