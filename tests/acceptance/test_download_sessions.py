"""Session downloads from Python: in the ledger, beside a daemon and without one."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import House, ids, links, stopped, wait_until
from tests.acceptance.shop import Shop
from tests.youtube import Fault, Video, YouTube
from ytaudio_daemon import (
    AudioDownloader,
    SessionExpiredError,
    UnknownSessionError,
    UsageError,
    create_session,
    get_session,
)
from ytaudio_daemon.ledger import Ledger, archive
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings, load


@pytest.fixture
def shop(
    site: YouTube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """A folder of the test's own; whatever it did, no process is left."""
    shop = Shop(tmp_path / "shop", site)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shop.cache))
    yield shop
    left = shop.workers()
    shop.close()
    assert left == []


@pytest.fixture
def downloader(shop: Shop) -> Iterator[AudioDownloader]:
    with AudioDownloader(shop.root / "out", settings=shop.settings, format="m4a") as d:
        yield d


def link(video_id: str) -> str:
    return f"https://youtu.be/{video_id}"


def settings_of(house: House) -> Settings:
    environment = house.environment()
    return load(None, {k: v for k, v in environment.items() if "YTAUDIO" in k})


def opened(settings: Settings, video_id: str) -> tuple[str, str]:
    """Open a session; returns its UUID and that of a job in it."""
    session = create_session(settings=settings)
    context = get_session(session, settings=settings)
    return session, context.get_url_uuid(link(video_id), format="m4a")


def test_a_session_download_stands_where_the_daemon_would_put_it(
    shop: Shop, site: YouTube, downloader: AudioDownloader
) -> None:
    session, job = opened(shop.settings, "SESSION000A")
    url = link("SESSION000A")
    result = downloader.download_audio_with_session(url, session, job)
    assert result.success, result
    place = shop.root / "house" / "downloads" / session / job
    assert result.output_path == str(place / "audio" / "Clip SESSION000A.m4a")
    assert json.loads((place / "job.json").read_bytes())["job"]["id"] == job
    again = downloader.download_audio_with_session(
        url=url, session_uuid=session, job_uuid=job
    )
    assert again == result
    context = get_session(session, settings=shop.settings)
    for form in ("youtu.be/SESSION000A", "www.youtube.com/shorts/SESSION000A"):
        assert context.get_url_uuid(form, format="m4a") == job
    assert context.get_url_uuid(url) != job  # mp3 is another audio
    assert site.fetches("SESSION000A") == 1
    (Path(place) / "audio" / "Clip SESSION000A.m4a").unlink()
    assert downloader.download_audio_with_session(url, session, job) == result
    assert shop.files("out") == []


def test_what_the_archive_has_is_no_success_unless_it_is_wanted_again(
    shop: Shop, site: YouTube, downloader: AudioDownloader
) -> None:
    session, job = opened(shop.settings, "ARCHIVE000A")
    ledger = Ledger(shop.settings.database.url)
    with ledger.write() as db:
        had = [ArchivedVideo("ARCHIVE000A", FoundIn.TAGS)]
        archive.add_videos(db, archive.ALL_SESSIONS, had, Now(wall=0.0, uptime_s=0.0))
    ledger.close()
    url = link("ARCHIVE000A")
    result = downloader.download_audio_with_session(url, session, job)
    assert result.error_message == (
        "The video is in the archive since 1970-01-01; again=True downloads it anyway."
    )
    assert not result.success
    assert site.fetches("ARCHIVE000A") == 0
    wanted = downloader.download_audio_with_session(url, session, job, again=True)
    assert wanted.success, wanted
    assert downloader.download_audio_with_session(url, session, job) == wanted


def test_wrong_use_of_sessions_raises_clear_errors(
    shop: Shop, downloader: AudioDownloader
) -> None:
    settings = shop.settings
    session, job = opened(settings, "WRONG00000A")
    other, foreign = opened(settings, "WRONG00000A")
    url = link("WRONG00000A")
    fetch = downloader.download_audio_with_session
    with pytest.raises(UnknownSessionError):
        get_session(str(uuid.uuid4()), settings=settings)
    with pytest.raises(UnknownSessionError):
        fetch(url, str(uuid.uuid4()), job)
    with pytest.raises(UsageError, match="no job's UUID"):
        fetch(url, session, "../../etc")
    with pytest.raises(UsageError, match="not a link"):
        get_session(session, settings=settings).get_url_uuid("nonsense")
    assert fetch(url, other, foreign).success
    with pytest.raises(UsageError, match="taken"):
        fetch(url, session, foreign)
    with pytest.raises(UsageError, match="another link"):
        fetch(link("WRONG00000B"), other, foreign)
    assert not fetch("nonsense", session, job).success
    ended = shop.run("session", "expire", other, "--yes")
    assert ended.returncode == 0, ended.stderr
    with pytest.raises(SessionExpiredError):
        get_session(other, settings=settings)
    with pytest.raises(SessionExpiredError):
        fetch(url, other, foreign)


