"""An outage of YouTube costs nobody a job, and bad videos are no outage."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.ledger_rig import drop
from tests.integration.outage_rig import JobDriver, job_driver, workers
from tests.proxies import Proxy
from tests.youtube import OUTAGES, Outage, Video, YouTube
from tests.youtube.video import Status
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.jobs.outage_prober import LAST_RESORT
from ytaudio_daemon.ledger import Ledger, audit, gates, outages, queries
from ytaudio_daemon.ledger.drops import JobOptions, NewLine
from ytaudio_daemon.model import Failure, FailureKind, JobState, Options
from ytaudio_daemon.model.gates import gate_after_failure
from ytaudio_daemon.model.outage import OutageState
from ytaudio_daemon.pool import Pool

HOUR = 3600.0
M4A = JobOptions.from_options(Options(format="m4a"))
#: The failures of some statuses.
CODES = {"private": "private_video", "reload": "no_answer"}
CLIP = Video(duration_s=3, formats={"aac"}, thumbnail=None)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    with workers(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
def driver(
    sqlite_ledger: Ledger, youtube: YouTube, tmp_path: Path, pool: Pool
) -> JobDriver:
    youtube.default = CLIP
    return job_driver(sqlite_ledger, tmp_path, youtube, pool)


def ask_for(driver: JobDriver, *videos: str) -> None:
    lines = [
        NewLine(line=n, text=video, video_id=video, job_options=M4A)
        for n, video in enumerate(videos, 1)
    ]
    drop(driver.ledger, "party", lines, now=driver.now)


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{n:0{11 - len(prefix)}d}" for n in range(count)]


def state_of_outage(driver: JobDriver) -> OutageState | None:
    with driver.ledger.read() as db:
        found = outages.find_outage(db)
    return None if found is None else found.state


def check_nobody_lost(driver: JobDriver, count: int) -> None:
    assert driver.counts()[JobState.COMPLETED] == count
    assert set(driver.charges()) == {0}
    assert (driver.gate(), state_of_outage(driver)) == (None, None)
    with driver.ledger.read() as db:
        assert not list(audit.find_flaws(db))


def survive(driver: JobDriver, youtube: YouTube, name: str, count: int) -> None:
    """Two hours of an outage over so many queued links, behind one that was done."""
    ask_for(driver, "KNOWNtoWORK")
    driver.until_done()
    youtube.break_down(OUTAGES[name])
    ask_for(driver, *names(name[:6], count))
    over_at = driver.now.wall + 2 * HOUR
    driver.until(lambda: driver.now.wall >= over_at)
    gate = driver.gate()
    assert gate is not None
    assert "outage" in gate.reason
    assert driver.counts()[JobState.FAILED] == 0
    youtube.recover()
    driver.until_done()
    assert driver.now.wall < over_at + 0.6 * HOUR
    check_nobody_lost(driver, count + 1)
    assert youtube.fetches("KNOWNtoWORK") == 1, "a probe fetches nothing"


#: The others are told alike by `test_fetch_probe`, and run with `-m long`.
MORE_OUTAGES = {"unknown_text", "no_player_response", "drm"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] if name in MORE_OUTAGES else [])
        for name in OUTAGES
    ],
)
def test_two_hours_of_an_outage_cost_nobody_a_job(
    driver: JobDriver, youtube: YouTube, name: str
) -> None:
    survive(driver, youtube, name, 5)


@pytest.mark.long
def test_two_hours_of_an_outage_cost_two_hundred_links_nothing(
    driver: JobDriver, youtube: YouTube
) -> None:
    survive(driver, youtube, "reload", 200)


def test_jobs_that_failed_for_good_are_queued_again(
    driver: JobDriver, youtube: YouTube
) -> None:
    """The same failures as those of private videos, but the probe has them, too."""
    ask_for(driver, "KNOWNtoWORK")
    driver.until_done()
    youtube.break_down(Outage(status="private"))
    ask_for(driver, *names("GONE", 5))
    driver.until(lambda: driver.counts()[JobState.FAILED])
    driver.until(lambda: not driver.counts()[JobState.FAILED])
    assert driver.gate()
    youtube.recover()
    driver.until_done()
    check_nobody_lost(driver, 6)


def test_a_session_of_private_videos_is_no_outage(
    driver: JobDriver, youtube: YouTube
) -> None:
    private = names("PRIV", 7)
    youtube.add(*(Video(id=video, status="private") for video in private))
    ask_for(driver, *private, *names("GOOD", 3))
    driver.until_done()
    assert driver.counts()[JobState.FAILED] == len(private)
    assert driver.counts()[JobState.COMPLETED] == 3
    assert state_of_outage(driver) is OutageState.REFUTED
    assert driver.gate() is None
    with driver.ledger.read() as db:
        tried = [job.attempt for job in queries.find_jobs(db)]
    assert set(tried) == {1}


@pytest.mark.parametrize(
    ("first", "then"),
    [("reload", "private"), ("drm", "reload")],
)
def test_an_outage_may_change_its_text(
    driver: JobDriver, youtube: YouTube, first: Status, then: Status
) -> None:
    ask_for(driver, "KNOWNtoWORK")
    driver.until_done()
    youtube.break_down(Outage(status=first))
    ask_for(driver, *names("CHANGE", 6))
    driver.until(driver.gate)
    youtube.break_down(Outage(status=then))
    half_past = driver.now.wall + HOUR / 2
    driver.until(lambda: driver.now.wall >= half_past)
    assert driver.counts()[JobState.FAILED] == 0
    gate = driver.gate()
    assert gate is not None
    assert failure_for(CODES[then]).message in gate.reason, "it says what fails now"
    youtube.recover()
    driver.until_done()
    check_nobody_lost(driver, 7)


def test_an_outage_may_have_several_texts(driver: JobDriver, youtube: YouTube) -> None:
    videos = names("SEVERAL", 6)
    statuses: tuple[Status, ...] = ("reload", "odd", "sabr")
    for video, status in zip(videos, statuses * 2, strict=True):
        youtube.add(replace(CLIP, id=video, status=status))
    youtube.add(replace(CLIP, id=LAST_RESORT.video_id, status="reload"))
    ask_for(driver, *videos)
    driver.until(driver.gate)
    youtube.add(*(replace(CLIP, id=v) for v in [*videos, LAST_RESORT.video_id]))
    driver.until_done()
    check_nobody_lost(driver, 6)


def test_an_outage_begins_while_a_refuted_suspicion_is_trusted(
    driver: JobDriver, youtube: YouTube
) -> None:
    """All fail for good in that time, so no later failure can rouse a suspicion."""
    private = names("PRIV", 4)
    youtube.add(*(Video(id=video, status="private") for video in private))
    ask_for(driver, "KNOWNtoWORK")
    driver.until_done()
    ask_for(driver, *private)
    driver.until(lambda: state_of_outage(driver) is OutageState.REFUTED)
    youtube.break_down(Outage(status="private"))
    ask_for(driver, *names("LATE", 6))
    driver.until(lambda: driver.counts()[JobState.FAILED] == 10)
    driver.until(driver.gate)
    youtube.recover()
    driver.until_done()
    driver.until(lambda: state_of_outage(driver) is not OutageState.SUSPECTED)
    counts = driver.counts()
    assert (counts[JobState.COMPLETED], counts[JobState.FAILED]) == (7, 4)


def test_where_nothing_was_ever_completed_a_video_that_everybody_knows_tells(
    driver: JobDriver, youtube: YouTube
) -> None:
    youtube.break_down(OUTAGES["drm"])
    ask_for(driver, *names("FRESH", 5))
    driver.until(driver.gate)
    assert youtube.requests(LAST_RESORT.video_id)
    youtube.recover()
    driver.until_done()
    check_nobody_lost(driver, 5)


def test_a_crash_in_an_outage_changes_nothing(
    driver: JobDriver, youtube: YouTube, tmp_path: Path
) -> None:
    """All that a daemon knows of an outage is in its ledger."""
    youtube.break_down(OUTAGES["drm"])
    ask_for(driver, *names("CRASH", 5))
    driver.until(lambda: state_of_outage(driver) is not None)
    with workers(tmp_path / "second") as pool:
        second = job_driver(driver.ledger, tmp_path, youtube, pool)
        second.now = driver.now
        second.runner.recover(second.now)
        second.until(second.gate)
    with workers(tmp_path / "third") as pool:
        third = job_driver(driver.ledger, tmp_path, youtube, pool)
        third.now = second.now
        third.runner.recover(third.now)
        youtube.recover()
        third.until_done()
        check_nobody_lost(third, 5)


def test_if_the_known_videos_are_gone_a_job_is_let_through_to_see(
    driver: JobDriver, youtube: YouTube
) -> None:
    ask_for(driver, "KNOWNtoWORK")
    driver.until_done()
    youtube.break_down(OUTAGES["reload"])
    ask_for(driver, *names("SEE", 5))
    driver.until(driver.gate)
    for gone in ("KNOWNtoWORK", LAST_RESORT.video_id):
        youtube.add(Video(id=gone, status="removed"))
    youtube.recover()
    driver.until_done()
    check_nobody_lost(driver, 6)


def test_another_yt_dlp_is_probed_at_once(driver: JobDriver, youtube: YouTube) -> None:
    youtube.break_down(OUTAGES["reload"])
    ask_for(driver, *names("NEW", 5))
    driver.until(lambda: (shut := driver.gate()) and shut.closures >= 4)
    youtube.recover()
    with driver.ledger.write() as db:
        outages.probe_now(db, driver.now)
    before = driver.now.wall
    driver.until(lambda: not driver.gate())
    assert driver.now.wall - before < 60


def test_it_is_over_as_soon_as_one_egress_works(
    sqlite_ledger: Ledger, youtube: YouTube, tmp_path: Path, pool: Pool
) -> None:
    """One that is refused, and goes first, does not hold up the others."""
    youtube.default = CLIP
    with Proxy(youtube=youtube, name="refused") as proxy:
        both = f"{proxy.address} ''"
        driver = job_driver(
            sqlite_ledger, tmp_path, youtube, pool, YTAUDIO_YOUTUBE_EGRESS=both
        )
        youtube.block_egress("refused", "reload")
        blocked = Failure(kind=FailureKind.BLOCKED, code="bot_check", message="No.")
        shut = gate_after_failure(
            None, blocked, began_at=driver.now.wall, wall=driver.now.wall
        )
        with driver.ledger.write() as db:
            gates.close_gate(db, shut)
        ask_for(driver, *names("WAYS", 5))
        driver.until(driver.gate)
        driver.until_done()
    assert driver.counts()[JobState.COMPLETED] == 5
