"""Every decision about a failed attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.model import Failure, FailureKind, JobState, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import (
    CHARGED_KINDS,
    CONFIRM_AFTER_S,
    MAX_CRASHES,
    MIN_ATTEMPTS_TO_BLAME_YTDLP,
    NO_FORMATS,
    NO_SURROUNDINGS,
    NOT_YET_RETRY_S,
    Decision,
    JobHistory,
    RetryPolicy,
    Surroundings,
    attempt_limit,
    backoff_s,
    decide,
    max_retry_delay_s,
    reclassify_as_outdated,
)
from ytaudio_daemon.model.gates import GATE_OF, Gate, GateName

NOW = Now(wall=1_800_000_000.0, uptime_s=5000.0)
POLICY = RetryPolicy()


def tried(
    *,
    attempt: int = 1,
    charged: int = 0,
    crashes: int = 0,
    last_code: str | None = None,
    pending_s: float = 0.0,
) -> JobHistory:
    return JobHistory(
        attempt=attempt,
        charged_count=charged,
        crash_count=crashes,
        last_code=last_code,
        claimed_at=NOW.wall - 10,
        pending_since_s=NOW.uptime_s - pending_s,
    )


def after(
    kind: FailureKind,
    so_far: JobHistory | None = None,
    *,
    surroundings: Surroundings = NO_SURROUNDINGS,
    confirm: bool = False,
    retry_after_s: float | None = None,
) -> Decision:
    failure = Failure(
        kind=kind,
        code="code",
        message="Said plainly.",
        confirm=confirm,
        retry_after_s=retry_after_s,
        log_tail="tail",
    )
    outcome = Outcome(failure=failure)
    return decide(so_far or tried(), outcome, NOW, POLICY, surroundings)


def test_a_result_is_not_decided_about() -> None:
    with pytest.raises(ValueError, match="for failures"):
        decide(tried(), Outcome(), NOW, POLICY)


def test_every_kind_has_its_consequence() -> None:
    """(state, charged, closes a gate) for a first failure of each kind."""
    waits, fails = JobState.WAITING, JobState.FAILED
    found = {
        kind: ((move := after(kind)).to, move.is_charged, move.gate is not None)
        for kind in FailureKind
    }
    assert found == {
        FailureKind.UNAVAILABLE: (fails, True, False),
        FailureKind.POLICY: (fails, True, False),
        FailureKind.NOT_YET: (waits, False, False),
        FailureKind.BLOCKED: (waits, False, True),
        FailureKind.OFFLINE: (waits, False, True),
        FailureKind.HOST: (waits, False, True),
        FailureKind.OUTDATED: (waits, False, False),
        FailureKind.TRANSIENT: (waits, True, False),
        FailureKind.TIMEOUT: (waits, True, False),
        FailureKind.BAD_MEDIA: (waits, True, False),
        FailureKind.CRASHED: (waits, True, False),
        FailureKind.UNKNOWN: (waits, True, False),
    }


def test_a_bare_unavailable_is_believed_the_second_time() -> None:
    first = after(FailureKind.UNAVAILABLE, confirm=True)
    assert (first.to, first.is_charged) == (JobState.WAITING, False)
    assert first.retry_at == NOW.wall + CONFIRM_AFTER_S
    again = tried(attempt=2, last_code="code")
    second = after(FailureKind.UNAVAILABLE, again, confirm=True)
    assert second.to is JobState.FAILED


def test_a_refused_stream_costs_four_charged_tries_over_hours() -> None:
    refused = Failure(
        kind=FailureKind.TRANSIENT, code="media_refused", message="Refused."
    )
    pauses = []
    for charged in range(attempt_limit("media_refused", POLICY.max_attempts) - 1):
        move = decide(tried(charged=charged), Outcome(failure=refused), NOW, POLICY)
        assert (move.to, move.is_charged) == (JobState.WAITING, True)
        pauses.append((move.retry_at or 0) - NOW.wall)
    assert sum(pauses) > 3600
    last = decide(tried(charged=3), Outcome(failure=refused), NOW, POLICY)
    assert last.to is JobState.FAILED


def test_fewer_tries_never_become_more_than_configured() -> None:
    assert attempt_limit("media_refused", 2) == 2
    assert attempt_limit("media_refused", 8) == 4
    assert attempt_limit("no_answer", 8) == 8
    assert attempt_limit(None, 8) == 8


def test_another_failure_in_between_does_not_confirm() -> None:
    between = tried(attempt=3, last_code="http_500")
    assert after(FailureKind.UNAVAILABLE, between, confirm=True).to is JobState.WAITING


@pytest.mark.parametrize("kind", sorted(CHARGED_KINDS))
def test_attempts_are_spent_one_by_one(kind: FailureKind) -> None:
    last_but_one = tried(attempt=7, charged=POLICY.max_attempts - 2)
    last = tried(attempt=8, charged=POLICY.max_attempts - 1)
    assert after(kind, last_but_one).to is JobState.WAITING
    assert after(kind, last).to is JobState.FAILED


def test_a_job_that_kills_three_workers_is_poison() -> None:
    second = after(FailureKind.CRASHED, tried(crashes=MAX_CRASHES - 2))
    third = after(FailureKind.CRASHED, tried(crashes=MAX_CRASHES - 1))
    assert (second.to, second.is_crash) == (JobState.WAITING, True)
    assert (third.to, third.is_crash) == (JobState.FAILED, True)
    assert (third.failure.code, third.failure.log_tail) == ("poison", "tail")


def test_other_failures_are_no_crashes() -> None:
    assert not after(FailureKind.TIMEOUT, tried(crashes=MAX_CRASHES - 1)).is_crash


@pytest.mark.parametrize("kind", [FailureKind.NOT_YET, FailureKind.OUTDATED])
def test_patience_ends_with_max_pending(kind: FailureKind) -> None:
    almost = tried(pending_s=POLICY.max_pending_s - 1)
    over = tried(pending_s=POLICY.max_pending_s)
    assert after(kind, almost).to is JobState.WAITING
    assert (after(kind, over).to, after(kind, over).is_charged) == (
        JobState.FAILED,
        False,
    )


@pytest.mark.parametrize(
    ("asked", "pause"),
    [(None, NOT_YET_RETRY_S), (60.0, 60.0), (1e7, POLICY.cap_s)],
)
def test_a_premiere_is_looked_at_when_it_says(
    asked: float | None, pause: float
) -> None:
    move = after(FailureKind.NOT_YET, retry_after_s=asked)
    assert move.retry_at == NOW.wall + pause


@pytest.mark.parametrize("kind", GATE_OF)
def test_a_gate_closes_and_the_job_waits_behind_it(kind: FailureKind) -> None:
    move = after(kind)
    assert move.gate is not None
    assert move.gate.name is GATE_OF[kind]
    assert move.retry_at == move.gate.until > NOW.wall


def test_a_gate_that_is_closed_already_closes_for_longer() -> None:
    first = after(FailureKind.BLOCKED).gate
    assert first is not None
    standing = Gate(
        name=GateName.SITE,
        code="x",
        reason="x",
        hint="",
        closed_at=NOW.wall - 1000,
        until=NOW.wall - 100,
        closures=1,
    )
    second = after(FailureKind.BLOCKED, surroundings=Surroundings(gate=standing)).gate
    assert second is not None
    assert second.until - NOW.wall == 2 * (first.until - NOW.wall)
    old_news = Surroundings(gate=standing, is_new_for_job=False)
    third = after(FailureKind.BLOCKED, surroundings=old_news).gate
    assert third is not None
    assert third.until == first.until, "a job that was blocked before doubles nothing"


def test_a_single_blocked_video_closes_no_gate_and_waits_longer_each_time() -> None:
    alone = Surroundings(others_are_blocked=False)
    waits = []
    for attempt in (1, 2, 3, 9):
        move = after(FailureKind.BLOCKED, tried(attempt=attempt), surroundings=alone)
        assert (move.to, move.gate, move.is_charged) == (JobState.WAITING, None, False)
        assert move.retry_at is not None
        waits.append((move.retry_at - NOW.wall) / 60)
    assert waits == [15, 30, 60, 360]


def test_a_server_that_names_a_time_is_obeyed_at_its_first_word() -> None:
    alone = Surroundings(others_are_blocked=False)
    gate = after(FailureKind.BLOCKED, surroundings=alone, retry_after_s=90.0).gate
    assert gate is not None
    assert gate.until == NOW.wall + 90


@pytest.mark.parametrize("kind", [FailureKind.OFFLINE, FailureKind.HOST])
def test_a_fault_of_our_own_needs_no_second_video(kind: FailureKind) -> None:
    assert after(kind, surroundings=Surroundings(others_are_blocked=False)).gate


@pytest.mark.parametrize("kind", FailureKind)
def test_what_belongs_to_an_outage_waits_for_the_probe_uncharged(
    kind: FailureKind,
) -> None:
    spent = tried(attempt=50, charged=POLICY.max_attempts - 1)
    move = after(kind, spent, surroundings=Surroundings(outage_until=NOW.wall + 60))
    found = (move.to, move.retry_at, move.is_charged)
    assert found == (JobState.WAITING, NOW.wall + 60, False)


@given(charged=st.integers(0, 100), base=st.floats(1, 3600), cap=st.floats(1, 86400))
def test_backoff_stays_within_half_of_its_plan(
    charged: int, base: float, cap: float
) -> None:
    policy = RetryPolicy(base_s=base, cap_s=cap)
    plain = min(cap, base * 3.0 ** min(charged, 32))
    assert plain * 0.5 <= backoff_s(policy, charged) <= plain * 1.5


def test_herds_disperse() -> None:
    assert len({backoff_s(POLICY, 3) for _ in range(20)}) > 1


@given(
    kind=st.sampled_from(list(FailureKind)),
    attempt=st.integers(1, 1000),
    charged=st.integers(0, 1000),
    asked=st.none() | st.floats(0, 1e9),
    confirm=st.booleans(),
)
def test_no_decision_waits_longer_than_furthest_retry(
    kind: FailureKind,
    attempt: int,
    charged: int,
    asked: float | None,
    confirm: bool,  # noqa: FBT001 - hypothesis names it
) -> None:
    move = after(
        kind,
        tried(attempt=attempt, charged=charged),
        confirm=confirm,
        retry_after_s=asked,
    )
    if move.to is JobState.WAITING:
        assert move.retry_at is not None
        assert NOW.wall < move.retry_at <= NOW.wall + max_retry_delay_s(POLICY)
    else:
        assert (move.to, move.retry_at) == (JobState.FAILED, None)


@pytest.mark.parametrize(
    ("recent", "blamed"),
    [
        ([NO_FORMATS] * MIN_ATTEMPTS_TO_BLAME_YTDLP, True),
        ([NO_FORMATS] * (MIN_ATTEMPTS_TO_BLAME_YTDLP - 1), False),
        (
            [NO_FORMATS] * MIN_ATTEMPTS_TO_BLAME_YTDLP
            + [None] * MIN_ATTEMPTS_TO_BLAME_YTDLP,
            False,
        ),
        # Its own renamed codes count as well.
        (
            ["engine_outdated"] * MIN_ATTEMPTS_TO_BLAME_YTDLP
            + [NO_FORMATS] * MIN_ATTEMPTS_TO_BLAME_YTDLP,
            True,
        ),
        (["http_500"] * MIN_ATTEMPTS_TO_BLAME_YTDLP, False),
        ([], False),
    ],
)
def test_many_videos_without_formats_blame_the_engine(
    recent: list[str | None],
    blamed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    failure = Failure(kind=FailureKind.UNAVAILABLE, code=NO_FORMATS, message="None.")
    found = reclassify_as_outdated(failure, recent)
    assert (found.kind is FailureKind.OUTDATED) is blamed
    assert (found == failure) is not blamed


def test_other_failures_do_not_blame_the_engine() -> None:
    failure = Failure(kind=FailureKind.TRANSIENT, code="http_500", message="Broke.")
    assert reclassify_as_outdated(failure, ["http_500"] * 20) == failure
