"""Moves on both databases: fenced, recorded, legal."""

from collections.abc import Callable

import pytest
from sqlalchemy.engine import Connection

from tests.integration.ledger_rig import (
    FAILED,
    GIVE_UP,
    HOST,
    NO_PACE,
    NOW,
    WAIT,
    claim,
    claimed,
    counters_match,
    drop,
    later,
    links,
    song,
    stale,
    state_of,
    states,
)
from ytaudio_daemon.ledger import (
    Ledger,
    claims,
    held_jobs,
    queries,
    sessions,
    transitions,
)
from ytaudio_daemon.ledger.events import Fence
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

TEN_YEARS = 10 * 365 * 86400.0
FURTHEST = 86400.0


def _publish(db: Connection, fence: Fence, now: Now = NOW) -> bool:
    return transitions.begin_publish(db, fence, output_path="/a", sha256="ab", now=now)


def _complete(ledger: Ledger, fence: Fence, max_jobs: int = 0, size: int = 9) -> None:
    with ledger.write() as db:
        assert _publish(db, fence)
        assert transitions.complete(
            db, fence, song(size), NOW, Quota(max_jobs=max_jobs)
        )


def _in_state(ledger: Ledger, state: JobState) -> int:
    """Bring a single job into a state; returns its number."""
    quota = Quota(max_jobs=1)
    wanted = ["first", "wanted"] if state is JobState.HELD else ["wanted"]
    drop(ledger, "alice", links(*wanted), quota=quota)
    if state is JobState.HELD:
        return 2
    if state is JobState.QUEUED:
        return 1
    if state is JobState.CANCELLED:
        with ledger.write() as db:
            transitions.cancel(db, 1, NOW, reason="cancelled", quota=Quota(max_jobs=1))
        return 1
    fence = claimed(ledger).fence
    if state is JobState.COMPLETED:
        _complete(ledger, fence)
    elif state is not JobState.RUNNING:
        move = WAIT if state is JobState.WAITING else GIVE_UP
        with ledger.write() as db:
            assert transitions.record_failure(
                db, fence, FAILED, move, NOW, Quota(max_jobs=1)
            )
    return 1


# ------------------------------------------------------------------ the straight path


def test_a_job_is_claimed_published_and_completed(ledger: Ledger) -> None:
    drop(ledger, "alice", links("video"))
    got = claimed(ledger)
    assert (got.attempt, got.source_file, got.source_line) == (1, "songs.txt", 1)
    assert state_of(ledger, got.job_id) is JobState.RUNNING
    _complete(ledger, got.fence, size=1234)
    with ledger.read() as db:
        job = queries.job_by_id(db, got.job_id)
        session = sessions.session_by_id(db, got.session_id)
        (attempt,) = queries.job_attempts(db, got.job_id)
        reasons = [event["reason"] for event in queries.job_events(db, got.job_id)]
        counters_match(db)
    assert (job.state, job.title, job.output_path) == (JobState.COMPLETED, "Song", "/a")
    assert (job.finalized_at, job.phase, job.charged) == (NOW.wall, None, 1)
    assert session.used_bytes == 1234
    assert (attempt["kind"], attempt["engine"]) == ("completed", "2026.08.19")
    assert reasons == ["claimed", "publishing", "published"]


def test_a_failed_attempt_leaves_its_words_with_the_job(ledger: Ledger) -> None:
    job_id = _in_state(ledger, JobState.FAILED)
    with ledger.read() as db:
        job = queries.job_by_id(db, job_id)
        (attempt,) = queries.job_attempts(db, job_id)
    assert job.error == {
        "kind": "transient",
        "code": "http_500",
        "message": "It broke.",
        "hint": "Wait.",
    }
    assert (attempt["code"], attempt["ended_at"]) == ("http_500", NOW.wall)


def test_an_interrupted_attempt_is_not_charged(ledger: Ledger) -> None:
    drop(ledger, "alice", links("video"))
    first = claimed(ledger)
    with ledger.write() as db:
        assert transitions.requeue_interrupted(db, first.fence, NOW, "shutdown")
    again = claimed(ledger)
    assert (again.attempt, again.history.charged_count) == (2, 0)


