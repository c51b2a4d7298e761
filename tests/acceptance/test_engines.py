"""A running daemon changes its yt-dlp: nothing is lost, nothing is done twice."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.faulty import HouseWithAClock
from tests.acceptance.rig import links
from tests.integration import engine_rig
from tests.integration.engine_rig import LATER, NEXT
from tests.youtube import Fault, YouTube
from ytaudio_daemon.engines.shelf import installed_version, shelf_of
from ytaudio_daemon.engines.upgrading import Upgrade, Wish
from ytaudio_daemon.model.engines import canonical
from ytaudio_daemon.settings import load


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good version, and a later one that cannot extract."""
    folder = tmp_path_factory.mktemp("wheels")
    engine_rig.rebuilt(folder, NEXT)
    engine_rig.broken(folder, LATER)
    return folder


@pytest.fixture(scope="module")
def stocked(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with the good version in use, fetched once."""
    state = tmp_path_factory.mktemp("stocked")
    index = tmp_path_factory.mktemp("good")
    for wheel in wheels.glob("*.whl"):
        if LATER not in wheel.name:
            (index / wheel.name).hardlink_to(wheel)
    upgrade = Upgrade(
        shelf_of(state), load(None, {}), environ=engine_rig.only_from(index)
    )
    tried = upgrade.run(Wish())
    assert tried.result == "upgraded", tried
    return state / "engine"


class HouseWithWheels(HouseWithAClock):
    """A house whose only package index is a folder, and whose daemon looks often."""

    wheels: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of daemon and commands."""
        plain = super().environment(**more)
        kept = {k: v for k, v in plain.items() if not k.startswith("PIP_")}
        found = engine_rig.only_from(self.wheels)
        return kept | {k: v for k, v in found.items() if k.startswith("PIP_")}

    @property
    def engine(self) -> dict[str, Any]:
        """What the daemon says of its yt-dlp."""
        found: dict[str, Any] = self.daemon["daemon"]["engine"]
        return found

    def engine_of(self, session: str, video_id: str) -> list[str]:
        """Return the versions that a job's tries were made with."""
        job = self.jobs(session)[video_id]["id"]
        shown = json.loads(self.must("show", job, "--json"))
        return [attempt["engine"] for attempt in shown["attempts"]]

    def stock(self, shelf: Path) -> None:
        """Take over what was fetched before."""
        (self.root / "state").mkdir()
        there = self.root / "state" / "engine"
        shutil.copytree(shelf, there, symlinks=True, copy_function=os.link)


@pytest.fixture
def house(site: YouTube, wheels: Path, tmp_path: Path) -> Iterator[HouseWithWheels]:
    """A house that nobody lives in yet."""
    house = HouseWithWheels(tmp_path / "house", site, retry_base="2s")
    house.wheels = wheels
    yield house
    house.close()


def test_another_version_is_taken_by_the_next_try_and_running_ones_go_on(
    site: YouTube, house: HouseWithWheels, stocked: Path
) -> None:
    house.stock(stocked)
    house.must("engine", "use", "installed")
    house.start()
    assert (house.engine["path"], house.engine["pinned"]) == (None, True)
    # A try is held up in the middle while yt-dlp is changed under it.
    site.fault("oldengine01", Fault.throttles(1500, times=1))
    house.drop("party", links(["oldengine01"]), "old.txt")
    site.wait_for("oldengine01", "media", timeout_s=40)
    house.must("engine", "use", NEXT)
    house.drop("party", links(["newengine01"]), "new.txt")
    house.wait_for_state("party", "newengine01", "completed")
    assert house.jobs("party")["oldengine01"]["state"] == "running"
    house.wait_for_state("party", "oldengine01", "completed")
    assert house.engine_of("party", "newengine01") == [NEXT]
    (old,) = house.engine_of("party", "oldengine01")
    assert canonical(old) == canonical(installed_version())
    for video_id in ("oldengine01", "newengine01"):
        assert site.fetches(video_id) == 1
    assert house.daemon["daemon"]["yt_dlp"] == NEXT


def test_one_that_fails_more_is_given_up_and_its_jobs_succeed_with_the_old(
    site: YouTube, house: HouseWithWheels
) -> None:
    house.start()
    # No job was ever completed: the self-test alone lets it pass.
    assert "the self-test only" in house.must("engine", "upgrade")
    house.wait(lambda: house.daemon["daemon"]["yt_dlp"] == LATER)
    videos = [f"worse00000{n}" for n in range(5)]
    house.drop("party", links(videos))
    problem = house.wait(lambda: house.problem("engine_rolled_back"))
    assert f"yt-dlp {LATER} was given up for" in problem["message"]
    assert "videos, the one before for 0 of 0" in problem["message"]
    house.wait_done("party", 5)
    assert house.counts("party")["completed"] == 5
    for video_id in videos:
        assert site.fetches(video_id) == 1
        *bad, good = house.engine_of("party", video_id)
        assert set(bad) <= {LATER}
        assert canonical(good) == canonical(installed_version())
    assert house.engine["path"] is None
    # It is not tried again by itself.
    listed = json.loads(house.must("engine", "list", "--json"))
    assert [refused["version"] for refused in listed["refused"]] == [LATER]


def test_the_daemon_upgrades_by_itself_and_only_to_what_downloads(
    site: YouTube, house: HouseWithWheels, stocked: Path
) -> None:
    house.stock(stocked)
    house.start()
    house.drop("party", links(["knowntowork"]))
    house.wait_for_state("party", "knowntowork", "completed")
    assert house.engine_of("party", "knowntowork") == [NEXT]
    assert house.engine["last_upgrade"]["automatic"] is False
    house.stop()
    notes = house.root / "state" / "engine" / "notes.json"
    told = json.loads(notes.read_bytes())
    told["tried"]["at"] -= 86_400.0
    notes.write_text(json.dumps(told))
    house.start(FAULTY_UPGRADES="1")
    house.wait(lambda: house.engine["last_upgrade"]["automatic"])
    last = house.engine["last_upgrade"]
    assert (last["result"], last["version"]) == ("refused", LATER)
    assert "knowntowork (unknown), which works without it" in last["message"]
    assert house.problem("engine_not_upgraded")
    assert house.daemon["daemon"]["yt_dlp"] == NEXT
    assert site.fetches("knowntowork") == 2  # once more, with the one in use


def test_a_damaged_version_is_done_without_and_told_of(
    house: HouseWithWheels, stocked: Path
) -> None:
    house.stock(stocked)
    file = house.root / "state" / "engine" / NEXT / "yt_dlp" / "YoutubeDL.py"
    file.unlink()  # the link of the copy, not what it was copied from
    file.write_text("raise RuntimeError('hm')\n")
    house.start()
    problem = house.wait(lambda: house.problem("engine_damaged"))
    assert problem["hint"] == "Fetch it again: ytaudio engine upgrade"
    house.drop("party", links(["stillworks1"]))
    house.wait_for_state("party", "stillworks1", "completed")
    assert house.daemon["daemon"]["state"] == "running"
    house.must("engine", "use", "installed")
    house.wait(lambda: house.problem("engine_damaged") is None)
