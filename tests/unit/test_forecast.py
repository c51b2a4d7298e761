"""When the queue will be done, and where a job stands in it."""

import pytest

from ytaudio_daemon.model.forecast import (
    Turn,
    Workload,
    place_in_queue,
    seconds_until_done,
)
from ytaudio_daemon.model.gates import UNLIMITED, Pace

HOURLY = Pace(burst=10, per_hour=60)


@pytest.mark.parametrize(
    ("work", "pace", "seconds"),
    [
        ((0, 30, 0.0, 20.0, 3), UNLIMITED, 200),
        ((3, 0, 0.0, 20.0, 3), UNLIMITED, 10),
        ((1, 0, 0.0, 20.0, 3), UNLIMITED, 10),
        ((0, 5, 10.0, 20.0, 3), HOURLY, 100 / 3),
        ((0, 22, 10.0, 20.0, 3), HOURLY, 12 * 60 + 20),
        ((0, 1, 0.5, 20.0, 3), HOURLY, 50),
        ((0, 3, 3.0, 20.0, 0), HOURLY, 60),
    ],
)
def test_the_slower_of_pace_and_workers_decides(
    work: tuple[int, int, float, float, int], pace: Pace, seconds: float
) -> None:
    running, unstarted, tokens, job_s, workers = work
    load = Workload(
        running=running,
        unstarted=unstarted,
        tokens=[tokens],
        job_s=job_s,
        workers=workers,
    )
    assert seconds_until_done(load, pace) == pytest.approx(seconds)


def test_two_egresses_are_twice_as_fast() -> None:
    load = Workload(running=0, unstarted=22, tokens=[5, 5], job_s=20.0, workers=3)
    assert seconds_until_done(load, HOURLY) == pytest.approx(6 * 60 + 20)


def test_the_place_in_the_queue_is_the_daemons() -> None:
    turns = {"a": Turn(1, 5), "b": Turn(2, 1), "c": Turn(3, 2)}
    served, left = [], {uuid: turn.queued for uuid, turn in turns.items()}
    while any(left.values()):
        for uuid, turn in turns.items():
            if left[uuid]:
                served.append((uuid, turn.queued - left[uuid] + 1))
                left[uuid] -= 1
    places = [place_in_queue(place, uuid, turns) for uuid, place in served]
    assert places == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_session_without_queued_jobs_has_no_place() -> None:
    assert place_in_queue(1, "x", {"a": Turn(1, 5)}) is None
