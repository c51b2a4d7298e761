"""The probe of an outage: it tells what a download would, and fetches next to nothing."""

from dataclasses import replace

import pytest

from tests.integration.fetch_rig import VIDEO, Runner
from tests.youtube import OUTAGES, Video, YouTube
from tests.youtube.accounts import cookies_text
from ytaudio_daemon.model import Limits, Network
from ytaudio_daemon.model.outage import failure_signature

pytest_plugins = ["tests.integration.fetch_fixtures"]


def test_a_video_that_can_be_had_is_not_fetched(
    youtube: YouTube, runner: Runner, network: Network
) -> None:
    youtube.add(Video(id=VIDEO))
    ran = runner.run(runner.request(runner.folder(), network=network, is_probe=True))
    assert ran.outcome is not None
    assert (ran.outcome.failure, ran.outcome.result) == (None, None)
    assert youtube.fetches(VIDEO) == 0
    assert not list(ran.folder.iterdir())


@pytest.mark.parametrize("name", OUTAGES)
def test_it_fails_like_a_download_in_each_outage(
    youtube: YouTube, runner: Runner, network: Network, name: str
) -> None:
    youtube.add(Video(id=VIDEO))
    youtube.break_down(OUTAGES[name])
    limits = Limits(stall_timeout_s=5)
    probed, downloaded = (
        runner.run(
            runner.request(
                runner.folder(), network=network, limits=limits, is_probe=is_probe
            )
        ).failure
        for is_probe in (True, False)
    )
    assert failure_signature(probed) == failure_signature(downloaded) != ""


@pytest.mark.parametrize(
    ("cookies", "works"), [("always", True), ("when_needed", False)]
)
def test_it_carries_cookies_where_downloads_always_do(
    youtube: YouTube,
    runner: Runner,
    network: Network,
    cookies: str,
    works: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """An address may be answered nothing without an account."""
    youtube.add(Video(id=VIDEO, status="bot", account="SOMEBODY"))
    folder = runner.folder()
    jar = folder / "cookies.txt"
    jar.write_text(cookies_text("SOMEBODY"))
    changed = replace(network, cookies_file=str(jar), cookies=cookies)
    ran = runner.run(runner.request(runner.folder(), network=changed, is_probe=True))
    assert ran.outcome is not None
    assert (ran.outcome.failure is None) is works
    carried = ["SOMEBODY" in request.cookies for request in youtube.requests()]
    assert any(carried) is works
