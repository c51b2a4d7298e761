"""What becomes of a link, decided without a ledger."""

import pytest

from ytaudio_daemon.model import FINALIZED, JobState
from ytaudio_daemon.model.line_rules import (
    DUPLICATE,
    HOLD,
    QUEUE,
    RETRY,
    WITHDRAW_CANCELLATION,
    ExceededLimit,
    KnownJob,
    LineResult,
    LinkAction,
    LinkDecision,
    RetryRefusal,
    SessionRoom,
    WhenFull,
    decide_link,
    refuse_retry,
    room_after,
    runs_again,
)
from ytaudio_daemon.model.quota import UNLIMITED, Quota

FREE = SessionRoom(1, 1, has_bytes=True)
FULL = SessionRoom(0, 1, has_bytes=True)
NO_BYTES = SessionRoom(1, 1, has_bytes=False)
SPENT = SessionRoom(1, 0, has_bytes=True)
BOTH = list(WhenFull)


def refused(limit: ExceededLimit) -> LinkDecision:
    return LinkDecision(LinkAction.REFUSE, LineResult.REJECTED.value, limit)


def room(
    quota: Quota, *, unfinished: int = 0, accepted: int = 0, used_bytes: int = 0
) -> SessionRoom:
    return SessionRoom.from_quota(
        quota, unfinished=unfinished, accepted=accepted, used_bytes=used_bytes
    )


@pytest.mark.parametrize("when_full", BOTH)
def test_new_audio_is_queued_where_there_is_room(when_full: WhenFull) -> None:
    assert decide_link(None, FREE, when_full) is QUEUE


@pytest.mark.parametrize(
    ("tight", "limit"),
    [(FULL, ExceededLimit.UNFINISHED_JOBS), (NO_BYTES, ExceededLimit.BYTES)],
)
def test_over_the_quota_a_drop_is_held_and_a_client_refused(
    tight: SessionRoom, limit: ExceededLimit
) -> None:
    assert decide_link(None, tight, WhenFull.HOLD) is HOLD
    assert decide_link(None, tight, WhenFull.REFUSE) == refused(limit)


@pytest.mark.parametrize("when_full", BOTH)
def test_a_session_that_has_had_its_jobs_gets_no_new_one(when_full: WhenFull) -> None:
    expected = refused(ExceededLimit.LIFETIME_JOBS)
    assert decide_link(None, SPENT, when_full) == expected
    known = KnownJob(JobState.FAILED)
    assert decide_link(known, SPENT, when_full) is RETRY, "it is none of the new ones"


@pytest.mark.parametrize("when_full", BOTH)
@pytest.mark.parametrize("state", sorted(set(JobState) - FINALIZED))
def test_unfinished_audio_is_a_duplicate_however_full_the_session(
    state: JobState, when_full: WhenFull
) -> None:
    for tight in (FREE, FULL, NO_BYTES, SPENT):
        assert decide_link(KnownJob(state), tight, when_full) is DUPLICATE


@pytest.mark.parametrize("when_full", BOTH)
def test_audio_whose_file_exists_is_a_duplicate(when_full: WhenFull) -> None:
    completed = KnownJob(JobState.COMPLETED)
    assert decide_link(completed, FREE, when_full) is DUPLICATE


@pytest.mark.parametrize(
    "known",
    [
        KnownJob(JobState.FAILED),
        KnownJob(JobState.CANCELLED),
        KnownJob(JobState.COMPLETED, file_is_gone=True),
    ],
)
def test_audio_without_a_file_runs_again(known: KnownJob) -> None:
    assert decide_link(known, FREE, WhenFull.REFUSE) is RETRY
    assert decide_link(known, FULL, WhenFull.HOLD) is RETRY, "it had its place before"
    assert decide_link(known, FULL, WhenFull.REFUSE) == refused(
        ExceededLimit.UNFINISHED_JOBS
    )


@pytest.mark.parametrize("when_full", BOTH)
def test_a_job_that_is_being_cancelled_goes_on(when_full: WhenFull) -> None:
    stopping = KnownJob(JobState.RUNNING, cancel_requested=True)
    assert decide_link(stopping, NO_BYTES, when_full) is WITHDRAW_CANCELLATION


@pytest.mark.parametrize(
    ("decision", "left"),
    [
        (QUEUE, SessionRoom(1, 4, has_bytes=True)),
        (RETRY, SessionRoom(1, 5, has_bytes=True)),
        (HOLD, SessionRoom(2, 4, has_bytes=True)),
        (DUPLICATE, SessionRoom(2, 5, has_bytes=True)),
        (WITHDRAW_CANCELLATION, SessionRoom(2, 5, has_bytes=True)),
    ],
)
def test_each_decision_takes_its_room(
    decision: LinkDecision, left: SessionRoom
) -> None:
    assert room_after(SessionRoom(2, 5, has_bytes=True), decision) == left


