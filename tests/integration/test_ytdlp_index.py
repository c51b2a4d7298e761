"""Two real versions of yt-dlp, from the package index that this machine is set up for.

It runs with `-m long`: it needs a network and a quarter of a minute, and `make test` has
the same steps with wheels of its own in `test_ytdlp_versions`.
"""

import os
from pathlib import Path

import pytest

from tests.integration.ytdlp_rig import index_versions
from tests.youtube import Video, YouTube
from ytaudio_daemon.settings import load
from ytaudio_daemon.urls import Link
from ytaudio_daemon.ytdlp_versions.upgrade import Upgrade, UpgradeRequest
from ytaudio_daemon.ytdlp_versions.version_store import VersionStore
from ytaudio_daemon.ytdlp_versions.version_writer import VersionWriter

CLIP = Link(video_id="BBBBBBBBBBB")


@pytest.fixture(scope="module")
def released() -> list[str]:
    versions = index_versions()
    if len(versions) < 2:
        pytest.skip("no package index with versions of yt-dlp can be reached from here")
    return versions


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_newest_is_fetched_used_and_left_for_the_one_before(
    released: list[str], youtube: YouTube, tmp_path: Path
) -> None:
    youtube.add(Video(id=CLIP.video_id, duration_s=1, formats={"aac"}))
    way = {"download.proxy": youtube.proxy, "download.ca_file": str(youtube.ca_file)}
    settings = load(None, {}, {"disk.reserve": "1MiB", **way})
    # As if the program had come with an old one, whatever is installed here.
    shelf = VersionStore(tmp_path / "engine", "2020.1.1", os.geteuid())
    upgrade = Upgrade(shelf, settings, links=[CLIP])
    newest, before = released[:2]

    tried = upgrade.run(UpgradeRequest(version=before))
    assert (tried.result, tried.version) == ("upgraded", before), tried
    assert shelf.active().activation.pinned
    tried = upgrade.run(UpgradeRequest())
    assert (tried.result, tried.version) == ("upgraded", newest), tried
    assert "1 of 1 known links were downloaded" in tried.message
    assert not shelf.active().activation.pinned
    assert youtube.fetches(CLIP.video_id) == 2
    assert upgrade.run(UpgradeRequest()).result == "current"

    beside = {path.name for path in shelf.path_of(newest).iterdir()}
    assert {"yt_dlp", "yt_dlp_ejs", "certifi"} <= beside
    assert VersionWriter(shelf).roll_back("?", 1.0).version == before
    assert upgrade.run(UpgradeRequest()).result == "refused"
