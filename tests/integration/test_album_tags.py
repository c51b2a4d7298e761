"""What the album of a collection says of its songs, from the ledger to the worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.collections_rig import PLAYLIST, CollectionsHouse, listed, video
from tests.integration.jobs_rig import NO_TOOLS
from ytaudio_daemon.jobs.prepare import prepare
from ytaudio_daemon.ledger import claims
from ytaudio_daemon.model import AlbumFacts, FetchRequest, ListedEntry, ListedPage
from ytaudio_daemon.model.gates import UNLIMITED

ALBUM = (
    "https://www.youtube.com/playlist?list=OLAK5uy_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)


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
