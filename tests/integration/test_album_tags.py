"""What the album of a collection says of its songs, from the ledger to the worker."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.collections_rig import PLAYLIST, CollectionsHouse, listed, video
from tests.integration.jobs_rig import NO_TOOLS
from ytaudio_daemon.jobs.prepare import prepare
from ytaudio_daemon.ledger import claims
from ytaudio_daemon.model import (
    AlbumFacts,
    Failure,
    FailureKind,
    FetchRequest,
    ListedEntry,
    ListedPage,
)
from ytaudio_daemon.model.gates import UNLIMITED

ALBUM = (
    "https://www.youtube.com/playlist?list=OLAK5uy_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

RELEASES = "https://www.youtube.com/@the-band/releases"
UNREACHABLE = Failure(kind=FailureKind.TRANSIENT, code="network", message="No network.")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CollectionsHouse]:
    made = CollectionsHouse(tmp_path)
    yield made
    made.close()


def next_request(house: CollectionsHouse) -> FetchRequest:
    with house.ledger.write() as db:
        claim = claims.claim_next(db, house.now, "here", UNLIMITED)
    assert claim is not None
    found = prepare(claim, house.ledger, house.layout, house.settings, NO_TOOLS)
    assert isinstance(found, FetchRequest)
    return found


def take(house: CollectionsHouse, url: str, page: ListedPage) -> None:
    house.lane.lists[url] = [page]
    house.drop(content=f"{url}\n")
    house.take()
    house.list_all()


def test_a_job_of_an_album_gets_the_albums_tags(house: CollectionsHouse) -> None:
    page = ListedPage(
        number=1,
        kind="album",
        title="Pastel Blues",
        album=AlbumFacts(
            title="Pastel Blues", artist="Nina Simone", year=1965, tracks=9
        ),
        entries=(ListedEntry(position=3, video_id=video(1), track=7),),
    )
    take(house, ALBUM, page)
    request = next_request(house)
    assert request.album_tags == {
        "album": "Pastel Blues",
        "album_artist": "Nina Simone",
        "track": "7/9",
        "date": "1965",
    }
    facts = request.job_facts["collection"]
    assert (facts["kind"], facts["title"], facts["position"]) == (
        "album",
        "Pastel Blues",
        3,
    )
    assert FetchRequest.from_json(request.to_json()) == request


def release(
    number: int, title: str, first: int, videos: list[int], year: int
) -> ListedPage:
    """Return the page of an album among the releases of a channel."""
    return ListedPage(
        number=number,
        kind="channel",
        title="The Band",
        channel="The Band",
        album=AlbumFacts(title=title, year=year, tracks=len(videos)),
        entries=tuple(
            ListedEntry(
                position=first + n,
                video_id=video(each),
                track=n + 1,
                upload_date=f"{year}-05-01",
            )
            for n, each in enumerate(videos)
        ),
    )


def other_videos(number: int, first: int, videos: list[int]) -> ListedPage:
    """Return the page of a list among the releases that is no album."""
    page = release(number, "", first, videos, 1900)
    entries = tuple(replace(each, track=None) for each in page.entries)
    return replace(page, album=None, entries=entries)


def tags_by_video(house: CollectionsHouse, count: int) -> dict[str, dict[str, str]]:
    """Return the album tags of the jobs that are claimed next."""
    requests = [next_request(house) for _ in range(count)]
    return {request.video_id: dict(request.album_tags) for request in requests}


def on_album(title: str, track: str, year: str) -> dict[str, str]:
    return {"album": title, "album_artist": "The Band", "track": track, "date": year}


@pytest.mark.parametrize("order", ["", " order=reverse"])
def test_jobs_of_a_channels_releases_get_the_tags_of_their_albums(
    house: CollectionsHouse, order: str
) -> None:
    house.lane.lists[RELEASES] = [
        release(1, "New", 1, [1, 2], 2001),
        other_videos(2, 3, [3]),
        release(3, "Old", 4, [4], 1999),
    ]
    house.drop(content=f"{RELEASES}{order}\n")
    house.take()
    house.list_all()
    assert tags_by_video(house, 4) == {
        video(1): on_album("New", "1/2", "2001"),
        video(2): on_album("New", "2/2", "2001"),
        video(3): {},
        video(4): on_album("Old", "1/1", "1999"),
    }


def test_a_new_release_leaves_other_jobs_on_their_albums(
    house: CollectionsHouse,
) -> None:
    old = release(1, "Old", 1, [1, 2], 1999)
    house.lane.lists[RELEASES] = [old]
    house.drop(content=f"{RELEASES} follow=6h since=1999-01-01\n")
    house.take()
    house.list_all()
    new = release(1, "New", 1, [7], 2001)
    # It ends behind a page of the new release alone: the others keep their old places.
    house.lane.lists[RELEASES] = [new]
    house.lane.failures[RELEASES] = UNREACHABLE
    house.let_pass(7 * 3600)
    house.look()
    assert tags_by_video(house, 3) == {
        video(1): on_album("Old", "1/2", "1999"),
        video(2): on_album("Old", "2/2", "1999"),
        video(7): on_album("New", "1/1", "2001"),
    }


def test_a_job_of_a_playlist_knows_its_place_and_gets_no_tags(
    house: CollectionsHouse,
) -> None:
    take(house, PLAYLIST, listed([5])[0])
    request = next_request(house)
    assert request.album_tags == {}
    assert request.job_facts["collection"]["title"] == "Songs"


def test_a_job_of_a_line_is_in_no_collection(house: CollectionsHouse) -> None:
    house.drop()
    house.take()
    request = next_request(house)
    assert (request.album_tags, request.job_facts["collection"]) == ({}, None)
