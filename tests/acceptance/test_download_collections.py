"""`ytaudio download` of playlists, albums and channels: real ones from the stand-in."""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.rig import ids, wait_until
from tests.acceptance.shop import Shop, pairs
from tests.youtube import Channel, Fault, Playlist, Video, YouTube

M4A = ("--format", "m4a")
ALBUM = "OLAK5uy_kmPRjHDECIcuVwnKsx2Ng7fyNgFKWNJFs"


def playlist(name: str) -> str:
    return f"PL{name:a<32}"


def link(list_id: str) -> str:
    return f"https://www.youtube.com/playlist?list={list_id}"


@pytest.fixture
def shop(site: YouTube, tmp_path: Path) -> Iterator[Shop]:
    """A folder of the test's own; whatever it did, no process is left."""
    shop = Shop(tmp_path / "shop", site)
    yield shop
    left = shop.workers()
    shop.close()
    assert left == []


def test_an_album_is_downloaded_with_a_word_on_every_entry(
    shop: Shop, site: YouTube
) -> None:
    one, private, three, long = ids("ALB", 4)
    site.add(
        Video(id=one, title="First", duration_s=1, formats={"aac"}),
        Video(id=private, status="private"),
        Video(id=three, title="Third", duration_s=1, formats={"aac"}),
        Video(id=long, title="Live in Juan-les-Pins", duration_s=500),
    )
    site.add_lists(
        Playlist(id=ALBUM, title="Blues", videos=(one, private, three, long, one))
    )
    status, said = shop.json(
        link(ALBUM), f"https://youtu.be/{three}", "--max", "2m", *M4A
    )
    assert status == 0
    assert pairs(said) == [
        ("completed", None),
        ("unavailable", "private"),
        ("completed", None),
        ("duplicate", None),
    ]
    assert [
        item["collection"] and item["collection"]["position"]
        for item in said["downloads"]
    ] == [1, 2, 3, None]
    (album,) = said["collections"]
    assert album["title"] == "Blues"
    assert (album["wanted"], album["unavailable"]) == (2, 1)
    assert album["skipped"] == {"longer than 2m": 1}
    assert said["counts"]["unavailable"] == 1
    assert shop.files() == ["First.m4a", "Third.m4a"]
    again = shop.run(link(ALBUM), "--max", "2m", *M4A)
    lines = again.stdout.decode().splitlines()
    assert (
        "listed    Blues: 2 of 5 in this album to download; 1 not available: private; "
        "1 not selected: 1 longer than 2m"
    ) in lines
    assert sum("of an earlier run" in line for line in lines) == 2
    assert lines[-1].startswith("2 completed, 1 unavailable, in ")
    assert site.fetches(one) == site.fetches(three) == 1


def test_lists_that_cannot_be_read_say_why_and_the_others_go_on(
    shop: Shop, site: YouTube
) -> None:
    gone, empty, good = (playlist(name) for name in ("gone", "empty", "good"))
    site.add_lists(
        Playlist(id=gone, status="missing"),
        Playlist(id=empty),
        Playlist(id=good, title="Good", videos=tuple(ids("OKAY", 3))),
    )
    (shop.root / "urls.txt").write_text(
        f"{link(gone)}\n"
        f"{link(empty)}\n"
        "https://www.youtube.com/watch?v=MIX00000000&list=RDMIX00000000 list=yes\n"
        f"{link(good)} items=3-2\n"
        f"{link(good)} items=2- order=reverse\n"
        f"{link(good)} items=2- order=reverse\n"
    )
    done = shop.run("--urls-file", "urls.txt", "--json", *M4A)
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert pairs(said) == [
        ("failed", "no_such_list"),
        ("failed", "empty_list"),
        ("rejected", "endless"),
        ("rejected", "bad_option"),
        ("completed", None),
        ("completed", None),
        ("duplicate", None),
    ]
    positions = [
        item["collection"]["position"]
        for item in said["downloads"]
        if item["result"] == "completed"
    ]
    assert positions == [3, 2]


def test_a_list_beside_a_video_is_taken_when_asked_for_and_max_items_is_told(
    shop: Shop, site: YouTube
) -> None:
    videos = ids("MAXI", 4)
    site.add_lists(
        Playlist(id=playlist("beside"), title="Beside", videos=tuple(videos))
    )
    beside = f"https://www.youtube.com/watch?v={videos[2]}&list={playlist('beside')}"
    assert shop.run(beside, *M4A).returncode == 0
    assert shop.files() == [f"Clip {videos[2]}.m4a"]
    done = shop.run(beside, "--list", "yes", "--max-items", "2", *M4A)
    assert (
        "listed    Beside: 2 of 4 in this playlist to download; the list goes on: "
        "max_items (now 2) or items takes more"
    ) in done.stdout.decode().splitlines()
    assert len(shop.files()) == 3
    refused = shop.run(f"https://youtu.be/{videos[0]}", "--items", "1-2")
    assert refused.returncode == 2
    assert b"--items goes with a playlist" in refused.stderr


def test_a_terminal_shows_a_bar_for_the_whole_and_one_for_each(
    shop: Shop, site: YouTube
) -> None:
    videos = ids("BARS", 3)
    for video in videos:
        site.fault(video, Fault.throttles(12_000, times=1))
    site.add_lists(Channel(handle="@bars", name="Bars", tabs={"videos": tuple(videos)}))
    status, shown = shop.on_terminal("https://www.youtube.com/@bars", *M4A)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert status == 0, plain
    assert re.search(r"Bars[^\r\n]* [0-2] of 3", plain), plain
    assert f"Clip {videos[0]}" in plain
    assert len(shop.files()) == 3


def test_ctrl_c_ends_the_listing_and_lets_what_runs_finish(
    shop: Shop, site: YouTube
) -> None:
    videos = ids("CTRL", 150)
    site.fault(videos[0], Fault.throttles(12_000, times=1))
    site.add_lists(Playlist(id=playlist("ctrl"), videos=tuple(videos)))
    running = shop.start(link(playlist("ctrl")), "-j", "1", "--json", *M4A)
    wait_until(lambda: site.requests(videos[0], "media"))
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=60)
    said = json.loads(out)
    assert running.returncode == 130
    assert said["counts"]["completed"] >= 1
    assert said["counts"]["skipped"] > 100
    assert len(shop.files()) == said["counts"]["completed"]
