"""A running daemon changes its yt-dlp: nothing is lost, nothing is done twice."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.faulty import HouseWithAClock
from tests.acceptance.rig import links, stopped
from tests.integration import ytdlp_rig
from tests.integration.ytdlp_rig import EARLIER, LATER, NEXT
from tests.youtube import Fault, YouTube
from ytaudio_daemon.model.ytdlp_policy import canonical_version
from ytaudio_daemon.system.distributions import installed_version

#: Twice pip, twice a template, some downloads: two seconds, or a busy machine's minute.
AN_UPGRADE_S = 150
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version that works, alone in its index."""
    return ytdlp_rig.rebuilt(tmp_path_factory.mktemp("good"), NEXT)


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A later one that does not, alone in its index."""
    return ytdlp_rig.broken(tmp_path_factory.mktemp("bad"), LATER)


@pytest.fixture(scope="module")
def outdated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An earlier one that YouTube has left behind."""
    folder = tmp_path_factory.mktemp("outdated")
    return ytdlp_rig.broken(folder, EARLIER, ytdlp_rig.OUTDATED)


class HouseWithWheels(HouseWithAClock):
    """A house whose only package index is a folder, and whose daemon looks often."""

    index: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of daemon and commands."""
        plain = super().environment(**more)
        kept = {k: v for k, v in plain.items() if not k.startswith("PIP_")}
        found = ytdlp_rig.only_from(self.index)
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

    @property
    def state(self) -> Path:
        """The daemon's own folder."""
        return self.root / "state"


@pytest.fixture
def house(site: YouTube, bad: Path, tmp_path: Path) -> Iterator[HouseWithWheels]:
    """A house that nobody lives in yet; the newest yt-dlp there is is a bad one."""
    house = HouseWithWheels(tmp_path / "house", site, retry_base="2s")
    house.index = bad.parent
    yield house
    house.close()


def test_another_version_is_taken_by_the_next_try_and_running_ones_go_on(
    site: YouTube, house: HouseWithWheels, good: Path
) -> None:
    ytdlp_rig.shelve(good, NEXT, house.state, time.time())
    house.must("engine", "use", "installed")
    house.start()
    assert (house.engine["path"], house.engine["pinned"]) == (None, True)
    # A try is held up in the middle while yt-dlp is changed under it.
    site.fault("oldengine01", Fault.throttles(4000, times=1))
    house.drop("party", links(["oldengine01"]), "old.txt")
    site.wait_for("oldengine01", "media", timeout_s=60)
    with stopped(house.at_work()):
        house.must("engine", "use", NEXT)
        house.drop("party", links(["newengine01"]), "new.txt")
        house.wait_for_state("party", "newengine01", "completed")
        assert house.jobs("party")["oldengine01"]["state"] == "running"
    house.wait_for_state("party", "oldengine01", "completed")
    assert house.engine_of("party", "newengine01") == [NEXT]
    (old,) = house.engine_of("party", "oldengine01")
    assert canonical_version(old) == canonical_version(installed_version("yt-dlp"))
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
        assert canonical_version(good) == canonical_version(installed_version("yt-dlp"))
    assert house.engine["path"] is None
    # It is not tried again by itself.
    listed = json.loads(house.must("engine", "list", "--json"))
    assert [refused["version"] for refused in listed["refused"]] == [LATER]


def test_the_daemon_upgrades_by_itself_only_to_what_can_download(
    site: YouTube, house: HouseWithWheels, good: Path
) -> None:
    ytdlp_rig.shelve(good, NEXT, house.state, time.time() - 86_400)
    house.start()
    house.drop("party", links(["knowntowork"]))
    house.wait_for_state("party", "knowntowork", "completed")
    assert house.engine_of("party", "knowntowork") == [NEXT]
    assert house.engine["last_upgrade"]["automatic"] is False
    house.stop()
    house.start(FAULTY_UPGRADES="1")
    house.wait(lambda: house.engine["last_upgrade"]["automatic"], AN_UPGRADE_S)
    last = house.engine["last_upgrade"]
    assert (last["result"], last["version"]) == ("refused", LATER)
    assert "knowntowork (unknown), which works without it" in last["message"]
    assert house.problem("engine_not_upgraded")
    assert house.daemon["daemon"]["yt_dlp"] == NEXT
    assert site.fetches("knowntowork") == 2  # once more, with the one in use


def test_when_most_videos_fail_as_outdated_a_newer_one_is_fetched_at_once(
    site: YouTube, house: HouseWithWheels, good: Path, outdated: Path
) -> None:
    ytdlp_rig.shelve(outdated, EARLIER, house.state, time.time() - 86_400)
    house.index = good.parent
    house.settings["retry_base"] = "1h"
    house.start()
    videos = [f"puzzle0000{n}" for n in range(4)]
    house.drop("party", links(videos))
    house.wait_done("party", 4, AN_UPGRADE_S)  # none of them waits for its hour
    assert house.counts("party")["completed"] == 4
    for video_id in videos:
        assert house.engine_of("party", video_id)[-1] == NEXT
        assert site.fetches(video_id) == 1
    last = house.engine["last_upgrade"]
    assert (last["result"], last["automatic"]) == ("upgraded", True), last


def test_a_damaged_version_is_done_without_and_told_of(
    house: HouseWithWheels, good: Path
) -> None:
    ytdlp_rig.shelve(good, NEXT, house.state, time.time())
    file = house.state / "engine" / NEXT / "yt_dlp" / "YoutubeDL.py"
    file.write_text("raise RuntimeError('hm')\n")
    house.start()
    problem = house.wait(lambda: house.problem("engine_damaged"))
    assert problem["hint"] == "Fetch it again: ytaudio engine upgrade"
    house.drop("party", links(["stillworks1"]))
    house.wait_for_state("party", "stillworks1", "completed")
    assert house.daemon["daemon"]["state"] == "running"
    house.must("engine", "use", "installed")
    house.wait(lambda: house.problem("engine_damaged") is None)
