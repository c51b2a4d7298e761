"""An attempt whose files somebody removes while it runs says so, and blames nobody else."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.integration.fetch_rig import VIDEO, Runner
from tests.integration.jobs_rig import bare_layout, roomy_settings
from tests.integration.ledger_rig import NOW, claimed, drop, link, song
from tests.others import NOBODY, needs_root
from tests.youtube import Video, YouTube
from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.prepare import work_folder_failure
from ytaudio_daemon.ledger import Ledger, queries
from ytaudio_daemon.model import Network

pytest_plugins = ["tests.integration.fetch_fixtures"]

PHASES = ["downloading", "converter_slot", "converting", "verifying"]
#: What is removed: the attempt's folder, or the files in it.
PATTERNS = {"all": "", "files": "**/*.*"}


@pytest.mark.parametrize("what", PATTERNS)
@pytest.mark.parametrize("phase", PHASES)
def test_work_that_is_removed_is_the_reason(
    youtube: YouTube, network: Network, runner: Runner, phase: str, what: str
) -> None:
    youtube.add(Video(id=VIDEO, title="Song"))
    request = runner.request(runner.folder(), network=network)
    ran = runner.run(request, remove_at=(phase, PATTERNS[what]))
    assert (ran.failure.kind, ran.failure.code) == ("transient", "work_removed")
    assert "downloads/.work" in ran.failure.hint
    assert "yt-dlp" not in ran.failure.hint


def test_a_file_that_is_missing_elsewhere_is_not_the_attempts_work(
    youtube: YouTube, network: Network, runner: Runner, tmp_path: Path
) -> None:
    youtube.add(Video(id=VIDEO, title="Song"))
    gone = Network(proxy=network.proxy, ca_file=str(tmp_path / "gone.pem"))
    ran = runner.run(runner.request(runner.folder(), network=gone))
    assert ran.failure.code != "work_removed"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return bare_layout(tmp_path)


@pytest.mark.parametrize("removed", ["all", "the job", "its result"])
def test_a_result_that_is_removed_before_it_is_published_is_the_reason(
    sqlite_ledger: Ledger, layout: Layout, tmp_path: Path, removed: str
) -> None:
    drop(sqlite_ledger, "party", [link(1, VIDEO)])
    claim = claimed(sqlite_ledger)
    publishing.begin_attempt(layout, claim.uuid, claim.attempt)
    shutil.rmtree(layout.work if removed == "all" else layout.job_work(claim.uuid))
    if removed == "its result":
        layout.attempt_dir(claim.uuid, claim.attempt).mkdir(parents=True)
    completer = AttemptCompleter(sqlite_ledger, layout, roomy_settings(tmp_path))
    completer.finish(claim, song(size=5), NOW)
    with sqlite_ledger.read() as db:
        job = queries.find_jobs(db)[0]
    assert job.error is not None
    assert (job.state, job.error["code"]) == ("waiting", "work_removed")
    assert "restart the daemon" not in str(job.error)


def test_the_folder_for_work_is_made_again_for_the_daemon_alone(layout: Layout) -> None:
    shutil.rmtree(layout.work)
    umask = os.umask(0o002)
    try:
        publishing.begin_attempt(layout, "job", 1)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(layout.work.stat().st_mode) & 0o777 == 0o700


@needs_root
def test_somebody_elses_folder_in_its_place_is_not_worked_in(layout: Layout) -> None:
    shutil.rmtree(layout.work)
    layout.work.mkdir()
    os.chown(layout.work, NOBODY, NOBODY)
    with pytest.raises(FileExistsError) as caught:
        publishing.begin_attempt(layout, "job", 1)
    assert (
        "Move what is at downloads/.work away" in work_folder_failure(caught.value).hint
    )
