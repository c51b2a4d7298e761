"""Download slots, converter slots, and what does not run while waiting for one."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.integration.pool_rig import Rig
from ytaudio_daemon.model import Phase
from ytaudio_daemon.pool import Ended, Progressed, Usage


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, downloads=2, converters=1)
    yield rig
    rig.close()


def use(downloading: int, converting: int, waiting: int) -> Usage:
    return Usage(downloading=downloading, converting=converting, waiting=waiting)


def converting(rig: Rig) -> list[str]:
    """Return who got a converter slot, in that order."""
    said = [e for e in rig.events if isinstance(e, Progressed)]
    return [e.key for e in said if e.progress.phase == Phase.CONVERTING]


def test_a_queued_attempt_holds_a_download_slot(rig: Rig) -> None:
    assert rig.pool.free_slots() == 2
    rig.start("a", "sleep")
    assert rig.pool.free_slots() == 1
    assert rig.pool.usage() == use(1, 0, 0)
    rig.start("b", "sleep")
    assert rig.pool.free_slots() == 0


def test_whoever_wants_to_convert_hands_the_download_slot_back(rig: Rig) -> None:
    for key in "ab":
        rig.start(key, "convert 60")
    rig.until(lambda: rig.pool.usage() == use(0, 1, 1))
    assert rig.pool.free_slots() == 2
    for key in "cd":
        rig.start(key, "convert 60")
    rig.until(lambda: rig.pool.usage() == use(0, 1, 3))
    # 2 downloads + 1 converter + 2 that may wait = 5 alive at most
    assert rig.pool.free_slots() == 1


def test_converter_slots_go_to_the_longest_wait(rig: Rig) -> None:
    for number, key in enumerate("abcd"):
        rig.start(key, "convert 60")
        rig.until(partial(_are_past_downloading, rig, number + 1))
    rig.until(lambda: converting(rig) == ["a"])
    rig.pool.kill("c")
    rig.ended("c")
    for done, next_one in ("ab", "bd"):
        rig.pool.kill(done)
        rig.until(partial(_converts, rig, next_one))
    assert converting(rig) == ["a", "b", "d"]


def test_no_clock_runs_while_waiting_for_a_converter(rig: Rig) -> None:
    limits = {"deadline_s": 500.0, "stall_timeout_s": 60.0}
    rig.start("first", "convert 60")
    rig.until(lambda: rig.pool.usage() == use(0, 1, 0))
    rig.start("second", "convert 60", **limits)
    rig.until(lambda: rig.pool.usage() == use(0, 1, 1))
    rig.skip(5000)
    assert rig.of(Ended, "second") == []
    rig.pool.kill("first")
    rig.until(lambda: converting(rig) == ["first", "second"])
    rig.skip(490)
    assert rig.of(Ended, "second") == []
    rig.skip(10)
    assert rig.failure(rig.ended("second")) == ("timeout", "deadline")


def _are_past_downloading(rig: Rig, count: int) -> bool:
    found = rig.pool.usage()
    return found.converting + found.waiting == count


def _converts(rig: Rig, key: str) -> bool:
    return converting(rig)[-1] == key
