"""The API's subscriptions: what a session follows, and nobody else's; posted ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_rig_in_process import InProcessClient
from tests.integration.collections_rig import (
    OTHER,
    PLAYLIST,
    CollectionsHouse,
    in_feed,
    listed,
    video,
)
from ytaudio_daemon.api.app import create_app
from ytaudio_daemon.api.context import ApiContext


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CollectionsHouse]:
    made = CollectionsHouse(tmp_path)
    made.lane.lists[PLAYLIST] = made.lane.lists[OTHER] = listed([1])
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
    return InProcessClient(create_app(context))


def open_session(client: InProcessClient) -> tuple[dict[str, str], str]:
    opened = client.post("/api/sessions").json()
    return {"X-Session-ID": opened["session_uuid"]}, opened["name"]


def test_a_session_sees_its_own_subscriptions_page_by_page(
    house: CollectionsHouse, client: InProcessClient
) -> None:
    mine, name = open_session(client)
    theirs, _ = open_session(client)
    house.inbox = house.layout.inbox / name
    house.inbox.mkdir(exist_ok=True)
    house.drop(content=f"{PLAYLIST} follow=6h\n{OTHER} follow=1d keep_last=3\n")
    house.take()
    house.list_all()
    first = client.get("/api/subscriptions?limit=1", headers=mine).json()
    (one,) = first["subscriptions"]
    assert one["subscription"]["every_s"] == 21_600
    address = f"/api/subscriptions?after={first['next']}"
    second = client.get(address, headers=mine).json()
    assert [each["url"] for each in second["subscriptions"]] == [OTHER]
    assert second["next"] is None
    assert (
        client.get("/api/subscriptions", headers=theirs).json()["subscriptions"] == []
    )
    refused = client.get(address, headers=theirs)
    assert (refused.status_code, refused.json()["code"]) == (
        404,
        "unknown_subscription",
    )
    assert client.get("/api/subscriptions").status_code == 401


def test_a_posted_list_is_followed_as_a_dropped_one(
    house: CollectionsHouse, client: InProcessClient
) -> None:
    mine, _ = open_session(client)
    wanted = {"url": PLAYLIST, "follow": "6h", "keep_last": 2}
    posted = client.post("/api/jobs", headers=mine, json=wanted)
    assert posted.status_code == 202, posted.text
    followed = posted.json()["subscription"]
    assert (followed["state"], followed["every_s"]) == ("active", 21_600)
    assert followed["keep_last"] == 2
    house.list_all()
    assert client.get("/api/jobs", headers=mine).json()["jobs"] == []
    house.lane.feeds[PLAYLIST] = in_feed(5, 1)
    house.let_pass(7 * 3600)
    house.look()
    (job,) = client.get("/api/jobs", headers=mine).json()["jobs"]
    assert job["video_id"] == video(5)


def test_posting_a_list_again_changes_how_it_is_followed_and_deleting_ends_it(
    client: InProcessClient,
) -> None:
    mine, _ = open_session(client)
    wanted = {"url": PLAYLIST, "selection": {"since": "2026-01-01"}}
    first = client.post("/api/jobs", headers=mine, json={**wanted, "follow": "6h"})
    again = client.post("/api/jobs", headers=mine, json={**wanted, "follow": "1d"})
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["subscription"]["every_s"] == 86_400
    assert again.json()["note"].endswith("followed from now on as said here")
    address = f"/api/collections/{again.json()['id']}"
    ended = client.request("DELETE", address, headers=mine)
    assert ended.json()["subscription"]["state"] == "stopped"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"follow": "5m"}, "from 15m to 90d"),
        ({"keep_last": 3}, "keep_last goes with follow"),
        ({"follow": "1d", "selection": {"items": "1-3"}}, "items names places"),
        ({"follow": "1d", "keep_last": 0}, "keep_last"),
        ({"url": "https://youtu.be/AAAAAAAAAAA", "follow": "1d"}, "this is one video"),
    ],
)
def test_bad_ways_to_follow_are_refused_when_posted_too(
    house: CollectionsHouse, client: InProcessClient, more: dict[str, Any], said: str
) -> None:
    mine, _ = open_session(client)
    refused = client.post("/api/jobs", headers=mine, json={"url": PLAYLIST, **more})
    assert refused.status_code == 422
    assert said in refused.text
    assert house.ask("SELECT COUNT(*) FROM subscriptions") == [(0,)]


def test_defaults_of_the_session_hold_for_posted_lists_and_the_request_wins(
    house: CollectionsHouse, client: InProcessClient
) -> None:
    mine, name = open_session(client)
    folder = house.layout.inbox / name
    folder.mkdir(exist_ok=True)
    (folder / "defaults.toml").write_text('follow = "1d"\nkeep_last = 3\n')
    by_default = client.post("/api/jobs", headers=mine, json={"url": PLAYLIST})
    assert by_default.json()["subscription"]["every_s"] == 86_400
    wanted = {"url": OTHER, "follow": "2d"}
    own = client.post("/api/jobs", headers=mine, json=wanted).json()["subscription"]
    assert (own["every_s"], own["keep_last"]) == (172_800, 3)
    one = client.post(
        "/api/jobs", headers=mine, json={"url": "https://youtu.be/AAAAAAAAAAA"}
    )
    assert one.status_code == 201, "a video is no list; the default is not its"
