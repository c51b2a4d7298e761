"""Short words for what ledger tests do again and again."""

from collections import Counter
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.integration import one_drop
from ytaudio_daemon.ledger import Ledger, claims, drops, queries, sessions, transitions
from ytaudio_daemon.ledger.events import Fence
from ytaudio_daemon.ledger.schema import jobs
from ytaudio_daemon.ledger.schema import lines as lines_table
from ytaudio_daemon.ledger.schema import sessions as sessions_table
from ytaudio_daemon.model import (
    Failure,
    FailureKind,
    JobState,
    Options,
    Outcome,
    Result,
)
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import Decision
from ytaudio_daemon.model.gates import Pace
from ytaudio_daemon.model.quota import Quota

NOW = Now(wall=1_800_000_000.0, uptime_s=1000.0)
HOST = "here"
NO_PACE = Pace(burst=0, per_hour=0)
NO_LIMIT = Quota(max_jobs=0)
ASK = drops.JobOptions.from_options(Options())


def later(seconds: float) -> Now:
    """Return the moment so many seconds after `NOW`, on both clocks."""
    return Now(wall=NOW.wall + seconds, uptime_s=NOW.uptime_s + seconds)


def link(number: int, video: str, ask: drops.JobOptions = ASK) -> drops.NewLine:
    """Return a line that asks for a video."""
    return drops.NewLine(line=number, text=video, video_id=video, job_options=ask)


def links(*videos: str) -> list[drops.NewLine]:
    """Return lines from 1 that ask for those videos."""
    return [link(number, video) for number, video in enumerate(videos, 1)]


def drop(
    ledger: Ledger,
    session: str,
    lines: list[drops.NewLine],
    *,
    quota: Quota = NO_LIMIT,
    now: Now = NOW,
    file_is_gone: Callable[[str], bool] = lambda _: True,
) -> drops.Drop:
    """Record a whole new drop in one batch and file it."""
    with ledger.write() as db:
        row = sessions.open_session(db, session, now)
        opened = one_drop.open_drop(db, row.id, b"songs.txt", "00", 1, now)
        recorded = one_drop.record_batch(
            db, opened, lines, quota=quota, now=now, file_is_gone=file_is_gone
        )
        one_drop.finish_recording(db, recorded, None, now)
        one_drop.mark_filed(db, recorded, "filed", b"songs.txt", now)
    return recorded


def recorded_lines(db: Connection, drop_id: int) -> list[sa.Row[tuple[object, ...]]]:
    """Return the rows of a drop's lines, in order."""
    query = sa.select(lines_table).where(lines_table.c.drop_id == drop_id)
    return list(db.execute(query.order_by(lines_table.c.line)).all())


def claim(ledger: Ledger, now: Now = NOW, pace: Pace = NO_PACE) -> claims.Claim | None:
    """Claim the next job in a transaction of its own."""
    with ledger.write() as db:
        return claims.claim_next(db, now, HOST, pace)


def claimed(ledger: Ledger, now: Now = NOW) -> claims.Claim:
    """Claim the next job; there must be one."""
    found = claim(ledger, now)
    assert found is not None
    return found


def state_of(ledger: Ledger, job_id: int) -> JobState:
    """Return a job's state."""
    with ledger.read() as db:
        return queries.job_by_id(db, job_id).state


def states(ledger: Ledger) -> list[str]:
    """Return every job's state, the oldest job first."""
    with ledger.read() as db:
        return list(db.execute(sa.select(jobs.c.state).order_by(jobs.c.id)).scalars())


def song(size: int = 1000, sha256: str = "ab") -> Outcome:
    """Return the outcome of a good attempt."""
    return Outcome(
        result=Result(
            file_name="Song.mp3",
            size_bytes=size,
            sha256=sha256,
            title="Song",
            artist=None,
            duration_s=3.0,
            view_count=7,
            codec="mp3",
            bitrate_bps=192_000,
            copied=False,
        ),
        downloaded_bytes=size,
        engine="2026.08.19",
    )


FAILURE = Failure(
    kind=FailureKind.TRANSIENT, code="http_500", message="It broke.", hint="Wait."
)
FAILED = Outcome(failure=FAILURE)
GIVE_UP = Decision(to=JobState.FAILED, failure=FAILURE, is_charged=True)
WAIT = Decision(
    to=JobState.WAITING, failure=FAILURE, retry_at=NOW.wall + 30, is_charged=True
)


def counters_match(db: Connection) -> None:
    """Assert that every kept counter equals a recount of the jobs."""
    query = sa.select(jobs.c.session_id, jobs.c.state)
    rows = db.execute(query).all()
    recount = Counter((row.session_id, row.state) for row in rows)
    for session in db.execute(sa.select(sessions_table)).all():
        for state in JobState:
            kept = getattr(session, state.value)
            assert kept == recount[session.id, state.value], (session.id, state)
    in_all = Counter(row.state for row in rows)
    totals = {state.value: n for state, n in queries.total_counts(db).items()}
    assert totals == {state.value: in_all[state.value] for state in JobState}


def stale(fence: Fence) -> Fence:
    """Return the fence of the attempt before."""
    return Fence(
        job_id=fence.job_id, session_id=fence.session_id, attempt=fence.attempt - 1
    )


def cancel_running(db: Connection, fence: Fence) -> None:
    """Ask for the end of a running job, and end it."""
    assert transitions.cancel(db, fence.job_id, NOW, reason="cancelled", quota=NO_LIMIT)
    assert transitions.cancel_running(db, fence, NOW, NO_LIMIT)
