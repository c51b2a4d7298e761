"""`ytaudio subscriptions`, and what other commands and documents say of followed lists."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forms import assert_described
from tests.integration.cli_rig import Rig
from tests.integration.collections_rig import (
    OTHER,
    PLAYLIST,
    CollectionsHouse,
    in_feed,
    listed,
    video,
)
from ytaudio_daemon.notify import texts
from ytaudio_daemon.notify.digest import Digest
from ytaudio_daemon.notify.notify_event import NotifyEvent, events_after

INTERVAL_S = 6.6 * 3600.0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CollectionsHouse]:
    made = CollectionsHouse(tmp_path)
    made.lane.lists[PLAYLIST] = made.lane.lists[OTHER] = listed([1, 2])
    made.drop(content=f"{PLAYLIST} follow=6h keep_last=5\n{OTHER} max_items=1\n")
    made.take()
    made.list_all()
    yield made
    made.close()


@pytest.fixture
def rig(house: CollectionsHouse, tmp_path: Path) -> Rig:
    assert house.states() == ["completed", "completed"]
    return Rig(tmp_path)


def followed(rig: Rig) -> str:
    listing = rig.call("subscriptions", "list", "--json").json
    return str(listing["subscriptions"][0]["id"])


def test_followed_lists_are_listed_for_people_and_programs(rig: Rig) -> None:
    plain = rig.call("subscriptions")
    head, row = plain.out.splitlines()
    assert head.split()[:4] == ["COLLECTION", "STATE", "SESSION", "EVERY"]
    assert "active" in row
    assert " 6h " in row
    misplaced = rig.call("subscriptions", "--json")
    assert (
        "unrecognized arguments: --json; --json goes behind the verb" in misplaced.err
    )
    document = rig.call("subscriptions", "list", "--json", "-s", "alice").json
    assert_described(document)
    (one,) = document["subscriptions"]
    assert one["subscription"]["every_s"] == 21_600
    assert one["subscription"]["keep_last"] == 5
    assert one["subscription"]["next_look_at"] > one["subscription"]["looked_at"]


def test_a_subscription_is_paused_resumed_and_stopped(
    house: CollectionsHouse, rig: Rig
) -> None:
    key = followed(rig)
    assert rig.call("subscriptions", "pause", key[:8]).out == f"{key[:8]} paused\n"
    assert rig.call("subscriptions", "pause", key).out.endswith(" paused already\n")
    assert "resume it first" in rig.call("subscriptions", "check", key).out
    house.let_pass(INTERVAL_S)
    assert not house.look_queue.queue_due(house.now)
    done = rig.call("subscriptions", "resume", "--session", "alice")
    assert done.out == f"{key[:8]} resumed\n"
    house.let_pass(1000)
    assert house.look_queue.queue_due(house.now)
    assert rig.call("subscriptions", "stop", key).out.endswith(" stopped\n")
    again = rig.call("subscriptions", "resume", key)
    assert (again.code, "follow=6h" in again.out) == (1, True)
    assert house.ask("SELECT subscriptions FROM sessions") == [(0,)]
    assert rig.call("subscriptions", "stop").code == 2


def test_a_look_may_be_asked_for_before_its_time(
    house: CollectionsHouse, rig: Rig
) -> None:
    house.lane.feeds[PLAYLIST] = in_feed(3, 2, 1)
    key = followed(rig)
    assert rig.call("subscriptions", "check", key).out.endswith(" being looked at\n")
    again = rig.call("subscriptions", "check", key)
    assert again.out.endswith(" being looked at already\n")
    house.look()
    jobs = house.ask("SELECT video_id FROM jobs ORDER BY id")
    assert jobs == [(video(1),), (video(3),)]


def test_receipts_documents_and_show_say_how_a_list_is_followed(
    house: CollectionsHouse, rig: Rig
) -> None:
    house.show()
    receipt = (house.inbox / "processed" / "songs.txt.receipt.txt").read_text()
    assert "followed every 6h, next look: 2" in receipt
    assert "2 not selected: 2 in the list before it was followed" in receipt
    (path,) = house.layout.status.rglob("receipts/**/*.json")
    document = json.loads(path.read_text())
    assert_described(document)
    assert document["lines"][0]["collection"]["subscription"]["state"] == "active"
    assert document["lines"][1]["collection"]["subscription"] is None
    session = json.loads(house.layout.session_status("alice").read_text())
    assert_described(session)
    assert [each["subscription"] is None for each in session["collections"]] == [
        True,
        False,
    ]
    shown = rig.call("show", followed(rig)[:8]).out
    assert "every 6h, the latest 5 files stay, next look at " in shown
    assert "what is new in it is fetched after the next look" in shown


def test_a_session_that_follows_shows_no_end(house: CollectionsHouse, rig: Rig) -> None:
    with house.ledger.write() as db:
        db.exec_driver_sql("UPDATE jobs SET state = 'cancelled', finalized_at = 1")
        db.exec_driver_sql("UPDATE sessions SET queued = 0, cancelled = 1")
    show = rig.call("session", "show", "alice", "--json").json
    assert show["expires_at"] is None
    rig.call("subscriptions", "stop", followed(rig))
    assert rig.call("session", "show", "alice", "--json").json["expires_at"] is not None


def test_expiring_a_session_ends_its_subscriptions(
    house: CollectionsHouse, rig: Rig
) -> None:
    done = rig.call("session", "expire", "alice", "--force")
    assert done.code == 0, done.err
    assert house.ask("SELECT state FROM subscriptions") == [("stopped",)]
    assert house.ask("SELECT state FROM sessions") == [("expired",)]


def test_check_says_what_following_would_do(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "new.txt"
    path.write_text(f"{PLAYLIST} follow=1d since=2026-01-01\n")
    said = "followed every 1d: the first look takes those since 2026-01-01"
    assert said in rig.call("check", str(path)).out
    assert said in rig.call("check", str(path), "--json").json["lines"][0]["message"]


def test_what_a_look_brought_is_told_by_its_title(house: CollectionsHouse) -> None:
    house.finish_jobs()
    with house.ledger.read() as db:
        _, cursor = events_after(db, 0, ("completed",), 250)
    house.lane.feeds[PLAYLIST] = in_feed(3, 2, 1)
    house.let_pass(INTERVAL_S)
    house.look()
    assert house.ask("SELECT COUNT(*) FROM events WHERE to_state = 'completed'") != []
    house.finish_jobs()
    events: list[NotifyEvent]
    with house.ledger.read() as db:
        events, _ = events_after(db, cursor, ("completed",), 250)
    (event,) = events
    assert texts.event_text(event) == (
        "Finished in session alice: Songs: 1 of 1 done, 2 not selected; new: Song 3"
    )
    digest = Digest()
    digest.add(event, 1.0, keeps_audio=True)
    assert digest.body().splitlines() == [
        "1 finished in session alice.",
        "Finished: Songs: Song 3",
    ]
