"""The Python API downloads and lists collections of the stand-in."""

import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from mutagen.mp4 import MP4

from tests.acceptance.rig import ids, wait_until
from tests.acceptance.shop import Shop
from tests.youtube import Fault, Playlist, Video, YouTube
from ytaudio_daemon import AudioDownloader, ListingError, UsageError

LIST = "https://www.youtube.com/playlist?list="


@pytest.fixture
def shop(
    site: YouTube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """A folder of the test's own; whatever it did, no process and no thread is left."""
    shop = Shop(tmp_path / "shop", site)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shop.cache))
    yield shop
    left = shop.workers()
    shop.close()
    assert left == []
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"ytaudio-pool", "ytaudio-download"}


def downloader(shop: Shop, **more: Any) -> AudioDownloader:
    out = shop.root / "out"
    return AudioDownloader(out, format="m4a", settings=shop.settings, **more)


def add_list(site: YouTube, name: str, videos: list[str], **more: Any) -> str:
    list_id = f"PL{name:b<32}"
    site.add_lists(Playlist(id=list_id, title=name, videos=tuple(videos), **more))
    return LIST + list_id


def test_results_come_one_by_one_and_every_entry_has_one(
    shop: Shop, site: YouTube
) -> None:
    one, private, three = ids("PYC", 3)
    site.add(Video(id=private, status="private"))
    url = add_list(site, "Results", [one, private, three])
    heard: list[dict[str, Any]] = []
    with downloader(shop, progress_callback=heard.append) as d:
        results = {each.position: each for each in d.download_collection(url)}
    assert [results[place].success for place in (1, 2, 3)] == [True, False, True]
    assert results[2].error_message == "Not available: private."
    assert results[1].collection_title == "Results"
    assert results[3].url == f"https://www.youtube.com/watch?v={three}"
    assert Path(results[3].output_path or "").is_file()
    ends = [said["url"] for said in heard if said["status"] in {"finished", "error"}]
    assert sorted(ends) == sorted(each.url for each in results.values())
    assert "downloading" in {said["status"] for said in heard}


def test_songs_of_an_album_get_its_facts_as_tags(shop: Shop, site: YouTube) -> None:
    first, second = ids("PYA", 2)
    album = Playlist(
        id="OLAK5uy_kmPRjHDECIcuVwnKsx2Ng7fyNgFKWNJFs",
        title="Album - Songs",
        channel="The Band",
        videos=(first, second),
        album_page="MPREb_4pL8gzRtw1p",
        year=1999,
    )
    site.add_lists(album)
    with downloader(shop) as d:
        results = list(d.download_collection(LIST + album.id))
    read: Callable[..., Any] = MP4
    tags = {each.position: read(each.output_path).tags for each in results}
    for track in (1, 2):
        assert tags[track]["\xa9alb"] == ["Songs"]
        assert tags[track]["aART"] == ["The Band"]
        assert tags[track]["trkn"] == [(track, 2)]
        assert tags[track]["\xa9day"][0].startswith("1999")


def test_a_list_that_cannot_be_read_and_a_bad_link_are_results(
    shop: Shop, site: YouTube
) -> None:
    url = add_list(site, "Missing", [], status="missing")
    with downloader(shop) as d:
        (missing,) = d.download_collection(url)
        (video,) = d.download_collection("https://youtu.be/AAAAAAAAAAA")
        (mix,) = d.download_collection(f"{LIST}RDAAAAAAAAAAA")
        with pytest.raises(UsageError, match="items cannot be"):
            d.download_collection(url, items="3-1")
        with pytest.raises(UsageError, match="known: items"):
            d.download_collection(url, itmes="1")  # type: ignore[call-arg] # a slip
        with pytest.raises(ListingError, match="no such list"):
            list(d.expand(url))
    assert (missing.success, missing.position) == (False, None)
    assert "no such list" in (missing.error_message or "")
    assert "download_audio takes" in (video.error_message or "")
    assert "has no end" in (mix.error_message or "")


def test_who_closes_the_generator_ends_what_runs(shop: Shop, site: YouTube) -> None:
    quick, *slow = ids("CLS", 150)
    url = add_list(site, "Closed", [quick, *slow])
    for video in slow[:3]:
        site.fault(video, Fault.throttles(4_000, times=1))
    d = downloader(shop, max_workers=2)
    for result in d.download_collection(url):
        assert result.success
        break
    assert [t for t in threading.enumerate() if t.name == "ytaudio-download"] == []
    done = len(shop.files("out"))
    assert done < 5
    rest = d.download_collection(url, items="150", max_items=1)
    assert next(rest).success
    d.close()
    wait_until(lambda: not shop.workers())
    with pytest.raises(UsageError, match="closed"):
        d.download_collection(url)


def test_entries_are_listed_without_a_download(shop: Shop, site: YouTube) -> None:
    videos = ids("EXP", 120)
    site.add(
        Video(id=videos[0], title="One", duration_s=30),
        Video(id=videos[1], status="removed"),
    )
    url = add_list(site, "Expanded", videos)
    with downloader(shop) as d:
        entries = list(d.expand(url, items="1-110", max=20, since=date(2001, 1, 1)))
    assert len(entries) == 110
    first, second = entries[:2]
    assert (first.title, first.duration_seconds) == ("One", 30)
    assert first.not_selected == "longer than 20s"
    assert second.unavailable == "deleted"
    assert shop.files("out") == []
    assert site.fetches(videos[2]) == 0
