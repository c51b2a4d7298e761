"""What somebody else has laid where the daemon reads or writes holds nothing up.

As in the attacks on the released program: a pipe that nobody writes to or reads from is
waited for by `open` for ever, and a link leads root's writes elsewhere.
"""

import os
from pathlib import Path

import pytest

from tests.acceptance.api_rig import served
from tests.acceptance.conftest import Opener
from tests.acceptance.rig import House, ids, links, running
from tests.youtube import YouTube


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Give a file whose content and mode nobody may change."""
    file = tmp_path / "victim"
    file.write_text("precious\n")
    file.chmod(0o600)
    return file


def untouched(victim: Path) -> bool:
    return victim.read_text() == "precious\n" and victim.stat().st_mode & 0o777 == 0o600


def test_pipes_and_links_at_temporary_names_hold_nothing_up(
    open_house: Opener, victim: Path
) -> None:
    house = open_house()
    status, processed = house.root / "status", house.inbox / "planted" / "processed"
    processed.mkdir(parents=True)
    os.mkfifo(status / ".daemon.json.tmp")
    (status / "sessions").mkdir(exist_ok=True)
    (status / "sessions" / ".planted.json.tmp").symlink_to(victim)
    os.mkfifo(processed / ".songs.txt.receipt.txt.tmp")
    (processed / ".songs.txt.failed.txt.tmp").symlink_to(victim)
    [video] = ids("PLANTED", 1)
    house.drop("planted", links([video]))
    house.wait_for_state("planted", video, "completed")
    house.wait((processed / "songs.txt.receipt.txt").is_file)
    assert untouched(victim)
    assert house.stop() == 0
    house.start()
    assert house.stop() == 0


def test_status_files_that_are_pipes_hold_up_no_start_and_no_command(
    site: YouTube, tmp_path: Path
) -> None:
    house = House(tmp_path / "house", site)
    document = house.root / "status" / "daemon.json"
    document.parent.mkdir()
    os.mkfifo(document)
    ran = house.cli("status")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert f"{document}: is not a plain file" in ran.stderr
    ran = house.cli("doctor")
    assert f"daemon: its status cannot be read: {document}" in ran.stdout
    os.unlink(document)  # noqa: PTH108 - beside os.mkfifo
    with running(house):
        os.mkfifo(house.root / "status" / ".other")
        assert house.stop() == 0
        document.unlink()
        os.mkfifo(document)
        house.launch()
        house.wait(document.is_file)
        assert "it runs" in house.cli("doctor").stdout


def test_locks_and_logs_that_are_planted_are_refused_or_replaced(
    site: YouTube, tmp_path: Path, victim: Path
) -> None:
    house = House(tmp_path / "house", site, log_directory="logs")
    (house.root / "logs").mkdir()
    (house.root / "logs" / "app.log").symlink_to(victim)
    house.launch()
    assert house.ended() != 0
    assert "app.log" in house.log.read_text()
    (house.root / "logs" / "app.log").unlink()
    lock = house.root / "state" / "daemon.lock"
    lock.unlink(missing_ok=True)
    os.mkfifo(lock)
    house.launch()
    assert house.ended() != 0
    assert f"{lock} is not a plain file" in house.log.read_text()
    lock.unlink()
    with running(house):
        assert untouched(victim)


def test_root_writes_nothing_into_a_planted_wake_file(
    open_house: Opener, victim: Path
) -> None:
    house = open_house()
    [video] = ids("WAKES", 1)
    house.drop("wakes", links([video]))
    house.wait_for_state("wakes", video, "completed")
    wake = house.root / "state" / "wake" / "poke"
    for plant in (wake.symlink_to, wake.hardlink_to):
        wake.unlink(missing_ok=True)
        plant(victim)
        house.must("session", "set", "wakes", "--ttl", "2h")
        assert untouched(victim)
    wake.unlink(missing_ok=True)
    os.mkfifo(wake)
    house.must("session", "set", "wakes", "--ttl", "3h")
    assert wake.is_file()


def test_status_files_that_are_pipes_hold_up_no_thread_of_the_api(
    site: YouTube, tmp_path: Path
) -> None:
    house = House(tmp_path / "house", site)
    with running(house):
        [video] = ids("APIPIPE", 1)
        house.drop("api", links([video]))
        job = house.wait_for_state("api", video, "completed")
        assert house.stop() == 0
    status = house.root / "status"
    for document in (status / "daemon.json", status / "sessions" / "api.json"):
        document.unlink()
        os.mkfifo(document)
    with served(house) as front:
        for _ in range(50):  # more than the pool has threads
            health = front.http.get("/api/health").json()
            assert health["status"] == "degraded"
            assert "daemon.json: is not a plain file" in health["daemon"]["note"]
        shown = front.http.get(
            f"/api/jobs/{job['id']}", headers={"X-Session-ID": job["session_uuid"]}
        )
        assert shown.json()["id"] == job["id"]
        assert front.http.get("/api/status").status_code == 503