def test_a_host_finds_its_own_running_attempts_only(ledger: Ledger) -> None:
    drop(ledger, "alice", links("a", "b"))
    mine = claimed(ledger)
    with ledger.write() as db:
        assert claims.claim_next(db, NOW, "elsewhere", NO_PACE) is not None
        assert [c.job_id for c in claims.running_claims(db, HOST)] == [mine.job_id]


# -------------------------------------------------------------------------- the fence

WRITES: dict[str, Callable[[Connection, Fence], bool]] = {
    "begin_publish": _publish,
    "complete": lambda db, fence: transitions.complete(
        db, fence, song(), NOW, Quota(max_jobs=0)
    ),
    "fail": lambda db, fence: transitions.record_failure(
        db, fence, FAILED, GIVE_UP, NOW, Quota(max_jobs=0)
    ),
    "wait": lambda db, fence: transitions.record_failure(
        db, fence, FAILED, WAIT, NOW, Quota(max_jobs=0)
    ),
    "requeue": lambda db, fence: transitions.requeue_interrupted(
        db, fence, NOW, "crash"
    ),
    "cancel": lambda db, fence: transitions.cancel_running(
        db, fence, NOW, Quota(max_jobs=0)
    ),
}


def _everything(ledger: Ledger, job_id: int, session_id: int) -> object:
    with ledger.read() as db:
        return (
            queries.job_by_id(db, job_id),
            queries.job_attempts(db, job_id),
            queries.job_events(db, job_id),
            sessions.session_by_id(db, session_id),
            queries.total_counts(db),
        )


@pytest.mark.parametrize("write", WRITES)
def test_a_stale_attempt_changes_nothing(ledger: Ledger, write: str) -> None:
    drop(ledger, "alice", links("video", "held"), quota=Quota(max_jobs=1))
    first = claimed(ledger)
    with ledger.write() as db:
        transitions.requeue_interrupted(db, first.fence, NOW, "crash")
    second = claimed(ledger)
    assert stale(second.fence) == first.fence
    before = _everything(ledger, first.job_id, first.session_id)
    with ledger.write() as db:
        assert WRITES[write](db, first.fence) is False
    assert _everything(ledger, first.job_id, first.session_id) == before


@pytest.mark.parametrize("write", WRITES)
def test_an_ended_attempt_changes_nothing(ledger: Ledger, write: str) -> None:
    drop(ledger, "alice", links("video"))
    done = claimed(ledger)
    _complete(ledger, done.fence)
    before = _everything(ledger, done.job_id, done.session_id)
    with ledger.write() as db:
        assert WRITES[write](db, done.fence) is False
    assert _everything(ledger, done.job_id, done.session_id) == before


# ----------------------------------------------------------------------------- cancel


@pytest.mark.parametrize(
    ("state", "answer", "after"),
    [
        (JobState.QUEUED, "cancelled", JobState.CANCELLED),
        (JobState.HELD, "cancelled", JobState.CANCELLED),
        (JobState.WAITING, "cancelled", JobState.CANCELLED),
        (JobState.RUNNING, "requested", JobState.RUNNING),
        (JobState.COMPLETED, "completed", JobState.COMPLETED),
        (JobState.FAILED, "failed", JobState.FAILED),
        (JobState.CANCELLED, "cancelled", JobState.CANCELLED),
    ],
)
def test_cancel_in_every_state(
    ledger: Ledger, state: JobState, answer: str, after: JobState
) -> None:
    job_id = _in_state(ledger, state)
    with ledger.write() as db:
        assert (
            transitions.cancel(
                db, job_id, NOW, reason="cancelled", quota=Quota(max_jobs=1)
            )
            == answer
        )
        counters_match(db)
    assert state_of(ledger, job_id) is after


