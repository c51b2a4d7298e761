"""`GET /api/subscriptions`: what a session follows, and nobody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.api_rig_in_process import InProcessClient
from tests.integration.collections_rig import OTHER, PLAYLIST, CollectionsHouse, listed
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
