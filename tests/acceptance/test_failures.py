"""What goes wrong at the site and on the way: told plainly, retried, healed."""

import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.conftest import CLIP, Opener
from tests.acceptance.rig import Document, House, ids, links, running
from tests.youtube import OUTAGES, Fault, Status, Video, YouTube
from tests.youtube.handle import CHECKOUT
from ytaudio_daemon.fetch.tools import find_tools


def seconds_to(moment: str) -> float:
    """Return how far off a document's time is."""
    return (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds()


def gate(home: House, name: str) -> Document | None:
    """Return a closed gate, None when it is open."""
    shut = home.daemon.get("gates", [])
    return next((gate for gate in shut if gate["name"] == name), None)


def let_time_pass(home: House) -> None:
    """Put gates and retries of a test back: their minutes are too long for it."""
    home.query("UPDATE gates SET until = ?", time.time() - 1)
    home.query("UPDATE jobs SET retry_at = ? WHERE state = 'waiting'", time.time() - 1)
    home.poke()


DEAD: list[tuple[Status, str]] = [
    ("private", "private"),
    ("removed", "removed"),
    ("age", "old enough"),
    ("geo", "country"),
    ("members", "member"),
]


def test_what_is_not_to_be_had_fails_once_with_its_reason(
    home: House, site: YouTube
) -> None:
    videos = ids("DEAD", len(DEAD))
    for video, (status, _) in zip(videos, DEAD, strict=True):
        site.add(Video(id=video, status=status))
    home.drop("dead", links(videos))
    assert home.wait_done("dead", len(DEAD))["failed"] == len(DEAD)
    for video, (_, word) in zip(videos, DEAD, strict=True):
        job = home.jobs("dead")[video]
        assert job["error"]["kind"] == "unavailable"
        assert word in job["error"]["message"]
        assert job["attempt"]["number"] == 1
        shown = home.must("show", job["id"][:8])
        assert job["error"]["message"] in shown
    assert home.cli("wait", "-s", "dead").returncode == 1


@pytest.mark.parametrize("status", ["unavailable", "drm"])
def test_what_may_be_a_mistake_of_youtube_gets_a_second_look_after_an_hour(
    home: House, site: YouTube, status: Status
) -> None:
    [video] = ids(f"BARE{status[:1].upper()}", 1)
    site.add(Video(id=video, status=status))
    home.drop("bare", links([video]), f"{status}.txt")
    job = home.wait_for_state("bare", video, "waiting")
    assert 3500 < seconds_to(job["attempt"]["retry_at"]) <= 3600
    let_time_pass(home)
    assert home.wait_for_state("bare", video, "failed")["attempt"]["number"] == 2


@pytest.mark.parametrize("status", ["live", "upcoming", "premiere"])
def test_what_is_not_yet_there_waits_uncharged(
    home: House, site: YouTube, status: Status
) -> None:
    [video] = ids(status.upper()[:4], 1)
    site.add(Video(id=video, status=status))
    home.drop("notyet", links([video]), f"{status}.txt")
    job = home.wait_for_state("notyet", video, "waiting")
    assert job["error"]["kind"] == "not_yet"
    assert job["attempt"]["charged"] == 0
    assert seconds_to(job["attempt"]["retry_at"]) > 60
    site.add(Video(id=video))
    let_time_pass(home)
    home.wait_for_state("notyet", video, "completed")


FAULTS = {
    "refused": Fault.answers(403, times=1),
    "broken": Fault.answers(503, times=2),
    "reset": Fault.resets(times=2),
    "cut": Fault.truncates(times=2),
    "short": Fault.shortens(times=1),
    "html": Fault.serves_html(times=1),
    "zeros": Fault.zeroes(times=1, after=0.3),
    "noise": Fault.garbles(times=1),
    "expired": Fault.expires(),
}


def test_faults_that_pass_are_retried_until_it_is_done(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house(retry_base="20ms", retry_attempts="6")
    videos = ids("FAULT", len(FAULTS))
    for video, fault in zip(videos, FAULTS.values(), strict=True):
        site.add(Video(id=video, duration_s=3, formats={"aac"}, faults=(fault,)))
    house.drop("faults", links(videos))
    counts = house.wait_done("faults", len(FAULTS), 150)
    assert counts["completed"] == len(FAULTS)
    for job in house.jobs("faults").values():
        assert abs(job["duration_s"] - 3) < 0.2


def test_bad_media_never_completes_and_gives_up(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house(retry_base="10ms", retry_attempts="2")
    lies = [Fault.shortens(), Fault.serves_html(), Fault.zeroes(after=0.3)]
    videos = ids("LIES", len(lies))
    for video, lie in zip(videos, lies, strict=True):
        site.add(Video(id=video, duration_s=3, formats={"aac"}, faults=(lie,)))
    house.drop("lies", links(videos))
    assert house.wait_done("lies", len(lies))["failed"] == len(lies)
    for job in house.jobs("lies").values():
        assert job["attempt"]["charged"] == 2
        assert job["output_path"] is None
    assert not list((house.downloads).glob("*/*/audio/*"))
    assert house.cli("wait", "-s", "lies").returncode == 1


def test_a_stalled_download_times_out(open_house: Opener, site: YouTube) -> None:
    house = open_house(download_stall_timeout="1s", retry_attempts="1")
    [video] = ids("STALL", 1)
    site.add(Video(id=video, formats={"aac"}, faults=(Fault.stalls(),)))
    house.drop("stall", links([video]))
    job = house.wait_for_state("stall", video, "failed")
    assert job["error"]["kind"] == "timeout"
    house.wait(lambda: len(house.workers()) == 1)  # the template alone


def test_a_bot_check_stops_everybody_and_costs_nobody_a_try(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house()
    videos = ids("BOT", 8)
    site.blocked = "bot"
    house.drop("bot", links(videos))
    shut = house.wait(lambda: gate(house, "site"))
    assert 800 < seconds_to(shut["until"]) <= 900
    assert "bot" in shut["reason"]
    house.wait(lambda: house.counts("bot")["running"] == 0)
    tried = house.query("SELECT count(*) FROM attempts")[0][0]
    assert tried <= 4  # the first closes nothing yet, and its slot may be taken
    assert house.problem("site")
    assert shut["reason"] in house.must("status")
    let_time_pass(house)

    def shut_for_longer() -> bool:
        found = gate(house, "site")
        return found is not None and seconds_to(found["until"]) > 1000

    house.wait(shut_for_longer)  # one probe went out, and came back with the same
    assert house.query("SELECT count(*) FROM attempts")[0][0] == tried + 1
    site.blocked = None
    let_time_pass(house)
    assert house.wait_done("bot", len(videos))["completed"] == len(videos)
    assert gate(house, "site") is None
    charged = [job["attempt"]["charged"] for job in house.jobs("bot").values()]
    assert charged == [1] * len(videos)


def test_an_outage_is_told_costs_nobody_a_try_and_ends_by_itself(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house(engine_auto_upgrade="off")
    videos = ids("OUT", 6)
    site.break_down(OUTAGES["drm"])
    house.drop("out", links(videos))
    shut = house.wait(lambda: gate(house, "outage"))
    problem = house.wait(lambda: house.problem("outage"))
    assert "Nothing to do" in problem["hint"]
    assert house.daemon["daemon"]["state"] == "degraded"
    house.wait_counts("out", failed=0, running=0)
    job = house.jobs("out")[videos[0]]
    for said in (house.must("show", job["id"][:8]), house.cli("status").stdout):
        assert " ".join(shut["reason"].split()) in " ".join(said.split())
    site.recover()
    house.query("UPDATE outages SET probe_at = ?", time.time() - 1)
    house.poke()
    assert house.wait_done("out", len(videos))["completed"] == len(videos)
    assert gate(house, "outage") is None
    charged = [job["attempt"]["charged"] for job in house.jobs("out").values()]
    assert charged == [1] * len(videos)


def test_retry_after_is_honoured(open_house: Opener, site: YouTube) -> None:
    house = open_house(download_workers="1")
    videos = ids("WAIT", 3)
    site.default = CLIP
    site.fault(videos[0], Fault.answers(429, kind="media", times=1, retry_after=8))
    house.drop("wait", links(videos))
    shut = house.wait(lambda: gate(house, "site"))
    assert 0 < seconds_to(shut["until"]) <= 8
    refused = site.wait_for(videos[0], "media", finished=True)[0].time
    assert house.wait_done("wait", 3)["completed"] == 3
    others = [r.time for r in site.requests() if r.time > refused + 0.3]
    assert min(others) - refused >= 7.9
    assert gate(house, "site") is None


def test_a_network_that_is_gone_holds_everything_and_heals(
    site: YouTube, tmp_path: Path
) -> None:
    made = House(tmp_path / "house", site)
    proxy = made.settings.pop("download_proxy")
    made.configure('[download]\nproxy = "http://127.0.0.1:9"\n')
    videos = ids("NET", 5)
    with running(made) as house:
        house.drop("net", links(videos))
        shut = house.wait(lambda: gate(house, "network"))
        assert seconds_to(shut["until"]) <= 300
        house.wait(lambda: house.counts("net")["running"] == 0)
        house.configure(f'[download]\nproxy = "{proxy}"\n')
        house.running.send_signal(signal.SIGHUP)
        house.wait(lambda: "config.reloaded" in house.log.read_text())
        let_time_pass(house)
        assert house.wait_done("net", len(videos))["completed"] == len(videos)
        assert gate(house, "network") is None
        charged = [job["attempt"]["charged"] for job in house.jobs("net").values()]
        assert charged == [1] * len(videos)


def test_without_ffmpeg_work_waits_until_there_is_one(
    site: YouTube, tmp_path: Path
) -> None:
    bare = tmp_path / "programs"
    bare.mkdir()
    hidden = tmp_path / "hidden"
    for package in ("imageio_ffmpeg", "deno"):
        (hidden / package).mkdir(parents=True)
    (hidden / "imageio_ffmpeg" / "__init__.py").touch()
    (hidden / "deno" / "__init__.py").write_text(
        "def find_deno_bin():\n    raise FileNotFoundError\n"
    )
    made = House(tmp_path / "house", site)
    [video] = ids("NOFFMPEG", 1)
    poor = {"PATH": str(bare), "PYTHONPATH": f"{hidden}:{CHECKOUT}"}
    with running(made, **poor) as house:
        house.drop("poor", f"{links([video]).strip()} format=mp3\n")  # an encode
        assert house.wait(lambda: house.problem("ffmpeg_missing"))["hint"]
        assert house.problem("js_runtime_missing")
        house.wait(lambda: gate(house, "host"))
        job = house.wait_for_state("poor", video, "waiting")
        assert (job["error"]["kind"], job["attempt"]["charged"]) == ("host", 0)
        assert house.daemon["daemon"]["state"] == "degraded"
        assert house.cli("status").returncode == 6
        tools = find_tools()
        assert tools.ffmpeg is not None
        (bare / "ffmpeg").symlink_to(tools.ffmpeg.path)
        house.stop()  # it would look again by itself, but only twice a minute
        house.start(**poor)
        assert not house.problem("ffmpeg_missing")
        let_time_pass(house)
        house.wait_for_state("poor", video, "completed")
