"""Gates and pace: when nothing may be claimed, and until when."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.gates import (
    GATE_OF,
    PAUSES,
    Gate,
    GateName,
    GateState,
    Pace,
    gate_after_failure,
    outage_gate,
    pause_duration_s,
)

WALL = 1_800_000_000.0
DAY = 86400.0


def blocked(retry_after_s: float | None = None) -> Failure:
    return Failure(
        kind=FailureKind.BLOCKED,
        code="http_429",
        message="Too many requests.",
        retry_after_s=retry_after_s,
    )


def closed_once(wall: float = WALL) -> Gate:
    return gate_after_failure(None, blocked(), began_at=wall - 5, wall=wall)


def test_a_first_closure() -> None:
    gate = closed_once()
    assert (gate.name, gate.closed_at, gate.closures) == (GateName.SITE, WALL, 1)
    assert gate.until == WALL + 15 * 60
    assert (gate.code, gate.reason) == ("http_429", "Too many requests.")


def test_a_closed_gate_is_due_after_its_pause_and_then_probed() -> None:
    gate = closed_once()
    assert gate.state(gate.until - 1) is GateState.CLOSED
    assert gate.state(gate.until) is GateState.DUE
    assert replace(gate, probe_job_id=7).state(gate.until + 28) is GateState.PROBING


def test_an_outage_whose_pause_is_over_is_probed() -> None:
    gate = outage_gate(None, "All fails.", WALL)
    assert gate.state(WALL) is GateState.CLOSED
    assert gate.state(gate.until) is GateState.PROBING


def test_each_failed_probe_doubles_the_pause_up_to_the_longest() -> None:
    gate, wall, pauses = closed_once(), WALL, []
    for _ in range(7):
        wall = gate.until
        gate = gate_after_failure(gate, blocked(), began_at=wall, wall=wall)
        pauses.append((gate.until - wall) / 60)
    assert pauses == [30, 60, 120, 240, 360, 360, 360]


def test_what_began_before_the_closure_tells_nothing_new() -> None:
    """Three workers that run into the same block close the gate once."""
    gate = closed_once()
    after = gate_after_failure(gate, blocked(), began_at=WALL - 1, wall=WALL + 30)
    assert (after.closures, after.until, after.closed_at) == (1, gate.until, WALL)


def test_but_a_longer_wish_of_the_site_is_heard() -> None:
    gate = closed_once()
    after = gate_after_failure(gate, blocked(7200), began_at=WALL - 1, wall=WALL + 30)
    assert (after.closures, after.until) == (1, WALL + 30 + 7200)


def test_old_news_leave_the_probe_out() -> None:
    gate = replace(closed_once(), probe_job_id=7)
    old = gate_after_failure(gate, blocked(60), began_at=WALL - 1, wall=WALL + 901)
    probe = gate_after_failure(gate, blocked(), began_at=WALL + 900, wall=WALL + 901)
    assert (old.probe_job_id, probe.probe_job_id) == (7, None)


def test_after_the_clock_went_back_failures_are_news() -> None:
    """Else the gate would stand open until the clock has caught up."""
    after = gate_after_failure(
        closed_once(), blocked(), began_at=WALL - DAY, wall=WALL - DAY + 9
    )
    assert (after.closures, after.is_too_early_to_probe(WALL - DAY + 9)) == (2, True)


@pytest.mark.parametrize(
    ("asked", "given_"), [(0, 1), (-5, 1), (90, 90), (10 * DAY, 6 * 3600)]
)
def test_retry_after_is_obeyed_within_reason(asked: float, given_: float) -> None:
    assert pause_duration_s(GateName.SITE, 5, asked) == given_


@pytest.mark.parametrize("name", GateName)
@given(closures=st.integers(1, 10_000))
def test_pauses_stay_in_their_bounds(name: GateName, closures: int) -> None:
    first, longest = PAUSES[name]
    assert first <= pause_duration_s(name, closures, None) <= longest


@given(
    jump=st.floats(-10 * 365 * DAY, 10 * 365 * DAY),
    asked=st.none() | st.floats(-10, 1e9),
    old=st.booleans(),
)
def test_a_gate_just_closed_is_shut_whatever_the_clock_did(
    jump: float,
    asked: float | None,
    old: bool,  # noqa: FBT001 - hypothesis names it
) -> None:
    """Closed, then the clock jumps, then another attempt fails the same way."""
    wall = WALL + jump
    began = WALL - 1 if old else wall
    gate = gate_after_failure(closed_once(), blocked(asked), began_at=began, wall=wall)
    its_time_was_up = jump >= 15 * 60
    if old and asked is None and its_time_was_up:
        assert not gate.is_too_early_to_probe(wall), "old news do not close it again"
    else:
        assert gate.is_too_early_to_probe(wall)


def test_shut_until_its_time_is_up() -> None:
    gate = closed_once()
    assert gate.is_too_early_to_probe(WALL)
    assert gate.is_too_early_to_probe(gate.until - 0.001)
    assert not gate.is_too_early_to_probe(gate.until)


@pytest.mark.parametrize("years", [-10, -1, 1, 10])
def test_a_clock_that_jumped_opens_it(years: int) -> None:
    assert not closed_once().is_too_early_to_probe(WALL + years * 365 * DAY)


def test_every_gate_has_a_kind_and_a_pause() -> None:
    closed_by_probe = {GateName.OUTAGE}
    assert set(GATE_OF.values()) | closed_by_probe == set(PAUSES) == set(GateName)


def test_no_job_probes_an_outage_unless_no_known_video_can() -> None:
    shut = outage_gate(None, "It fails.", WALL)
    assert not shut.admits_job(shut.until)
    unprobed = outage_gate(shut, "It fails.", shut.until, lets_job_probe=True)
    assert not unprobed.admits_job(unprobed.until - 1)
    assert unprobed.admits_job(unprobed.until)
    assert (unprobed.closed_at, unprobed.closures) == (WALL, 2)


# ------------------------------------------------------------------------------- pace


def test_tokens_come_back_by_the_hour() -> None:
    pace = Pace(burst=30, per_hour=300)
    assert pace.refill(0, WALL, WALL + 12) == pytest.approx(1)
    assert pace.refill(0, WALL, WALL + DAY) == 30
    assert pace.seconds_to_next(0) == pytest.approx(12)
    assert pace.seconds_to_next(0.5) == pytest.approx(6)
    assert pace.seconds_to_next(2) == 0


@given(tokens=st.floats(0, 30), seconds=st.floats(-1e9, 1e9))
def test_tokens_never_leave_the_bucket(tokens: float, seconds: float) -> None:
    pace = Pace(burst=30, per_hour=300)
    found = pace.refill(tokens, WALL, WALL + seconds)
    assert tokens <= found <= 30


@pytest.mark.parametrize(
    ("burst", "per_hour", "off"), [(0, 300, True), (30, 0, True), (1, 1, False)]
)
def test_zero_switches_the_pace_off(
    burst: int,
    per_hour: int,
    off: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert Pace(burst=burst, per_hour=per_hour).is_disabled is off