def test_room_without_a_limit_is_never_used_up() -> None:
    endless = SessionRoom(UNLIMITED, UNLIMITED, has_bytes=True)
    assert room_after(endless, QUEUE) == endless


@pytest.mark.parametrize(
    ("quota", "has", "exceeded"),
    [
        (Quota(max_jobs=0), {"unfinished": 10**9}, None),
        (Quota(max_jobs=2), {"unfinished": 1, "accepted": 9}, None),
        (Quota(max_jobs=2), {"unfinished": 2}, ExceededLimit.UNFINISHED_JOBS),
        (Quota(max_jobs=2), {"unfinished": 3}, ExceededLimit.UNFINISHED_JOBS),
        (Quota(max_jobs=0, max_bytes=9), {"used_bytes": 8}, None),
        (Quota(max_jobs=0, max_bytes=9), {"used_bytes": 9}, ExceededLimit.BYTES),
    ],
)
def test_what_a_session_has_is_compared_with_its_limits(
    quota: Quota, has: dict[str, int], exceeded: ExceededLimit | None
) -> None:
    assert room(quota, **has).exceeded is exceeded


def test_only_a_rejecting_quota_counts_the_jobs_of_a_lifetime() -> None:
    strict = Quota(max_jobs=2, reject_over=True)
    assert room(strict, accepted=2).lifetime_jobs == 0
    assert room(strict, accepted=5).lifetime_jobs <= 0
    assert room(Quota(max_jobs=2), accepted=2).lifetime_jobs == UNLIMITED
    endless = Quota(max_jobs=0, reject_over=True)
    assert room(endless, accepted=2).lifetime_jobs == UNLIMITED


@pytest.mark.parametrize(
    ("job", "refusal"),
    [
        (KnownJob(JobState.FAILED), None),
        (KnownJob(JobState.CANCELLED), None),
        (KnownJob(JobState.COMPLETED, file_is_gone=True), None),
        (KnownJob(JobState.COMPLETED), RetryRefusal.FILE_EXISTS),
        (KnownJob(JobState.QUEUED), RetryRefusal.UNFINISHED),
        (KnownJob(JobState.HELD), RetryRefusal.UNFINISHED),
        (
            KnownJob(JobState.RUNNING, cancel_requested=True),
            RetryRefusal.CANCELLING,
        ),
    ],
)
def test_a_retry_by_hand_is_refused_for_a_reason(
    job: KnownJob, refusal: RetryRefusal | None
) -> None:
    assert refuse_retry(job, is_expired=False, only_failed=False) is refusal
    if refusal is None:
        assert runs_again(job)
        expired = refuse_retry(job, is_expired=True, only_failed=False)
        assert expired is RetryRefusal.SESSION_EXPIRED


def test_a_retry_of_failed_jobs_leaves_the_others() -> None:
    cancelled = KnownJob(JobState.CANCELLED)
    refusal = refuse_retry(cancelled, is_expired=True, only_failed=True)
    assert refusal is RetryRefusal.NOT_FAILED
    failed = KnownJob(JobState.FAILED)
    assert refuse_retry(failed, is_expired=False, only_failed=True) is None


def archived(at: float) -> LinkDecision:
    return LinkDecision(LinkAction.ARCHIVED, LineResult.DUPLICATE.value, archived_at=at)


@pytest.mark.parametrize("when_full", BOTH)
@pytest.mark.parametrize("room", [FREE, FULL, NO_BYTES, SPENT])
def test_what_the_archive_has_is_a_duplicate_however_full_the_session(
    room: SessionRoom, when_full: WhenFull
) -> None:
    assert decide_link(None, room, when_full, 5.0) == archived(5.0)
    assert room_after(room, archived(5.0)) == room


def test_the_archive_stops_no_job_that_is_under_way() -> None:
    running = KnownJob(JobState.RUNNING, created_at=1.0)
    assert decide_link(running, FREE, WhenFull.HOLD, 5.0) is DUPLICATE
    leaving = KnownJob(JobState.RUNNING, cancel_requested=True, created_at=1.0)
    assert decide_link(leaving, FREE, WhenFull.HOLD, 5.0) is WITHDRAW_CANCELLATION


@pytest.mark.parametrize("state", sorted(FINALIZED))
def test_a_job_runs_again_only_if_it_was_asked_for_in_spite_of_the_archive(
    state: JobState,
) -> None:
    older = KnownJob(state, file_is_gone=True, created_at=1.0)
    younger = KnownJob(state, file_is_gone=True, created_at=9.0)
    assert decide_link(older, FREE, WhenFull.HOLD, 5.0) == archived(5.0)
    assert decide_link(younger, FREE, WhenFull.HOLD, 5.0) is RETRY
