"""Periodic jobs run in the loop's own thread, when it is awake anyway."""

import threading
import time
from collections.abc import Iterator
from typing import NoReturn

import pytest

from ytaudio_daemon.daemon.tick_scheduler import TickScheduler


@pytest.fixture
def scheduler() -> Iterator[TickScheduler]:
    made = TickScheduler()
    yield made
    made.shutdown()


def test_a_job_runs_in_the_thread_that_asks_and_not_before_its_time(
    scheduler: TickScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> NoReturn:
        msg = "can't start new thread"
        raise RuntimeError(msg)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    runs: list[int] = []
    scheduler.add_job(lambda: runs.append(threading.get_ident()), "interval", seconds=1)
    scheduler.start()
    began = time.monotonic()
    scheduler.run_due(began)
    assert runs == []
    while not runs and time.monotonic() < began + 30:
        scheduler.run_due(time.monotonic())
    assert runs == [threading.get_ident()]
    assert time.monotonic() >= began + 0.9


def test_jobs_that_are_not_due_are_not_looked_at(
    scheduler: TickScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler.add_job(print, "interval", seconds=3600)
    scheduler.start()
    scheduler.run_due(100.0)
    monkeypatch.setattr(scheduler, "_process_jobs", lambda: pytest.fail("looked"))
    scheduler.run_due(3000.0)