def test_a_running_job_is_cancelled_by_its_daemon(ledger: Ledger) -> None:
    job_id = _in_state(ledger, JobState.RUNNING)
    with ledger.write() as db:
        transitions.cancel(db, job_id, NOW, reason="cancelled", quota=Quota(max_jobs=0))
        (asked,) = claims.cancel_requested_claims(db, HOST)
        assert not _publish(db, asked.fence), "cancel came first"
        assert transitions.cancel_running(db, asked.fence, NOW, Quota(max_jobs=0))
        assert claims.cancel_requested_claims(db, HOST) == []
    assert state_of(ledger, job_id) is JobState.CANCELLED


def test_a_cancellation_can_be_taken_back_while_it_is_under_way(
    ledger: Ledger,
) -> None:
    job_id = _in_state(ledger, JobState.RUNNING)
    with ledger.write() as db:
        assert not transitions.withdraw_cancellation(db, job_id, NOW), (
            "nobody has asked for its end"
        )
        transitions.cancel(
            db, job_id, NOW, reason="session_expired", quota=Quota(max_jobs=0)
        )
        (asked,) = claims.cancel_requested_claims(db, HOST)
        assert transitions.withdraw_cancellation(db, job_id, later(60))
        session = sessions.session_by_id(db, queries.job_by_id(db, job_id).session_id)
        assert session.last_activity_uptime_s == later(60).uptime_s, (
            "else it expires again"
        )
        assert not transitions.cancel_running(db, asked.fence, NOW, Quota(max_jobs=0))
        assert queries.job_by_id(db, job_id).error is None
        assert _publish(db, asked.fence)
    assert state_of(ledger, job_id) is JobState.RUNNING


@pytest.mark.parametrize("write", ["wait", "requeue"])
def test_a_wish_to_cancel_outlives_the_attempt(ledger: Ledger, write: str) -> None:
    job_id = _in_state(ledger, JobState.RUNNING)
    with ledger.write() as db:
        transitions.cancel(db, job_id, NOW, reason="cancelled", quota=Quota(max_jobs=0))
        (asked,) = claims.cancel_requested_claims(db, HOST)
        assert WRITES[write](db, asked.fence) is False
        assert claims.cancel_requested_claims(db, HOST) == [asked]


def test_cancel_loses_once_publishing_has_begun(ledger: Ledger) -> None:
    job_id = _in_state(ledger, JobState.RUNNING)
    with ledger.write() as db:
        (running,) = claims.running_claims(db, HOST)
        assert _publish(db, running.fence)
        answer = transitions.cancel(
            db, job_id, NOW, reason="cancelled", quota=Quota(max_jobs=0)
        )
        assert answer == "publishing"
        assert claims.cancel_requested_claims(db, HOST) == []
        assert transitions.complete(db, running.fence, song(), NOW, Quota(max_jobs=0))
    assert state_of(ledger, job_id) is JobState.COMPLETED


def test_expiry_tells_why_it_cancelled(ledger: Ledger) -> None:
    job_id = _in_state(ledger, JobState.QUEUED)
    with ledger.write() as db:
        transitions.cancel(
            db, job_id, NOW, reason="session_expired", quota=Quota(max_jobs=0)
        )
        error = queries.job_by_id(db, job_id).error
    assert error is not None
    assert error["code"] == "session_expired"


# ------------------------------------------------------------------------------ retry


@pytest.mark.parametrize("state", JobState)
def test_retry_in_every_state(ledger: Ledger, state: JobState) -> None:
    job_id = _in_state(ledger, state)
    final = state in {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}
    with ledger.write() as db:
        assert transitions.retry(db, job_id, NOW) is final
        counters_match(db)
    assert state_of(ledger, job_id) is (JobState.QUEUED if final else state)


def test_a_retried_job_begins_afresh_but_its_attempts_go_on(ledger: Ledger) -> None:
    job_id = _in_state(ledger, JobState.FAILED)
    with ledger.write() as db:
        transitions.retry(db, job_id, later(9))
    again = claimed(ledger)
    assert (again.attempt, again.history.charged_count, again.history.last_code) == (
        2,
        0,
        None,
    )
    assert again.history.pending_since_s == later(9).uptime_s


def test_retrying_a_completed_job_gives_its_bytes_back(ledger: Ledger) -> None:
    drop(ledger, "alice", links("video"))
    done = claimed(ledger)
    _complete(ledger, done.fence, size=500)
    with ledger.write() as db:
        assert sessions.session_by_id(db, done.session_id).used_bytes == 500
        transitions.retry(db, done.job_id, NOW)
        assert sessions.session_by_id(db, done.session_id).used_bytes == 0


