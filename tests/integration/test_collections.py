"""Collections from the line to the jobs: pages, deaths, lists that change, limits."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.integration.collections_rig import (
    OTHER,
    PLAYLIST,
    CollectionsHouse,
    listed,
    video,
)
from ytaudio_daemon.jobs.outage_suspicion import end_outage
from ytaudio_daemon.ledger import (
    archive,
    audit,
    bulk_cancel,
    expiry,
    gates,
    listing_ends,
    outages,
    pruning,
    sessions,
)
from ytaudio_daemon.maintenance.pruner import Pruner
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import Gate, GateName
from ytaudio_daemon.model.outage import Outage, OutageState

ALL = range(1, 251)
NOT_THERE = (7, 107)
TRANSIENT = Failure(kind=FailureKind.TRANSIENT, code="server_error", message="No.")
BLOCKED = Failure(kind=FailureKind.BLOCKED, code="bot_check", message="Not you.")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CollectionsHouse]:
    made = CollectionsHouse(tmp_path, YTAUDIO_SESSIONS_MAX_JOBS="100")
    made.lane.lists[PLAYLIST] = listed(ALL, unavailable=NOT_THERE)
    yield made
    with made.ledger.read() as db:
        assert list(audit.find_flaws(db)) == []
    made.close()


def told(house: CollectionsHouse, file: str = "songs.txt") -> str:
    house.show()
    return (house.inbox / "processed" / f"{file}.receipt.txt").read_text()


def test_a_line_becomes_a_job_for_each_entry_and_what_is_over_the_quota_is_held(
    house: CollectionsHouse,
) -> None:
    house.drop(content=f"{PLAYLIST} min=3s not=99\n")
    house.take()
    house.list_all()
    entries = house.entries()
    assert len(entries) == len(ALL)
    assert [entry[0] for entry in entries] == list(ALL)
    reasons = {entry[2] for entry in entries if entry[3] is None}
    assert reasons == {"private", "shorter than 3s", "its title has '99'"}
    states = [entry[3] for entry in entries if entry[3]]
    assert (states.count("queued"), states.count("held")) == (100, 144)
    assert house.states() == ["completed"]
    text = told(house)
    assert "\n      1  0 of 246 done, 2 not available    Songs\n" in text
    assert "4 not selected: 2 its title has '99', 2 shorter than 3s" in text
    assert "\n    1.7  not available: private " in text


def test_the_first_job_may_be_claimed_as_soon_as_the_first_page_is_recorded(
    house: CollectionsHouse,
) -> None:
    house.drop(content=PLAYLIST)
    house.take()
    house.step()
    assert len(house.entries()) == 100
    assert house.states() == ["running"]
    assert house.ask("SELECT queued FROM sessions") == [(99,)]


@pytest.mark.parametrize("order", ["list", "oldest"])
@pytest.mark.parametrize(
    ("step", "count"),
    [
        ("collection.claimed", 1),
        ("collection.page_recorded", 1),
        ("collection.page_recorded", 3),
        ("collection.listed", 1),
    ],
)
def test_a_daemon_killed_at_any_step_loses_and_doubles_nothing(
    house: CollectionsHouse, order: str, step: str, count: int
) -> None:
    house.drop(content=f"{PLAYLIST} order={order}\n")
    house.take()
    house.list_and_die_at(step, count)
    house.list_all()
    assert house.states() == ["completed"]
    assert [entry[1] for entry in house.entries()] == [video(n) for n in ALL]
    jobs = [job for (job,) in house.ask("SELECT video_id FROM jobs ORDER BY id")]
    wanted = [video(n) for n in ALL if n not in NOT_THERE]
    assert jobs == (wanted if order == "list" else wanted[::-1])
    assert house.ask("SELECT charged, accepted FROM collections, sessions") == [
        (0, 248)
    ]


def test_a_list_that_changes_between_two_pages_is_read_again_to_its_end(
    house: CollectionsHouse,
) -> None:
    house.lane.lists[PLAYLIST] = listed(range(1, 151))
    house.lane.failures[PLAYLIST] = TRANSIENT
    house.drop(content=PLAYLIST)
    house.take()
    house.list_all()
    assert house.states() == ["waiting"]
    assert "to be listed again: 0 of 150 done" in told(house)
    house.lane.lists[PLAYLIST] = listed([300, *range(2, 251)])
    del house.lane.failures[PLAYLIST]
    house.ask("SELECT 1")
    with house.ledger.write() as db:
        db.exec_driver_sql("UPDATE collections SET state = 'queued', retry_at = NULL")
    house.list_all()
    assert house.states() == ["completed"]
    videos = {entry[1] for entry in house.entries()}
    assert videos == {video(n) for n in [300, *ALL]}
    gone = house.ask("SELECT video_id FROM entries WHERE gone_at IS NOT NULL")
    assert gone == [(video(1),)]


def test_the_same_line_again_adds_what_is_new_and_runs_again_what_had_ended(
    house: CollectionsHouse,
) -> None:
    house.lane.lists[PLAYLIST] = listed([1, 2, 3])
    house.drop(content=PLAYLIST)
    house.take()
    house.list_all()
    house.end_job(2, house.now)
    house.lane.lists[PLAYLIST] = listed([4, 1, 2])
    house.drop("again.txt", PLAYLIST)
    house.take()
    house.list_all()
    assert [entry[1:] for entry in house.entries() if entry[1] != video(3)] == [
        (video(4), "", "queued"),
        (video(1), "", "queued"),
        (video(2), "", "queued"),
    ]
    assert house.ask("SELECT COUNT(*) FROM jobs") == [(4,)]
    results = house.ask("SELECT result, message FROM lines ORDER BY drop_id")
    assert results == [
        ("accepted", None),
        ("duplicate", "listed again: what is new in it is added"),
    ]


def test_enough_is_enough_and_the_rest_of_the_list_is_told(
    house: CollectionsHouse,
) -> None:
    house.drop(content=f"{PLAYLIST} max_items=20\n")
    house.take()
    house.list_all()
    assert house.states() == ["completed"]
    assert house.ask("SELECT COUNT(*) FROM jobs") == [(20,)]
    assert len(house.entries()) == 100  # no page behind the first was wanted
    text = told(house)
    assert "79 not selected: 79 more than 20 (max_items)" in text
    assert "the list of 250 goes on" in text


def test_a_cancelled_session_stops_its_listing_and_gets_nothing_more(
    house: CollectionsHouse,
) -> None:
    house.drop(content=PLAYLIST)
    house.take()
    house.step()
    with house.ledger.write() as db:
        session = sessions.active_session(db, "alice")
        assert session is not None
        quota = house.settings.sessions.quota
        bulk_cancel.cancel_batch(
            db, session.id, house.now, reason="cancelled", quota=quota
        )
    house.list_all()
    assert house.states() == ["cancelled"]
    assert len(house.entries()) == 100
    assert house.ask("SELECT COUNT(*) FROM jobs WHERE state <> 'cancelled'") == [(0,)]
    assert house.lister.running_count == 0


def test_a_session_lives_until_its_collection_is_listed_and_leaves_nothing_when_pruned(
    house: CollectionsHouse,
) -> None:
    house.drop(content=PLAYLIST)
    house.take()
    now = house.now
    late = Now(wall=now.wall + 1e9, uptime_s=now.uptime_s + 1e9)
    with house.ledger.write() as db:
        session = sessions.active_session(db, "alice")
        assert session is not None
        assert not expiry.expire(db, session, late, on_expiry="keep")
        assert [each.id for each in expiry.stale_sessions(db, late, max_pending_s=1)]
    house.show()
    document = json.loads(house.layout.session_status("alice").read_text())
    assert document["session"]["expires_at"] is None
    house.list_all()
    quota = house.settings.sessions.quota
    is_complete = False
    while not is_complete:
        with house.ledger.write() as db:
            is_complete = bulk_cancel.cancel_batch(
                db, session.id, now, reason="session_expired", quota=quota
            ).is_complete
    with house.ledger.write() as db:
        assert expiry.expire(db, session, late, on_expiry="keep")
        assert pruning.session_to_prune(db, late, 1.0) is not None
    pruner = Pruner(house.ledger, house.settings, 0.0)
    mono = 1e3
    while not pruner.pop_pruned():
        pruner.run_if_due(late, mono)
        mono += 1e4
    for table in ("collections", "entries", "lines", "jobs", "drops", "sessions"):
        assert house.ask(f"SELECT COUNT(*) FROM {table}") == [(0,)], table


def test_sessions_take_turns_with_their_collections(house: CollectionsHouse) -> None:
    other = house.layout.inbox / "bob"
    other.mkdir()
    lists = [f"{PLAYLIST[:-3]}{n:03}" for n in range(3)]
    house.lane.lists |= {url: listed([1]) for url in lists}
    house.lane.lists[OTHER] = listed([2])
    house.drop(content="\n".join(lists))
    house.take()
    (other / "bobs.txt").write_text(OTHER)
    house.take()
    house.list_all()
    assert OTHER in [request.url for request in house.lane.asked[:2]]


def test_nothing_is_listed_behind_a_closed_gate_and_a_block_closes_it(
    house: CollectionsHouse,
) -> None:
    house.lane.failures[PLAYLIST] = BLOCKED
    house.lane.lists[PLAYLIST] = []
    house.drop(content=f"{PLAYLIST}\n{OTHER}\n")
    house.take()
    house.list_all()
    with house.ledger.read() as db:
        gate = gates.find_gate(db, GateName.SITE)
    assert isinstance(gate, Gate)
    assert gate.code == "bot_check"
    assert [request.url for request in house.lane.asked] == [PLAYLIST]
    assert house.states() == ["waiting", "queued"]
    assert house.ask("SELECT charged FROM collections") == [(0,), (0,)]


def test_a_list_that_waits_for_an_outage_is_due_when_that_is_over(
    house: CollectionsHouse,
) -> None:
    house.lane.failures[PLAYLIST] = TRANSIENT
    house.lane.lists[PLAYLIST] = []
    began = house.now.wall
    outage = Outage(
        state=OutageState.CONFIRMED,
        signature="transient/no_answer",
        message="It does not answer.",
        began_at=began,
        changed_at=began,
        probe_at=began + 3600,
    )
    house.drop(content=PLAYLIST)
    house.take()
    house.list_all()
    with house.ledger.write() as db:
        db.exec_driver_sql("UPDATE collections SET retry_at = retry_at + 3600")
        outages.save_outage(db, outage)
        assert listing_ends.requeue_due(db, house.now, 86_400) == 0
        end_outage(db, outage, house.now)
        assert listing_ends.requeue_due(db, house.now, 86_400) == 1


def test_a_list_that_cannot_be_had_is_in_the_failed_file_to_be_dropped_again(
    house: CollectionsHouse,
) -> None:
    house.lane.lists[PLAYLIST] = []
    house.lane.failures[PLAYLIST] = Failure(
        kind=FailureKind.UNAVAILABLE, code="private_list", message="It is private."
    )
    house.drop(content=f"{PLAYLIST} min=2m\n")
    house.take()
    house.list_all()
    assert house.states() == ["failed"]
    assert "could not be listed" in told(house)
    failed = (house.inbox / "processed" / "songs.txt.failed.txt").read_text()
    assert f"\n{PLAYLIST} min=2m\n" in failed
    (receipt,) = house.layout.status.rglob("receipts/**/*.json")
    document = json.loads(receipt.read_text())
    assert document["counts"]["failed"] == 1
    assert document["lines"][0]["collection"]["error"]["code"] == "private_list"


def test_an_item_that_failed_repeats_the_options_of_its_list_but_no_selection(
    house: CollectionsHouse,
) -> None:
    house.lane.lists[PLAYLIST] = listed([1])
    house.drop(content=f"{PLAYLIST} items=1 format=opus\n")
    house.take()
    house.list_all()
    house.end_job(1, house.now, reason="session_expired")
    house.show()
    failed = (house.inbox / "processed" / "songs.txt.failed.txt").read_text()
    assert f"\nhttps://www.youtube.com/watch?v={video(1)} format=opus\n" in failed


def test_a_list_is_the_probe_where_no_job_waits_and_opens_the_gate(
    house: CollectionsHouse,
) -> None:
    house.lane.failures[PLAYLIST] = BLOCKED
    house.lane.lists[PLAYLIST] = []
    house.drop(content=PLAYLIST)
    house.take()
    house.list_all()
    with house.ledger.write() as db:
        db.exec_driver_sql("UPDATE gates SET until = 1, closed_at = 0")
        db.exec_driver_sql("UPDATE collections SET state = 'queued', retry_at = NULL")
    house.lane.lists[PLAYLIST] = listed([1])
    del house.lane.failures[PLAYLIST]
    house.list_all()
    assert house.states() == ["completed"]
    with house.ledger.read() as db:
        assert gates.find_gate(db, GateName.SITE) is None


@pytest.mark.postgres
def test_pages_are_recorded_on_postgresql_too(
    tmp_path: Path, empty_postgres: str
) -> None:
    house = CollectionsHouse(tmp_path, YTAUDIO_DATABASE_URL=empty_postgres)
    house.lane.lists[PLAYLIST] = listed(ALL, unavailable=NOT_THERE)
    house.drop(content=f"{PLAYLIST} max_items=150 order=reverse\n")
    house.take()
    house.list_all()
    house.drop("again.txt", f"{PLAYLIST} max_items=150 order=reverse\n")
    house.take()
    house.list_all()
    assert house.states() == ["completed"]
    assert house.ask("SELECT COUNT(*) FROM jobs") == [(150,)]
    assert "0 of 151 done, 1 not available" in told(house, "again.txt")
    house.close()


def archived(house: CollectionsHouse, *numbers: int) -> None:
    videos = [ArchivedVideo(video(number), FoundIn.ARCHIVE_FILE) for number in numbers]
    with house.ledger.write() as db:
        archive.add_videos(db, archive.ALL_SESSIONS, videos, house.now)


def test_entries_that_the_archive_has_are_not_fetched_and_do_not_count(
    house: CollectionsHouse,
) -> None:
    house.lane.lists[PLAYLIST] = listed(range(1, 11), unavailable=(4,))
    archived(house, 1, 2, 9)
    house.drop(content=f"{PLAYLIST} max_items=3\n")
    house.take()
    house.list_all()
    with_job = [entry[0] for entry in house.entries() if entry[3]]
    assert with_job == [3, 5, 6]
    assert "2 in the archive since " in " ".join(told(house).split())


def test_again_takes_what_the_archive_has_and_a_forgotten_entry_comes_with_the_next_look(
    house: CollectionsHouse,
) -> None:
    house.lane.lists[PLAYLIST] = listed(range(1, 5))
    archived(house, 1, 2)
    house.drop(content=f"{PLAYLIST}\n")
    house.take()
    house.list_all()
    assert [entry[0] for entry in house.entries() if entry[3]] == [3, 4]
    with house.ledger.write() as db:
        gone = archive.entries_of_videos(db, None, [video(1)])
        archive.delete_entries(db, gone)
    house.drop("more.txt", f"{PLAYLIST}\n# once more\n")
    house.take()
    house.list_all()
    assert [entry[0] for entry in house.entries() if entry[3]] == [1, 3, 4]
    house.drop("again.txt", f"{PLAYLIST} again=yes\n")
    house.take()
    house.list_all()
    with house.ledger.read() as db:
        jobs = db.execute(sa.text("SELECT video_id FROM jobs ORDER BY 1")).scalars()
        assert list(jobs) == [video(number) for number in range(1, 5)]
