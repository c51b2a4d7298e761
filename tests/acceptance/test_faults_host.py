"""The machine under the daemon goes wrong: disk, clock, descriptors, log."""

import os
import resource
import signal
import sqlite3
import threading
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.acceptance.conftest import Opener
from tests.acceptance.faulty import HouseWithAClock, filled
from tests.acceptance.rig import House, ids, links, running
from tests.acceptance.strangers import nobodys_house
from tests.others import mounted
from tests.youtube import Fault, Video, YouTube

#: Ten years, in seconds.
DECADE = 10 * 365.25 * 86400


def let_time_pass(house: House) -> None:
    """End all gates' and retries' pauses."""
    house.query("UPDATE gates SET until = 0")
    house.query("UPDATE jobs SET retry_at = 0 WHERE state = 'waiting'")
    (house.root / "state" / "wake" / "poke").write_text("x")


def _errors(house: House) -> bool:
    return "step.failed" in house.log.read_text(errors="replace")


def test_a_full_disk_loses_nothing_and_heals_alone(
    site: YouTube, tmp_path: Path
) -> None:
    first, second, third = ids("FULL", 3)
    disk = tmp_path / "disk"
    disk.mkdir()
    with ExitStack() as stack:
        stack.enter_context(mounted(disk, "-t", "tmpfs", "-o", "size=24m", "none"))
        made = HouseWithAClock(disk, site, disk_reserve="4MiB", log_directory="logs")
        house = stack.enter_context(running(made))
        house.drop("full", links([first]))
        house.wait_for_state("full", first, "completed")
        # So many lines that the ledger must grow for them.
        much = links([second, third]) + "not a link, but told of\n" * 5000
        path = house.drop("full", much, "more.txt.part")
        with filled(disk):
            path = path.rename(path.with_suffix(""))
            house.wait(lambda: "is full" in house.log.read_text())
            assert path.exists()
        assert house.wait_done("full", 3)["completed"] == 3
        house.wait_filed(path)
        assert [site.fetches(video) for video in (first, second, third)] == [1, 1, 1]
        assert house.query("SELECT count(*) FROM lines") == [(5003,)]
        assert house.query("PRAGMA integrity_check") == [("ok",)]
        house.wait(lambda: not house.problem("ledger_trouble"))


def test_the_reserve_pauses_before_the_disk_is_full(
    site: YouTube, tmp_path: Path
) -> None:
    [early, late] = ids("RESERVE", 2)
    # Long enough for yt-dlp to look at the disk on the way: it does so every 32 KiB.
    site.add(Video(id=early, duration_s=60, formats={"aac"}))
    site.fault(early, Fault.throttles(100_000))
    with ExitStack() as stack:
        stack.enter_context(mounted(tmp_path, "-t", "tmpfs", "-o", "size=32m", "none"))
        made = HouseWithAClock(tmp_path, site, disk_reserve="8MiB")
        house = stack.enter_context(running(made))
        house.drop("reserve", links([early]))
        site.wait_for(early, "media")
        with filled(tmp_path, leave=4 << 20):
            job = house.wait_for_state("reserve", early, "waiting")
            assert (job["error"]["code"], job["attempt"]["charged"]) == ("disk_full", 0)
            house.drop("reserve", links([late]), "late.txt")
            house.wait(lambda: "late.txt" in str(house.jobs("reserve")))
            assert house.jobs("reserve")[late]["state"] == "queued"
            assert [gate["name"] for gate in house.daemon["gates"]] == ["host"]
        site.lift(early)
        let_time_pass(house)
        assert house.wait_done("reserve", 2, 150)["completed"] == 2


@pytest.mark.parametrize("which", ["downloads", "library", "status"])
def test_a_folder_that_turns_read_only_holds_work_up_and_loses_none(
    open_house: Opener, site: YouTube, which: str
) -> None:
    house = open_house()
    first, second = ids(f"RO{which[:2].upper()}", 2)
    house.drop("ro", links([first]))
    house.wait_for_state("ro", first, "completed")
    folder = house.root / which
    with mounted(folder, "-o", "bind,ro", str(folder)):
        house.drop("ro", links([second]), "more.txt")
        house.wait(lambda: (second,) in house.query("SELECT video_id FROM jobs"))
        if which == "downloads":
            house.wait(lambda: house.problem("host"))
        else:
            house.wait(lambda: _state(house, second) == "completed")
    let_time_pass(house)
    house.wait(lambda: _state(house, second) == "completed")
    assert site.fetches(second) == 1
    assert house.running.poll() is None


def _state(house: House, video: str) -> str:
    [(state,)] = house.query("SELECT state FROM jobs WHERE video_id = ?", video)
    return str(state)


def test_no_descriptor_left_stops_the_work_and_not_the_daemon(
    open_house: Opener,
) -> None:
    house = open_house(inbox_rescan="1s")
    first, second = ids("EMFILE", 2)
    house.drop("emfile", links([first]))
    house.wait_for_state("emfile", first, "completed")
    process = psutil.Process(house.running.pid)
    old = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, old[1]))
    house.drop("emfile", links([second]), "more.txt")
    house.wait(lambda: _errors(house))
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, old)
    house.wait_for_state("emfile", second, "completed")
    house.wait(lambda: not house.problem("ledger_trouble"))


