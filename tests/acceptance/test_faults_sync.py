"""EIO on fsync: nothing is taken for durable that was not synced, and nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.rig import House, ids, links
from tests.acceptance.syncless import WORKERS, HouseThatCannotSync, is_possible
from tests.youtube import Fault, YouTube


@pytest.fixture
def house(site: YouTube, tmp_path: Path) -> Iterator[HouseThatCannotSync]:
    if not is_possible():
        pytest.skip("this kernel lets no process filter its calls")
    made = HouseThatCannotSync(tmp_path / "house", site)
    yield made
    made.close()


def published(house: House) -> list[Path]:
    return list(house.downloads.glob("*-*/*"))


def let_time_pass(house: House) -> None:
    """End all gates' and retries' pauses."""
    house.query("UPDATE gates SET until = 0")
    house.query("UPDATE jobs SET retry_at = 0 WHERE state = 'waiting'")


def test_a_worker_that_cannot_sync_publishes_nothing_and_closes_the_gate(
    house: HouseThatCannotSync,
) -> None:
    [video] = ids("SYNCWORK", 1)
    house.start(**{WORKERS: "1"})
    house.drop("sync", links([video]))
    job = house.wait_for_state("sync", video, "waiting")
    assert (job["error"]["kind"], job["error"]["code"]) == ("host", "io_error")
    assert job["attempt"]["charged"] == 0
    problem = house.wait(lambda: house.problem("host"))
    assert "disk" in problem["message"]
    assert published(house) == []
    house.stop()
    let_time_pass(house)
    house.start()
    house.wait_for_state("sync", video, "completed")


def test_a_daemon_that_cannot_sync_its_folders_completes_and_files_nothing(
    house: HouseThatCannotSync, site: YouTube
) -> None:
    before, first, second = ids("SYNCDIR", 3)
    site.fault(first, Fault.throttles(4_000, times=1))
    house.start()
    house.drop("sync", links([before]), "before.txt")
    house.wait_for_state("sync", before, "completed")
    [known] = published(house)
    house.drop("sync", links([first]))
    site.wait_for(first, "media")
    house.break_folders()
    job = house.wait_for_state("sync", first, "waiting", "completed")
    assert (job["state"], job["error"]["code"]) == ("waiting", "io_error")
    assert job["attempt"]["charged"] == 0
    assert house.wait(lambda: house.problem("host"))
    assert published(house) == [known]
    house.drop("sync", links([second]), "more.txt")
    house.wait(lambda: (second,) in house.query("SELECT video_id FROM jobs"))
    assert house.wait(lambda: house.problem("io_error"))
    states = dict(house.query("SELECT name, state FROM drops"))
    assert states[b"more.txt"] == "recorded"
    house.kill()
    let_time_pass(house)
    house.start()
    assert house.wait_done("sync", 3)["completed"] == 3
    assert [site.fetches(video) for video in (first, second)] == [1, 1]
    assert len(published(house)) == 3
    house.wait_receipt("sync", "more.txt", completed=1)


def test_a_ledger_that_cannot_sync_takes_nothing(
    house: HouseThatCannotSync, site: YouTube
) -> None:
    [video] = ids("SYNCDB", 1)
    house.start()
    house.break_ledger()
    path = house.drop("sync", links([video]))
    problem = house.wait(lambda: house.problem("ledger_trouble"))
    assert "disk under the ledger" in problem["message"]
    assert house.daemon["daemon"]["state"] == "degraded"
    assert path.exists()
    house.kill()
    assert house.query("SELECT count(*) FROM jobs") == [(0,)]
    house.start()
    house.wait_for_state("sync", video, "completed")
    assert site.fetches(video) == 1
