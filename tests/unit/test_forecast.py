"""When the queue will be done, and where a job stands in it."""

import pytest

from ytaudio_daemon.model import JobState, Progress
from ytaudio_daemon.model.forecast import (
    Turn,
    Workload,
    place_in_queue,
    seconds_until_done,
)
from ytaudio_daemon.model.gates import UNLIMITED, Pace
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.views.daemon_document import LedgerFacts, forecast_document
from ytaudio_daemon.views.snapshot import DaemonSnapshot

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


@pytest.mark.parametrize(
    ("job_s", "speed_bps", "seconds"),
    [
        (1.0, 1000, 40.0),  # the running ones are slower than the latest were
        (50.0, 1000, 50.0),
        (None, 1000, 40.0),
        (1.0, None, 1.0),
    ],
)
def test_a_job_takes_as_long_as_the_running_ones_do_if_they_are_slower(
    job_s: float | None, speed_bps: int | None, seconds: float
) -> None:
    progress = Progress(
        phase="downloading", total_bytes=40_000, downloaded_bytes=1, speed_bps=speed_bps
    )
    live = DaemonSnapshot(
        state="running", started_at=0, pid=1, host="here", version="1",
        workers_max=1, progress={"a": progress},
    )  # fmt: skip
    counts = dict.fromkeys(JobState, 0) | {JobState.QUEUED: 1}
    facts = LedgerFacts(gates=(), counts=counts, sessions={}, job_s=job_s)
    forecast = forecast_document(live, facts, 0.0)
    assert forecast is not None
    assert forecast["done_at"] == rfc3339(seconds)
