"""The daemon's document says when the pace lets the next job start, and when all are done."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration import views_rig
from tests.integration.views_rig import Rig, video
from ytaudio_daemon.ledger import Ledger, gates
from ytaudio_daemon.model.gates import Pace
from ytaudio_daemon.system.times import rfc3339

MINUTELY = Pace(burst=1, per_hour=60)


@pytest.fixture
def rig(sqlite_ledger: Ledger, tmp_path: Path) -> Rig:
    built = views_rig.new_rig(sqlite_ledger, tmp_path)
    built.live = replace(built.live, pace=MINUTELY, workers_max=3)
    return built


def test_a_spent_pace_names_the_next_start_and_the_end_of_the_queue(rig: Rig) -> None:
    rig.drop(*(video(n) for n in range(5)))
    rig.complete()
    with rig.ledger.write() as db:
        assert gates.take_token(db, MINUTELY, rig.now)
    taken_at = rig.now.wall
    rig.refresh(20)
    found = rig.daemon()
    assert found["pace"] == {
        "burst": 1,
        "per_hour": 60,
        "next_at": rfc3339(round(taken_at + 60)),
    }
    # Four queued jobs, a third of a token: three times and two thirds a minute.
    assert found["forecast"] == {"jobs": 4, "done_at": rfc3339(round(taken_at + 240))}


def test_a_queue_of_which_nothing_is_done_yet_has_no_forecast(rig: Rig) -> None:
    rig.drop(video(1))
    rig.refresh()
    assert rig.daemon()["forecast"] is None
    assert rig.daemon()["pace"]["next_at"] is None


def test_an_empty_queue_waits_for_nothing(rig: Rig) -> None:
    rig.drop(video(1))
    rig.complete()
    with rig.ledger.write() as db:
        assert gates.take_token(db, MINUTELY, rig.now)
    rig.refresh(1)
    assert rig.daemon()["pace"]["next_at"] is None
    assert rig.daemon()["forecast"] is None
