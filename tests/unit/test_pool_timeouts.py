"""When a running attempt is given up; all times are made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.model import Limits, Phase, Progress
from ytaudio_daemon.pool.timeouts import STALL_RATE_BPS, AttemptTimeouts

START = 1000.0
STALL = 60.0
ENOUGH = int(STALL_RATE_BPS * STALL)


def patience(**limits: float) -> AttemptTimeouts:
    chosen = {"deadline_s": 10_000.0, "stall_timeout_s": STALL} | limits
    return AttemptTimeouts(Limits(**chosen), START)  # type: ignore[arg-type] # whole numbers where it matters


def downloaded(count: int | None) -> Progress:
    return Progress(phase=Phase.DOWNLOADING, downloaded_bytes=count)


def code(clock: AttemptTimeouts, now: float) -> str:
    verdict = clock.expired(now)
    return verdict.code if verdict else ""


def test_resolving_has_three_stall_windows_and_180_s_at_least() -> None:
    assert patience().due() == START + 180
    assert patience(stall_timeout_s=100).due() == START + 300
    clock = patience(stall_timeout_s=100)
    assert code(clock, START + 299) == ""
    assert code(clock, START + 300) == "stalled"


def test_the_earlier_of_two_bounds_is_the_reason() -> None:
    clock = patience(deadline_s=100)
    assert clock.due() == START + 100
    assert code(clock, START + 5000) == "deadline"


def test_no_limit_means_for_ever() -> None:
    clock = patience(deadline_s=0, stall_timeout_s=0)
    clock.on_progress(downloaded(0), START)
    assert clock.due() is None
    assert clock.expired(1e12) is None


def test_a_download_that_never_begins_to_flow_stalls() -> None:
    clock = patience()
    clock.on_progress(downloaded(None), START + 100)
    assert clock.due() == START + 100 + STALL


def test_bytes_must_keep_coming() -> None:
    clock = patience()
    for second in range(100):
        clock.on_progress(downloaded(second * 2000), START + second)
        assert code(clock, START + second) == ""
    due = clock.due()
    assert due is not None
    # the last 60 KiB came in the last 31 of the 99 seconds
    assert START + 99 + STALL - 32 <= due <= START + 99 + STALL
    assert code(clock, due) == "stalled"


def test_a_count_that_falls_back_is_a_new_file_not_a_stall() -> None:
    clock = patience()
    clock.on_progress(downloaded(10 * ENOUGH), START)
    clock.on_progress(downloaded(10), START + 50)
    clock.on_progress(downloaded(2 * ENOUGH), START + 59)
    assert clock.due() == START + 59 + STALL


@pytest.mark.parametrize("phase", [Phase.CONVERTING, Phase.VERIFYING])
def test_only_the_deadline_bounds_what_moves_no_bytes(phase: Phase) -> None:
    clock = patience()
    clock.on_progress(downloaded(1), START + 1)
    clock.on_progress(Progress(phase=phase), START + 2)
    assert clock.due() == START + 10_000


def test_waiting_stops_every_clock() -> None:
    clock = patience()
    clock.on_progress(downloaded(1), START)
    clock.pause(START + 10)
    assert clock.due() is None
    clock.resume(START + 7010)
    assert clock.due() == START + 10_000 + 7000


@given(
    st.lists(
        st.tuples(st.floats(0.1, 30), st.integers(0, 2 * ENOUGH)),
        min_size=1,
        max_size=60,
    )
)
def test_a_stall_is_exactly_a_window_with_too_few_bytes(
    steps: list[tuple[float, int]],
) -> None:
    """Compare with the definition, looked at every moment something changes."""
    clock = patience(deadline_s=0)
    history = [(START, 0)]
    clock.on_progress(downloaded(0), START)
    for pause, grown in steps:
        before = clock.due()
        when = history[-1][0] + pause
        assert before is not None
        assert before == _stall_by_definition(history)
        if before <= when:
            assert code(clock, when) == "stalled"
            return
        history.append((when, history[-1][1] + grown))
        clock.on_progress(downloaded(history[-1][1]), when)


def _stall_by_definition(history: list[tuple[float, int]]) -> float:
    """Return the first time at which the window before it holds too few bytes."""
    latest = history[-1][1]
    slow = (when for when, count in history if latest - count < ENOUGH)
    return next(slow) + STALL
