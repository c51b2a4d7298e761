"""A backup in use, a restore, another machine: nothing lost and nothing fetched twice."""

import json
import shlex
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import House, links, running
from tests.youtube import YouTube


def fetches(site: YouTube, *videos: str) -> int:
    return sum(map(site.fetches, videos))


def take(house: House, session: str, videos: list[str], name: str, done: int) -> Path:
    """Drop links and wait until all of the session's jobs are finalized."""
    filed = house.wait_filed(house.drop(session, links(videos), name))
    house.wait_done(session, done)
    return filed


def test_what_happened_after_the_backup_is_taken_in_and_fetched_once(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house(retry_base="1h")
    take(house, "party", ["before00000"], "songs.txt", 1)
    site.offline = True
    house.drop("party", links(["between0000"]), "second.txt")
    house.wait(lambda: house.counts("party").get("waiting"))
    backup = json.loads(house.must("ledger", "backup", "--json"))["file"]
    site.offline = False
    waiting = house.jobs("party")["between0000"]["id"]
    house.must("cancel", waiting)
    house.must("retry", waiting)
    house.wait_done("party", 2)
    more = take(house, "party", ["after000000"], "more.txt", 3)
    take(house, "late", ["later000000"], "late.txt", 1)
    before = {video: house.jobs("party")[video]["id"] for video in house.jobs("party")}
    fetched = fetches(site, "between0000", "after000000", "later000000")
    refused = house.cli("ledger", "restore", backup)
    assert refused.returncode == 1
    assert "a daemon (pid" in refused.stderr
    assert house.stop() == 0

    told = house.must("ledger", "restore", backup)
    assert "3 finished files it does not know" in told
    offered = [line.strip() for line in told.splitlines() if "mv -n" in line]
    assert len(offered) == 2, told
    house.start()
    counts = house.wait_done("party", 3)
    assert counts["completed"] == 3
    assert {v: j["id"] for v, j in house.jobs("party").items()} == before
    assert house.wait_done("late", 1)["completed"] == 1
    again = next(line for line in offered if str(more) in line)
    subprocess.run(shlex.split(again), check=True)
    receipt = house.wait_receipt("party", "more.2.txt", duplicate=1)
    assert Path(receipt["lines"][0]["output_path"]).is_file()
    assert fetches(site, "between0000", "after000000", "later000000") == fetched
    assert house.must("ledger", "check")


def as_if_running(ledger: Path, video: str) -> None:
    """Make it a copy from the moment before a job was done, on a host of that name."""
    with closing(sqlite3.connect(ledger)) as db:
        db.execute(
            "UPDATE jobs SET state = 'running', host = 'old', finalized_at = NULL,"
            " output_path = NULL, file_size_bytes = NULL WHERE video_id = ?",
            [video],
        )
        for table in ("sessions", "totals"):
            db.execute(f"UPDATE {table} SET running = 1, completed = completed - 1")
        size = "SELECT sum(file_size_bytes) FROM jobs"
        db.execute(f"UPDATE sessions SET used_bytes = ({size})")
        db.commit()


def test_a_house_moves_to_another_machine(
    open_house: Opener, site: YouTube, tmp_path: Path
) -> None:
    """As docs/operations.md has it, from one root to another."""
    house = open_house("old")
    take(house, "party", ["mover000000", "mover000001"], "songs.txt", 2)
    backup = Path(json.loads(house.must("ledger", "backup", "--json"))["file"])
    assert house.stop() == 0
    new = House(tmp_path / "new", site)
    tar = f"{tmp_path}/move.tar"
    left = ["--exclude=.work", "--exclude=.trash"]
    kept = ["inbox", "downloads", "library"]
    subprocess.run(["tar", "-C", house.root, "-cpf", tar, *left, *kept], check=True)
    subprocess.run(["tar", "-C", new.root, "-xpf", tar], check=True)
    carried = tmp_path / "carried.sqlite3"
    shutil.copy(backup, carried)
    as_if_running(carried, "mover000001")
    told = new.must("ledger", "restore", str(carried))
    assert "kept" not in told, "there was no ledger"
    fetched = fetches(site, "mover000000", "mover000001")
    with running(new):
        assert new.wait_done("party", 2)["completed"] == 2
        new.drop("party", links(["mover000000", "mover000002"]), "more.txt")
        new.wait_done("party", 3)
        jobs = new.jobs("party")
        assert "is sound" in new.must("ledger", "check")
    assert fetches(site, "mover000000", "mover000001") == fetched
    assert all(
        Path(job["output_path"]).is_relative_to(new.root) for job in jobs.values()
    )
