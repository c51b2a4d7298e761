"""The API's collections against a real ledger and lister; the lists are written down."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_rig_in_process import InProcessClient
from tests.integration.collections_rig import PLAYLIST, CollectionsHouse, listed, video
from ytaudio_daemon.api.app import create_app
from ytaudio_daemon.api.context import ApiContext

LIST_ID = PLAYLIST.partition("list=")[2]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CollectionsHouse]:
    made = CollectionsHouse(tmp_path, YTAUDIO_SESSIONS_MAX_JOBS="2")
    made.lane.lists[PLAYLIST] = listed([1, 2, 3, 4], unavailable=[2])
    yield made
    made.close()


@pytest.fixture
def client(house: CollectionsHouse) -> InProcessClient:
    context = ApiContext(
        ledger=house.ledger,
        layout=house.layout,
        settings=house.settings,
        daemon_down_reason=lambda: "",
    )
    client = InProcessClient(create_app(context))
    open_session(client)
    return client


def open_session(client: InProcessClient) -> str:
    opened = client.post("/api/sessions/")
    assert opened.status_code == 201, opened.text
    key: str = opened.json()["session_uuid"]
    client.headers["X-Session-ID"] = key
    return key


def post(client: InProcessClient, url: str = PLAYLIST, **more: Any) -> dict[str, Any]:
    posted = client.post("/api/jobs/", json={"url": url, **more})
    assert posted.status_code == 202, posted.text
    answer: dict[str, Any] = posted.json()
    assert posted.headers["Location"] == f"/api/collections/{answer['id']}"
    return answer


def test_a_posted_playlist_is_listed_and_its_entries_are_jobs(
    client: InProcessClient, house: CollectionsHouse
) -> None:
    posted = post(client, selection={"min": "2s", "not": "song 4"}, output_format="m4a")
    assert (posted["state"], posted["collection_uuid"]) == ("queued", posted["id"])
    house.list_all()
    answer = client.get(f"/api/collections/{posted['id']}").json()
    assert (answer["state"], answer["title"], answer["count"]) == (
        "completed",
        "Songs",
        4,
    )
    assert answer["counts"]["unfinished"] == 1
    assert answer["counts"]["not_selected"] == 2
    page = client.get(f"/api/collections/{posted['id']}/entries?limit=3").json()
    assert [entry["reason"] for entry in page["entries"]] == [
        "shorter than 2s",
        "private",
        None,
    ]
    rest = client.get(
        f"/api/collections/{posted['id']}/entries?after={page['next']}"
    ).json()
    assert [entry["video_id"] for entry in rest["entries"]] == [video(4)]
    assert rest["next"] is None
    (job,) = client.get("/api/jobs/").json()["jobs"]
    assert job["collection"]["id"] == posted["id"]
    assert job["output_format"] == "m4a"


def test_a_video_beside_a_list_is_a_job_unless_the_list_is_asked_for(
    client: InProcessClient,
) -> None:
    beside = f"https://www.youtube.com/watch?v={video(1)}&list={LIST_ID}"
    single = client.post("/api/jobs/", json={"url": beside})
    assert (single.status_code, single.json()["video_id"]) == (201, video(1))
    assert post(client, beside, selection={"list": "yes"})["url"] == PLAYLIST


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"url": PLAYLIST, "selection": {"items": "5-2"}}, "bad_option", "lower one"),
        (
            {"url": PLAYLIST, "selection": {"min": "5m", "max": "2m"}},
            "bad_option",
            "min=5m is longer than max=2m",
        ),
        (
            {"url": f"https://youtu.be/{video(1)}", "selection": {"items": "1"}},
            "bad_option",
            "this is one video",
        ),
        ({"url": f"{PLAYLIST[:38]}RDxxxxxxxxxxx"}, "endless", "no end"),
        ({"url": "https://www.youtube.com/feed/trending"}, "endless", "no end"),
        (
            {"url": PLAYLIST, "selection": {"itmes": "1"}},
            "invalid_request",
            "itmes is not known here",
        ),
        (
            {"url": PLAYLIST, "selection": {"list": "no"}},
            "not_a_video",
            "list=no takes none",
        ),
    ],
)
def test_what_cannot_be_listed_says_what_is_wrong(
    client: InProcessClient, body: dict[str, Any], code: str, words: str
) -> None:
    refused = client.post("/api/jobs/", json=body)
    assert refused.status_code == 422
    problem = refused.json()
    assert problem["code"] == code
    assert words in problem["detail"]


def test_a_session_s_collections_are_a_list_of_its_own(
    client: InProcessClient, house: CollectionsHouse
) -> None:
    key = client.headers["X-Session-ID"]
    mine = post(client)
    again = post(client)
    assert again["id"] == mine["id"]
    assert again["note"] == "this session lists it already"
    listed_here = client.get(f"/api/sessions/{key}/collections?limit=1").json()
    assert [each["id"] for each in listed_here["collections"]] == [mine["id"]]
    assert listed_here["next"] is None
    no_uuid = client.get(f"/api/sessions/{key}/collections?after=preview")
    assert (no_uuid.status_code, no_uuid.json()["code"]) == (404, "unknown_collection")
    other = open_session(client)
    assert client.get(f"/api/sessions/{other}/collections").json()["collections"] == []
    foreign = client.get(f"/api/collections/{mine['id']}")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "unknown_collection")
    assert client.request("DELETE", f"/api/collections/{mine['id']}").status_code == 404
    assert house.states() == ["queued"]


def test_a_collection_is_cancelled_and_run_again_as_a_whole(
    client: InProcessClient, house: CollectionsHouse
) -> None:
    posted = post(client)
    house.list_all()
    address = f"/api/collections/{posted['id']}"
    cancelled = client.request("DELETE", address)
    assert cancelled.status_code == 200
    assert cancelled.json()["counts"]["cancelled"] == 3
    twice = client.request("DELETE", address)
    assert (twice.status_code, twice.json()["code"]) == (409, "illegal_move")
    retried = client.post(f"{address}/retry").json()
    assert retried["counts"]["cancelled"] == 0
    assert retried["state"] == "queued"


def test_a_session_lists_as_many_at_once_as_it_may_have_jobs(
    client: InProcessClient, house: CollectionsHouse
) -> None:
    first = post(client, selection={"items": "1"})
    post(client, selection={"items": "2"})
    full = client.post(
        "/api/jobs/", json={"url": PLAYLIST, "selection": {"items": "3"}}
    )
    assert (full.status_code, full.json()["code"]) == (429, "session_listing_limit")
    assert len(house.states()) == 2
    assert post(client, selection={"items": "1"})["id"] == first["id"]
