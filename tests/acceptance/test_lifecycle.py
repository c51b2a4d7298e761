"""Starting, stopping, reloading, dying: nothing is lost, nothing is left running."""

import grp
import json
import os
import pty
import signal
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import House, ids, links, running
from tests.acceptance.strangers import nobodys_house, without_inotify
from tests.others import needs_root
from tests.youtube import Fault, Video, YouTube

#: Slow enough to be caught in the act: some four seconds for a short clip's media.
TRICKLE = Fault.throttles(4_000, times=1)
#: For what is cut short: it would take minutes.
ENDLESS = Fault.throttles(100)


@contextmanager
def locked(house: House, how: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
    """Hold the ledger's write lock, as a command that hangs would."""
    db = sqlite3.connect(house.ledger, timeout=10, isolation_level=None)
    try:
        db.execute(f"BEGIN {how}")
        yield db
        db.execute("COMMIT")
    finally:
        db.close()


def test_a_second_daemon_refuses(home: House) -> None:
    refused = home.cli("run")
    assert refused.returncode == 1
    assert str(home.running.pid) in refused.stderr
    assert "hint:" in refused.stderr


def test_a_config_with_a_typo_is_refused_by_name(site: YouTube, tmp_path: Path) -> None:
    house = House(tmp_path, site)
    house.configure("[download]\nworkrs = 3\n")
    refused = house.cli("run")
    assert refused.returncode == 2
    assert "workrs" in refused.stderr
    assert "workers" in refused.stderr
    assert not house.inbox.exists()


def test_a_stop_lets_running_work_finish(open_house: Opener, site: YouTube) -> None:
    house = open_house(download_workers="1")
    first, second, third = ids("DRAIN", 3)
    site.fault(first, TRICKLE)
    house.drop("drain", links([first, second]))
    site.wait_for(first, "media")
    house.running.send_signal(signal.SIGTERM)
    house.wait(lambda: house.daemon["daemon"]["state"] == "draining")
    late = house.drop("drain", links([third]), "late.txt")
    assert house.ended() == 0
    assert house.workers() == []
    assert house.jobs("drain")[first]["state"] == "completed"
    assert house.jobs("drain")[second]["state"] == "queued"
    assert late.exists()
    assert house.daemon["daemon"]["state"] == "stopped"
    assert house.cli("status").returncode == 3
    house.start()
    assert house.wait_done("drain", 3)["completed"] == 3
    assert [site.fetches(video) for video in (first, second, third)] == [1, 1, 1]


def test_a_second_stop_is_immediate_and_charges_nothing(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house()
    [video] = ids("STOPTWICE", 1)
    site.fault(video, ENDLESS)
    house.drop("twice", links([video]))
    site.wait_for(video, "media")
    house.running.send_signal(signal.SIGTERM)
    house.wait(lambda: house.daemon["daemon"]["state"] == "draining")
    house.running.send_signal(signal.SIGTERM)
    assert house.ended(30) == 0
    assert house.workers() == []
    job = house.jobs("twice")[video]
    assert (job["state"], job["attempt"]["charged"]) == ("queued", 0)
    site.lift(video)
    house.start()
    job = house.wait_for_state("twice", video, "completed")
    assert job["attempt"]["charged"] == 1


def test_a_hangup_reloads_what_can_be_reloaded(site: YouTube, tmp_path: Path) -> None:
    made = House(tmp_path, site)
    made.configure('[download]\nworkers = 1\n[sessions]\nttl = "1h"\n')
    [video] = ids("HUP", 1)
    with running(made) as house:
        house.drop("hup", links([video]))
        house.wait_done("hup", 1)
        was = house.session("hup")["session"]["expires_at"]
        house.configure("[download]\nworkers = many\n")
        house.running.send_signal(signal.SIGHUP)
        problem = house.wait(lambda: house.problem("config_not_reloaded"))
        assert "ytaudio.toml is not valid TOML" in problem["message"]
        assert "config.not_reloaded" in house.log.read_text()
        house.configure('[download]\nworkers = 3\n[sessions]\nttl = "2h"\n')
        house.running.send_signal(signal.SIGHUP)
        house.wait(lambda: house.daemon["daemon"]["workers"]["max"] == 3)
        house.wait(lambda: not house.problem("config_not_reloaded"))
        slow = ids("HUPSLOW", 3)
        for video in slow:
            site.fault(video, TRICKLE)
        house.drop("hup", links(slow), "slow.txt")
        house.wait(lambda: house.daemon["daemon"]["workers"]["busy"] == 3)
        house.wait_done("hup", 4)
        assert house.session("hup")["session"]["expires_at"] > was


def test_an_inbox_changed_by_a_reload_is_told_until_it_is_changed_back(
    site: YouTube, tmp_path: Path
) -> None:
    made = House(tmp_path, site)
    made.configure("")
    with running(made) as house:
        house.configure('[paths]\ninbox = "elsewhere"\n')
        house.running.send_signal(signal.SIGHUP)
        problem = house.wait(lambda: house.problem("needs_restart"))
        assert problem["message"].startswith("[paths] inbox is ")
        assert f"{house.root}/elsewhere" in problem["message"]
        house.configure('[paths]\ninbox = "elsewhere"\n[download]\nworkers = 3\n')
        house.running.send_signal(signal.SIGHUP)
        house.wait(lambda: house.daemon["daemon"]["workers"]["max"] == 3)
        assert house.problem("needs_restart"), "the second reload does not forget it"
        house.configure("")
        house.running.send_signal(signal.SIGHUP)
        house.wait(lambda: not house.problem("needs_restart"))


def test_the_log_goes_on_in_files_when_its_terminal_is_closed(
    site: YouTube, tmp_path: Path
) -> None:
    house = House(tmp_path, site)
    near, far = pty.openpty()
    try:
        house.process = subprocess.Popen(
            [house.python, "-m", "ytaudio_daemon", "run"],
            cwd=house.root,
            env=house.environment(),
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
        )
        os.close(far)
        house.wait(lambda: house.daemon.get("daemon", {}).get("state") == "running")
        assert not house.problem("terminal_closed")

        os.close(near)
        house.running.send_signal(signal.SIGHUP)

        problem = house.wait(lambda: house.problem("terminal_closed"))
        assert str(house.root / "logs") in problem["message"]
        assert house.stop() == 0
        written = (house.root / "logs" / "app.log").read_text()
        assert "log.terminal_closed" in written
        assert "daemon.stopped" in written
    finally:
        house.close()


def test_killed_while_downloading_it_starts_over_and_leaves_nothing(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house()
    slow, fine = ids("KILLDL", 2)
    site.fault(slow, TRICKLE)
    house.drop("kill", links([fine]), "fine.txt")
    house.wait_for_state("kill", fine, "completed")
    house.drop("kill", links([slow]))
    site.wait_for(slow, "media")
    before = house.workers()
    assert len(before) >= 2
    house.kill()
    house.start()
    assert house.wait_done("kill", 2)["completed"] == 2
    assert not set(before) & set(house.workers())
    assert [site.fetches(fine), site.fetches(slow)] == [1, 1]
    assert house.jobs("kill")[slow]["attempt"]["charged"] == 1


def test_killed_while_converting_it_does_not_fetch_again(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house(download_format="mp3")
    [video] = ids("KILLCONV", 1)
    site.add(Video(id=video, duration_s=400, formats={"aac"}))
    house.drop("kill", links([video]))
    house.wait(lambda: house.jobs("kill").get(video, {}).get("phase") == "converting")
    before = house.workers()
    house.kill()
    house.start()
    assert house.wait_done("kill", 1)["completed"] == 1
    assert not set(before) & set(house.workers())
    assert site.fetches(video) == 1
    assert not list((house.downloads / ".work").iterdir())


def test_killed_before_publishing_the_result_is_adopted(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house()
    [video] = ids("KILLPUB", 1)
    site.fault(video, TRICKLE)
    house.drop("kill", links([video]))
    site.wait_for(video, "media")
    with locked(house):
        house.wait(lambda: list(house.downloads.glob(".work/*/*/result.json")))
        house.kill()
    house.start()
    assert house.wait_done("kill", 1)["completed"] == 1
    assert site.fetches(video) == 1
    assert house.query("SELECT max(attempt) FROM jobs")[0][0] == 1


def test_killed_while_publishing_it_is_neither_lost_nor_doubled(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house()
    known: set[Path] = set()

    def published() -> set[Path]:
        return set(house.downloads.glob("*/*/job.json")) - known

    for video in ids("KILLREN", 3):
        house.drop("kill", links([video]), f"{video}.txt")
        known |= house.wait(published)
        house.kill()
        house.start()
        house.wait_for_state("kill", video, "completed")
        assert site.fetches(video) == 1
    assert len(list(house.downloads.glob("*/*/audio/*.m4a"))) == 3
    # A file that may have been added before the crash is looked for first.
    house.wait(lambda: len(list((house.library / "kill").iterdir())) == 3)


def test_an_inbox_that_nobody_watches_is_found_by_the_scan(site: YouTube) -> None:
    with (
        nobodys_house(site, user=54321, inbox_rescan="1s") as house,
        without_inotify(house),
        running(house),
    ):
        assert "watch.failed" in house.log.read_text()
        [video] = ids("BLIND", 1)
        house.inbox.chmod(0o777)
        house.drop("blind", links([video]))
        house.wait_for_state("blind", video, "completed")


def test_two_daemons_leave_each_other_alone(open_house: Opener, site: YouTube) -> None:
    one, other = open_house("one"), open_house("other")
    mine, theirs = ids("TWO", 2)
    site.fault(mine, TRICKLE)
    site.fault(theirs, TRICKLE)
    one.drop("same", links([mine]))
    other.drop("same", links([theirs]))
    site.wait_for(mine, "media")
    site.wait_for(theirs, "media")
    one.kill()
    one.start()
    job = other.wait_for_state("same", theirs, "completed")
    assert job["attempt"]["number"] == 1
    assert list(other.jobs("same")) == [theirs]
    one.wait_for_state("same", mine, "completed")
    assert list(one.jobs("same")) == [mine]


def test_logs_in_files(open_house: Opener, site: YouTube) -> None:
    house = open_house(log_directory="logs")
    fine, gone = ids("LOGS", 2)
    site.add(Video(id=gone, status="private"))
    house.drop("logs", links([fine, gone]))
    house.wait_done("logs", 2)
    house.stop()
    app = [
        json.loads(x) for x in (house.root / "logs/app.log").read_text().splitlines()
    ]
    events = [entry["event"] for entry in app]
    assert {"daemon.started", "drop.taken", "job.completed", "daemon.stopped"} <= {
        *events
    }
    error = (house.root / "logs/error.log").read_text().splitlines()
    assert [json.loads(entry)["event"] for entry in error] == ["job.failed"]


def test_a_ledger_that_is_taken_away_ends_the_daemon_before_any_drop_moves(
    open_house: Opener,
) -> None:
    house = open_house()
    [video] = ids("GONE", 1)
    house.ledger.unlink()
    path = house.drop("gone", links([video]))
    assert house.ended() == 1
    assert path.exists()
    assert "ledger" in house.tail()
    house.start()
    house.wait_for_state("gone", video, "completed")


def test_a_command_that_holds_the_ledger_costs_patience_not_cpu(
    open_house: Opener,
) -> None:
    house = open_house()
    [video] = ids("LOCKED", 1)
    with locked(house):
        path = house.drop("locked", links([video]))
        house.wait(lambda: "step.failed" in house.log.read_text())
        shares = (house.share_of_cpu(1.0) for _ in range(6))
        is_patient = any(share < 0.5 for share in shares)
        assert path.exists()
    assert is_patient, "whoever asks without a pause takes all of each second"
    house.wait_for_state("locked", video, "completed")


def test_a_ledger_that_cannot_be_read_is_told_of_as_long_as_that_lasts(
    open_house: Opener,
) -> None:
    house = open_house()
    with locked(house, "EXCLUSIVE"):
        house.poke()
        house.wait(lambda: house.problem("ledger_trouble"))
        first = house.daemon["seq"]
        house.wait(lambda: house.daemon["seq"] > first + 1)
        assert house.problem("ledger_trouble")
        assert house.cli("status").returncode == 6
    house.wait(lambda: not house.problem("ledger_trouble"))


def test_a_cancellation_that_met_a_busy_ledger_is_made_up_for(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house()
    [video] = ids("BUSY", 1)
    site.fault(video, ENDLESS)
    house.drop("busy", links([video]))
    site.wait_for(video, "media")
    with locked(house, "EXCLUSIVE") as db:
        db.execute("UPDATE jobs SET cancel_requested = 1")
        house.poke()
        house.wait(lambda: '"step": "cancel"' in house.log.read_text())
    house.wait_for_state("busy", video, "cancelled")
    house.wait(lambda: house.daemon["daemon"]["state"] == "running")
    assert any(house.share_of_cpu(1.0) < 0.3 for _ in range(6))
    assert house.daemon["daemon"]["state"] == "running"


def test_a_link_wanted_again_when_its_worker_was_stopped_is_fetched_all_the_same(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house()
    [video] = ids("AFTERALL", 1)
    site.fault(video, Fault.throttles(100, times=1))
    house.drop("after", links([video]))
    site.wait_for(video, "media")
    at_work = len(house.workers())
    with locked(house) as db:
        db.execute("UPDATE jobs SET cancel_requested = 1")
        db.execute("COMMIT")  # the daemon may see it, and write nothing
        db.execute("BEGIN IMMEDIATE")
        house.poke()
        house.wait(lambda: len(house.workers()) < at_work)
        db.execute("UPDATE jobs SET cancel_requested = 0")
    house.wait_for_state("after", video, "completed")
    told = house.query("SELECT reason FROM events WHERE from_state = 'running'")
    assert [reason for (reason,) in told] == ["interrupted", "published"]


@needs_root
def test_what_is_made_belongs_to_the_group_of_the_config(open_house: Opener) -> None:
    group = next(g for g in grp.getgrall() if g.gr_gid != os.getgid())
    house = open_house(paths_group=group.gr_name, paths_umask="0027")
    [video] = ids("GROUP", 1)
    house.drop("group", links([video]))
    job = house.wait_for_state("group", video, "completed")
    for folder in (house.inbox, house.library):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o2770
    # Sticky: nobody of the group puts a folder of theirs in the place of `.work`.
    assert stat.S_IMODE(house.downloads.stat().st_mode) == 0o3770
    house.wait(lambda: list(house.library.glob("*/*.m4a")))
    audio = Path(job["output_path"])
    made = [audio, *audio.parents[:3], *house.library.rglob("*")]
    made.append(house.root / "status" / "sessions" / "group.json")
    for path in made:
        found = path.stat()
        assert found.st_gid == group.gr_gid, path
        assert stat.S_IMODE(found.st_mode) & 0o777 in {0o640, 0o750}, path