def test_a_log_that_nobody_reads_stops_nothing(site: YouTube, tmp_path: Path) -> None:
    house = House(tmp_path / "house", site)
    os.mkfifo(house.log)
    reader = os.open(house.log, os.O_RDWR | os.O_NONBLOCK)
    while True:
        try:
            os.write(reader, b"x" * 4096)
        except BlockingIOError:
            break
    [video] = ids("BLOCKED", 1)
    try:
        with running(house):
            house.drop("blocked", links([video]))
            house.wait_for_state("blocked", video, "completed")
            while _read_some(reader):
                pass
            house.drop("blocked", "nonsense\n", "more.txt")
            said = b""
            while b"log.dropped" not in said:
                house.wait(lambda: True)
                said += _read_some(reader)
            assert house.stop() == 0
    finally:
        os.close(reader)


def _read_some(fd: int) -> bytes:
    try:
        return os.read(fd, 1 << 16)
    except BlockingIOError:
        return b""


@pytest.mark.parametrize("jump", [DECADE, -DECADE])
def test_a_clock_that_jumps_expires_nothing_and_parks_nothing(
    site: YouTube, tmp_path: Path, jump: float
) -> None:
    done, refused, after = ids("JUMP" + "NP"[jump > 0], 3)
    site.add(Video(id=refused, status="live"))
    made = HouseWithAClock(
        tmp_path / "house",
        site,
        sessions_ttl="1h",
        sessions_on_expiry="delete",
        sessions_trash_grace="1s",
        sessions_max_pending="1d",
    )
    with running(made) as house:
        house.drop("jump", links([done, refused]))
        job = house.wait_for_state("jump", done, "completed")
        house.wait_for_state("jump", refused, "waiting")
        house.query(
            "INSERT INTO gates (name, code, reason, hint, closed_at, until, closures)"
            " VALUES ('network', 'no_dns', 'x', '', ?, ?, 1)",
            *(house.query("SELECT max(at), max(at) + 100 FROM events")[0]),
        )
        site.add(Video(id=refused))
        made.set_clock(jump)
        house.drop("jump", links([after]), "after.txt")
        house.wait_for_state("jump", after, "completed")
        # Due in an hour: passed ten years ago, or so far off that a clock must lie.
        house.wait_for_state("jump", refused, "completed")
        _sweep(house)
        assert Path(job["output_path"]).exists()
        assert house.session("jump")["session"]["state"] == "active"
        made.set_clock(0)
        _sweep(house)
        assert Path(job["output_path"]).exists()
        assert house.query("SELECT state FROM sessions") == [("active",)]
        assert not list((house.downloads / ".trash").iterdir())


def _sweep(house: House) -> None:
    """Have the daemon look through its sessions: a command's poke does it."""
    before = _lived(house)
    (house.root / "state" / "wake" / "poke").write_text("x")
    house.wait(lambda: _lived(house) > before + 1)


def _lived(house: House) -> float:
    return float(house.query("SELECT value FROM meta WHERE key = 'lived'")[0][0])


def test_a_state_folder_that_is_closed_stops_nothing_but_the_work(
    site: YouTube,
) -> None:
    """Whether the ledger is gone or only out of sight, the daemon cannot tell: it waits."""
    with nobodys_house(site, inbox_rescan="1s") as house, running(house):
        first, second = ids("CLOSED", 2)
        house.inbox.chmod(0o777)
        house.drop("closed", links([first]))
        house.wait_for_state("closed", first, "completed")
        state = house.root / "state"
        mode = state.stat().st_mode
        state.chmod(0)
        house.drop("closed", links([second]), "more.txt")
        house.wait(lambda: _errors(house))
        house.wait(lambda: house.problem("ledger_trouble"))
        shares = (house.share_of_cpu(2.0) for _ in range(5))
        assert any(share < 0.2 for share in shares), "it tries once a second"
        state.chmod(mode)
        house.wait_for_state("closed", second, "completed")
        house.wait(lambda: not house.problem("ledger_trouble"))


def test_a_ledger_swapped_for_another_ends_the_daemon(open_house: Opener) -> None:
    house = open_house()
    [video] = ids("SWAP", 1)
    other = house.root / "state" / "other"
    with sqlite3.connect(house.ledger) as db, sqlite3.connect(other) as copy:
        db.backup(copy)
    other.rename(house.ledger)
    path = house.drop("swap", links([video]))
    assert house.ended() == 1
    assert path.exists()
    house.start()
    house.wait_for_state("swap", video, "completed")


def test_sigstop_of_the_whole_daemon_costs_nothing(
    open_house: Opener, site: YouTube
) -> None:
    """As a suspend would: everything stops, the world goes on, everything resumes."""
    house = open_house()
    slow, late = ids("SUSP", 2)
    site.fault(slow, Fault.throttles(40_000, times=1))
    house.drop("suspend", links([slow]))
    site.wait_for(slow, "media")
    everybody = [house.running.pid, *house.workers()]
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    house.drop("suspend", links([late]), "late.txt")
    threading.Event().wait(1)
    for pid in everybody:
        os.kill(pid, signal.SIGCONT)
    assert house.wait_done("suspend", 2)["completed"] == 2
    assert site.fetches(slow) == 1
