"""collections, show, wait, cancel and retry of a collection, against a real ledger."""

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

from tests.integration import cli_rig
from tests.integration.cli_rig import Rig
from tests.integration.collections_rig import (
    OTHER,
    PLAYLIST,
    CollectionsHouse,
    listed,
    video,
)
from ytaudio_daemon.model import Failure, FailureKind

SCHEMAS = cli_rig.REPOSITORY / "ytaudio_daemon" / "schemas"
PRIVATE = Failure(
    kind=FailureKind.UNAVAILABLE, code="private_list", message="It is private."
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CollectionsHouse]:
    made = CollectionsHouse(tmp_path)
    made.lane.lists[PLAYLIST] = listed([1, 2, 3, 4], unavailable=[2])
    made.lane.lists[OTHER] = []
    made.lane.failures[OTHER] = PRIVATE
    made.drop(content=f"{PLAYLIST} min=2s\n{OTHER}\n")
    made.take()
    made.list_all()
    yield made
    made.close()


@pytest.fixture
def rig(house: CollectionsHouse, tmp_path: Path) -> Rig:
    assert house.states() == ["completed", "failed"]
    return Rig(tmp_path)


def ids(rig: Rig) -> list[str]:
    listing = rig.call("collections", "--json").json
    return [each["id"] for each in listing["collections"]]


def require_form(document: object, name: str) -> None:
    schemas = {
        path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")
    }
    registry: Registry[object] = Registry().with_resources(
        (key, Resource.from_contents(schema)) for key, schema in schemas.items()
    )
    jsonschema.Draft202012Validator(schemas[name], registry=registry).validate(document)


def test_collections_are_listed_for_people_and_programs(rig: Rig) -> None:
    plain = rig.call("collections")
    head, first, second = plain.out.splitlines()
    assert head.split()[0] == "COLLECTION"
    assert "completed  alice" in first
    assert "0 of 3 done, 1 not available, 1 not selected  Songs" in first
    assert "failed" in second
    document = rig.call("collections", "--json", "--session", "alice").json
    require_form(document, "ytaudio.collections-1.json")
    assert [each["state"] for each in document["collections"]] == [
        "completed",
        "failed",
    ]
    assert document["collections"][0]["counts"]["unfinished"] == 2
    assert document["collections"][0]["source"]["line"] == 1
    assert rig.call("collections", "--session", "nobody").code == 4


def test_a_collection_is_shown_with_what_became_of_each_entry(rig: Rig) -> None:
    first, second = ids(rig)
    plain = rig.call("show", first[:8])
    assert plain.code == 0, plain.err
    assert "Song 1 (0:01); shorter than 2s" in plain.out
    assert "Song 2 (0:02); private" in plain.out
    assert "Song 4 (0:04)\n" in plain.out
    document = rig.call("show", first, "--json").json
    require_form(document, "ytaudio.collection-1.json")
    assert [entry["state"] for entry in document["entries"]] == [
        None,
        None,
        "queued",
        "queued",
    ]
    failed = rig.call("show", second)
    assert "It is private. (unavailable, private_list)" in failed.out
    assert rig.call("show", "0" * 36).code == 4


def test_cancelling_a_collection_ends_its_jobs_and_leaves_those_of_others(
    house: CollectionsHouse, rig: Rig
) -> None:
    house.lane.lists[OTHER] = listed([4, 5])
    del house.lane.failures[OTHER]
    first, second = ids(rig)
    assert rig.call("retry", second).out == f"{second[:8]} listed again\n"
    house.list_all()
    done = rig.call("cancel", second)
    assert done.out == f"{second[:8]} 1 job cancelled, or being stopped\n"
    states = house.ask("SELECT video_id, state FROM jobs ORDER BY video_id")
    assert states == [
        (video(3), "queued"),
        (video(4), "queued"),
        (video(5), "cancelled"),
    ]
    assert rig.call("cancel", second).code == 1
    done = rig.call("cancel", first)
    assert done.out == f"{first[:8]} 2 jobs cancelled, or being stopped\n"
    waited = rig.call("wait", first, "--json")
    assert (waited.code, waited.json["cancelled"]) == (1, 2)


def test_cancelling_a_listing_that_runs_stops_it(
    house: CollectionsHouse, rig: Rig
) -> None:
    house.lane.lists[OTHER] = listed(range(1, 301))
    del house.lane.failures[OTHER]
    second = ids(rig)[1]
    rig.call("retry", second)
    house.step()
    assert house.states() == ["completed", "running"]
    assert rig.call("cancel", second).out.startswith(f"{second[:8]} listing cancelled;")
    house.lister.stop_cancelled()
    house.list_all()
    assert house.states() == ["completed", "cancelled"]
    assert house.lister.running_count == 0


def test_retrying_a_collection_lists_it_again_and_runs_its_ended_jobs(
    house: CollectionsHouse, rig: Rig
) -> None:
    first, second = ids(rig)
    rig.call("cancel", first)
    assert rig.call("retry", first, "--failed").code == 1
    assert rig.call("retry", second, "--failed").out.endswith("listed again\n")
    done = rig.call("retry", first)
    assert done.out == f"{first[:8]} listed again; 2 jobs queued again\n"
    assert house.states() == ["queued", "queued"]
    assert house.ask("SELECT DISTINCT state FROM jobs") == [("queued",)]
    waited = rig.call("wait", first, "--timeout", "0s", "--json")
    assert waited.json["unfinished"] == 3  # the listing is one of them