# --------------------------------------------------------------------------- wake_due


@pytest.mark.parametrize(
    ("seconds", "woken"),
    [
        (0, 0),
        (29, 0),
        (30, 1),
        (TEN_YEARS, 1),  # the clock jumped ahead: due long ago
        (-TEN_YEARS, 1),  # back: due in ten years is no time any decision gives
        (-FURTHEST, 1),
        (-FURTHEST + 31, 0),
    ],
)
def test_waiting_jobs_wake_when_due(ledger: Ledger, seconds: float, woken: int) -> None:
    _in_state(ledger, JobState.WAITING)
    with ledger.write() as db:
        assert transitions.requeue_due(db, later(seconds), FURTHEST) == woken
        counters_match(db)
    assert states(ledger) == (["queued"] if woken else ["waiting"])


def test_waking_is_done_in_pieces(ledger: Ledger) -> None:
    drop(ledger, "alice", links("a", "b", "c"))
    for _ in range(3):
        got = claimed(ledger)
        with ledger.write() as db:
            transitions.record_failure(
                db, got.fence, FAILED, WAIT, NOW, Quota(max_jobs=0)
            )
    with ledger.write() as db:
        assert transitions.requeue_due(db, later(60), FURTHEST, limit=2) == 2
        assert transitions.requeue_due(db, later(60), FURTHEST, limit=2) == 1


# ------------------------------------------------------------------------------- held


def test_a_held_job_enters_when_one_is_finalized(ledger: Ledger) -> None:
    drop(ledger, "alice", links("a", "b", "c"), quota=Quota(max_jobs=1))
    assert states(ledger) == ["queued", "held", "held"]
    first = claimed(ledger)
    assert claim(ledger) is None
    _complete(ledger, first.fence, max_jobs=1)
    assert states(ledger) == ["completed", "queued", "held"]
    with ledger.write() as db:
        transitions.cancel(db, 2, NOW, reason="cancelled", quota=Quota(max_jobs=1))
        counters_match(db)
    assert states(ledger) == ["completed", "cancelled", "queued"]


def test_a_waiting_job_keeps_its_place(ledger: Ledger) -> None:
    drop(ledger, "alice", links("a", "b"), quota=Quota(max_jobs=1))
    got = claimed(ledger)
    with ledger.write() as db:
        transitions.record_failure(db, got.fence, FAILED, WAIT, NOW, Quota(max_jobs=1))
    assert states(ledger) == ["waiting", "held"]


@pytest.mark.parametrize(("own", "released"), [(None, 1), (2, 1), (3, 2), (0, 3)])
def test_a_sessions_own_limit_wins(
    ledger: Ledger, own: int | None, released: int
) -> None:
    videos = links("a", "b", "c", "d")
    recorded = drop(ledger, "alice", videos, quota=Quota(max_jobs=1))
    with ledger.write() as db:
        session = sessions.session_by_id(db, recorded.session_id)
        sessions.set_limits(db, session, NOW, max_jobs=own)
        assert (
            held_jobs.release_held(db, session.id, Quota(max_jobs=2), NOW) == released
        )
        counters_match(db)


def test_a_full_session_releases_nothing(ledger: Ledger) -> None:
    recorded = drop(ledger, "alice", links("a", "b"), quota=Quota(max_jobs=1))
    with ledger.write() as db:
        session = sessions.session_by_id(db, recorded.session_id)
        sessions.set_limits(db, session, NOW, max_bytes=1000)
    first = claimed(ledger)
    _complete(ledger, first.fence, max_jobs=1, size=1000)
    assert states(ledger) == ["completed", "held"]
    drop(ledger, "alice", links("c"))
    assert states(ledger) == ["completed", "held", "held"]
    with ledger.write() as db:
        sessions.set_limits(db, session, NOW, max_bytes=0)
        assert held_jobs.release_held(db, session.id, Quota(max_jobs=0), NOW) == 2
