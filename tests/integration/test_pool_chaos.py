"""Everything at once, killed at random: each start ends once, and nothing is left."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.integration.pool_rig import Rig, descendants, wait_until
from ytaudio_daemon.pool import Ended

DEEDS = [
    "finish",
    "exit 1",
    f"die {signal.SIGSEGV:d}",
    "grandchild",
    "grandchild escaped",
    "grandchild left",
    "convert 0.05",
    "flood",
    "stop",
    "garbage long",
    "download 100000 0.1",
]
#: How many attempts are started in all.
STARTS = 40


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, downloads=4, converters=2, reply_timeout_s=0.5)
    yield rig
    rig.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_each_start_ends_once_whatever_is_killed(rig: Rig, seed: int) -> None:
    chance = random.Random(seed)
    files = psutil.Process().num_fds()
    keys: set[str] = set()
    while len(keys) < STARTS:
        while rig.pool.free_slots():
            key = str(len(keys))
            keys.add(key)
            rig.start(key, chance.choice(DEEDS), deadline_s=1)
        kill_something(rig, chance, key)
        rig.until_something_happens()
    for key in keys:
        rig.ended(key)  # exactly once
    assert len([e for e in rig.events if isinstance(e, Ended)]) == len(keys)
    # Strays are reaped without a word: nothing to sleep on.
    wait_until(lambda: rig.listened() and len(descendants()) <= 1)
    assert psutil.Process().num_fds() <= files + 1  # a template's control socket


def kill_something(rig: Rig, chance: random.Random, key: str) -> None:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        match chance.randrange(40):
            case 0 if rig.pool.template_facts:
                os.kill(rig.pool.template_facts.pid, signal.SIGKILL)
            case 1 if rig.pool.template_facts:
                os.kill(rig.pool.template_facts.pid, signal.SIGSTOP)
            case number if number < 12:
                rig.pool.kill(key)
            case number if number < 16:
                if victims := descendants():
                    chance.choice(victims).kill()