def test_failures_of_a_session_download_are_results_and_in_the_ledger(
    shop: Shop, site: YouTube, downloader: AudioDownloader
) -> None:
    gone, flaky, live = ids("FAILING", 3)
    site.add(Video(id=gone, status="removed"), Video(id=live, status="live"))
    site.fault(flaky, Fault.garbles(times=1))
    session = create_session(settings=shop.settings)
    context = get_session(session, settings=shop.settings)
    results = {
        name: downloader.download_audio_with_session(
            link(name), session, context.get_url_uuid(link(name), format="m4a")
        )
        for name in (gone, flaky, live)
    }
    assert [result.success for result in results.values()] == [False, True, False]
    assert results[gone].error_message == "This video was removed by its uploader."
    assert "live" in str(results[live].error_message)
    listed = json.loads(shop.run("jobs", "--json").stdout)["jobs"]
    assert [job["state"] for job in listed] == ["failed", "completed", "waiting"]


def test_threads_of_one_session_share_jobs_and_the_quota_refuses(
    shop: Shop, site: YouTube
) -> None:
    settings = shop.settings
    session = create_session("party", settings=settings)
    assert create_session("party", settings=settings) == session
    context = get_session(session, settings=settings)
    names = ids("SHARED", 4) * 3
    jobs = {name: context.get_url_uuid(link(name), format="m4a") for name in names}
    with (
        AudioDownloader(shop.root / "out", format="m4a", settings=settings) as d,
        ThreadPoolExecutor(12) as threads,
    ):
        results = list(
            threads.map(
                lambda n: d.download_audio_with_session(link(n), session, jobs[n]),
                names,
            )
        )
        assert all(result.success for result in results), results
        assert [site.fetches(name) for name in names[:4]] == [1] * 4
        shop.run("session", "set", session, "--max-bytes", "1")
        new = context.get_url_uuid(link("SHARED0000X"), format="m4a")
        over = d.download_audio_with_session(link("SHARED0000X"), session, new)
    assert "quota" in str(over.error_message)


def test_a_running_daemon_leaves_a_caller_s_job_alone(
    open_house: Opener, shop: Shop, site: YouTube
) -> None:
    house = open_house("beside")
    settings = settings_of(house)
    session, job = opened(settings, "BESIDE0000A")
    site.fault("BESIDE0000A", Fault.throttles(4_000, times=1))
    with (
        AudioDownloader(shop.root / "out", format="m4a", settings=settings) as d,
        ThreadPoolExecutor(1) as threads,
    ):
        running = threads.submit(
            d.download_audio_with_session, link("BESIDE0000A"), session, job
        )
        site.wait_for("BESIDE0000A", "media")
        with stopped(shop.workers()):
            house.kill()  # its crash rescue, at the next start, must not take the job
            house.start()
            assert not running.done()
        result = running.result(60)
    assert result.success
    done = house.wait_for_state(session, "BESIDE0000A", "completed")
    assert done["output_path"] == result.output_path
    assert done["attempt"]["number"] == 1
    assert site.fetches("BESIDE0000A") == 1
    house.wait(lambda: list(house.library.glob("*/Clip BESIDE0000A.m4a")))


def test_a_job_that_the_daemon_has_is_waited_for(
    open_house: Opener, shop: Shop, site: YouTube
) -> None:
    house = open_house("waited")
    site.fault("WAITED0000A", Fault.throttles(12_000, times=1))
    house.drop("alice", links(["WAITED0000A"]))
    site.wait_for("WAITED0000A", "media")
    session = house.session("alice")["session"]["uuid"]
    settings = settings_of(house)
    context = get_session(session, settings=settings)
    job = context.get_url_uuid(link("WAITED0000A"), format="m4a")
    assert job == house.jobs("alice")["WAITED0000A"]["id"]
    with AudioDownloader(shop.root / "out", format="m4a", settings=settings) as d:
        result = d.download_audio_with_session(link("WAITED0000A"), session, job)
    assert result.success
    assert site.fetches("WAITED0000A") == 1


def test_a_caller_that_dies_is_recovered_and_one_that_is_cancelled_hears_it(
    open_house: Opener, shop: Shop, site: YouTube
) -> None:
    house = open_house("dies")
    settings = settings_of(house)
    died, cancelled = ids("DIES", 2)
    site.fault(died, Fault.throttles(4_000, times=1))
    site.fault(cancelled, Fault.throttles(500, times=1))  # cut short
    session, job = opened(settings, died)
    program = (
        "import sys, ytaudio_daemon as y\n"
        "d = y.AudioDownloader('out', format='m4a')\n"
        "d.download_audio_with_session(*sys.argv[1:])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, link(died), session, job],
        cwd=shop.root,
        env=house.environment(XDG_CACHE_HOME=str(shop.cache)),
    )
    site.wait_for(died, "media")
    process.send_signal(signal.SIGKILL)
    process.wait()
    context = get_session(session, settings=settings)
    second = context.get_url_uuid(link(cancelled), format="m4a")
    with (
        AudioDownloader(shop.root / "out", format="m4a", settings=settings) as d,
        ThreadPoolExecutor(1) as threads,
    ):
        running = threads.submit(
            d.download_audio_with_session, link(cancelled), session, second
        )
        site.wait_for(cancelled, "media")
        house.must("cancel", second)
        assert not running.result(60).success
    assert house.wait_for_state(session, cancelled, "cancelled")
    house.stop()  # at its start the daemon looks whose claims are dead
    house.start()
    assert house.wait_for_state(session, died, "completed")
    assert site.fetches(died) == 1
    assert os.listdir(house.downloads / ".work") == []  # noqa: PTH208 - names only
    wait_until(lambda: not shop.workers())
