"""Claims and retries are looked for when one may succeed, not for every message."""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integration.loop_rig import Daemon
from ytaudio_daemon.daemon.schedule import Step
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.ledger import gates
from ytaudio_daemon.model import Outcome, Progress
from ytaudio_daemon.model.gates import gate_after_failure
from ytaudio_daemon.pool import Ended, Event, Progressed

LOADING = Progress(phase="downloading", downloaded_bytes=1)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """Give a daemon with two running jobs and nothing due."""
    with ExitStack() as stack:
        made = Daemon(tmp_path, stack)
        made.started_jobs()
        for step in Step:
            made.loop._schedule.done(step)
        yield made


def say(daemon: Daemon, *events: Event) -> None:
    """Have the pool report events in the next tick, and no more."""
    pool: Any = daemon.services.pool
    said = [list(events)]
    pool.poll = lambda _: said.pop() if said else []


def is_due(daemon: Daemon, step: Step) -> bool:
    return daemon.loop._schedule.is_due(step, time.monotonic())


def progressed(daemon: Daemon) -> Progressed:
    return Progressed(key=daemon.started[0], attempt=1, progress=LOADING)


def test_progress_makes_nothing_due(daemon: Daemon) -> None:
    say(daemon, progressed(daemon))
    daemon.loop._jobs.collect_events(time.monotonic())
    assert not [step for step in Step if is_due(daemon, step)]


def test_an_end_makes_claims_listings_and_retries_due(daemon: Daemon) -> None:
    outcome = Outcome(failure=failure_for("no_answer"))
    ended = Ended(
        key=daemon.started[0], attempt=1, outcome=outcome, worker_crashed=False
    )
    say(daemon, ended)
    daemon.loop._jobs.collect_events(time.monotonic())
    due = {step for step in Step if is_due(daemon, step)}
    assert due == {Step.CLAIMS, Step.COLLECTIONS, Step.RETRIES}


def test_bytes_that_open_a_gate_make_claims_listings_and_retries_due(
    daemon: Daemon,
) -> None:
    before = daemon.services.clock.now().wall - 60
    shut = gate_after_failure(
        None, failure_for("bot_check"), began_at=before, wall=before
    )
    with daemon.ledger.write() as db:
        gates.close_gate(db, shut)
    say(daemon, progressed(daemon))
    daemon.loop._jobs.collect_events(time.monotonic())
    daemon.loop._jobs.finish_ended(daemon.services.clock.now())
    with daemon.ledger.read() as db:
        assert gates.closed_gates(db) == []
    due = {step for step in Step if is_due(daemon, step)}
    assert due == {Step.CLAIMS, Step.COLLECTIONS, Step.RETRIES}


def test_claims_stay_due_while_the_pool_is_full(daemon: Daemon) -> None:
    pool: Any = daemon.services.pool
    room = 1

    def start(request: Any) -> None:
        nonlocal room
        room -= 1
        daemon.started.append(request.key)

    pool.free_slots, pool.start = lambda: room, start
    ids = (f"https://youtu.be/{letter * 11}\n" for letter in "CDEF")
    daemon.drop(next(ids) + next(ids), next(ids) + next(ids))
    daemon.tick_until(lambda: len(daemon.started) == 3)
    schedule = daemon.loop._schedule
    assert is_due(daemon, Step.CLAIMS)
    times = dict(schedule.own_due_times(is_draining=False, has_room=False))
    assert Step.CLAIMS not in times, "nothing is done about it meanwhile"

    room = 1  # a download turned into a conversion: no attempt has ended
    daemon.loop._tick()
    assert len(daemon.started) == 4


def test_without_collections_nothing_of_them_is_due(daemon: Daemon) -> None:
    daemon.loop._schedule.due_now(Step.COLLECTIONS)
    mono = time.monotonic()
    daemon.loop._collections.start(daemon.services.clock.now(), mono)
    times = dict(daemon.loop._schedule.own_due_times(is_draining=False, has_room=True))
    assert times[Step.COLLECTIONS] == math.inf
