"""One notice for a collection: when all of it is done, and not before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forms import assert_described
from tests.integration import cli_rig
from tests.integration.collections_rig import PLAYLIST, CollectionsHouse, listed
from ytaudio_daemon.ledger.collection_queries import find_collections
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.notify import texts
from ytaudio_daemon.notify.digest import Digest
from ytaudio_daemon.notify.notices import NoticeContext, event_notice
from ytaudio_daemon.notify.notify_event import NotifyEvent, events_after
from ytaudio_daemon.operations import collection_changes
from ytaudio_daemon.operations.transaction import write_now

ON = ("completed", "failed", "refused")
CONTEXT = NoticeContext(host="here")
PRIVATE = Failure(
    kind=FailureKind.UNAVAILABLE, code="private_list", message="It is private."
)


class Listener(CollectionsHouse):
    """A house whose events are read as by a receiver, behind a cursor."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._cursor = 0
        self.lane.lists[PLAYLIST] = listed([1, 2, 3], unavailable=[3])

    def news(self, limit: int = 250) -> list[NotifyEvent]:
        with self.ledger.read() as db:
            found, self._cursor = events_after(db, self._cursor, ON, limit)
        return found

    def ask_for(self, file: str = "songs.txt", line: str = PLAYLIST) -> None:
        self.drop(file, f"{line}\n")
        self.take()
        self.list_all()

    def complete(self, count: int = 1) -> None:
        for number in range(count):
            with self.ledger.write() as db:
                cli_rig.complete(db, self.layout.downloads / f"{number}" / "song.mp3")

    def fail(self) -> None:
        with self.ledger.write() as db:
            cli_rig.fail(db)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Listener]:
    made = Listener(tmp_path)
    yield made
    made.close()


def test_a_collection_is_told_once_when_the_last_of_its_jobs_is_done(
    house: Listener,
) -> None:
    house.ask_for()
    house.complete()
    assert house.news() == []
    house.complete()
    (event,) = house.news()
    assert event.event == "completed"
    notice = event_notice(event, CONTEXT)
    assert_described(notice)
    assert notice["job"] is None
    assert notice["collection"]["counts"]["completed"] == 2
    text = "Finished in session alice: Songs: 2 of 3 done, 1 not available"
    assert notice["message"] == text
    house.ask_for("again.txt")
    assert house.news() == [], "nothing in it was new"
    house.lane.lists[PLAYLIST] = listed([4, 1, 2, 3], unavailable=[3])
    house.ask_for("more.txt")
    assert house.news() == []
    house.complete()
    assert [event.event for event in house.news()] == ["completed"]


def test_a_receiver_that_reads_little_at_a_time_is_told_once(house: Listener) -> None:
    house.ask_for()
    house.complete(2)
    found = [event for _ in range(9) for event in house.news(limit=1)]
    assert [event.event for event in found] == ["completed"]


def test_a_collection_with_a_failed_job_has_failed_and_says_so(
    house: Listener,
) -> None:
    house.ask_for()
    house.fail()
    house.complete()
    (event,) = house.news()
    assert event.event == "failed"
    assert texts.event_text(event).endswith("1 of 3 done, 1 failed, 1 not available")
    digest = Digest()
    digest.add(event, 1.0, keeps_audio=True)
    assert digest.title() == "ytaudio: 1 finished, 1 failed"
    assert digest.body().splitlines() == [
        "1 finished, 1 failed in session alice.",
        "Finished: Songs (1)",
        "Failed: Songs: 1 of 3 done, 1 failed, 1 not available",
    ]


def test_a_list_that_cannot_be_had_and_one_without_videos_are_told(
    house: Listener,
) -> None:
    house.lane.lists[PLAYLIST] = []
    house.lane.failures[PLAYLIST] = PRIVATE
    house.ask_for()
    (event,) = house.news()
    assert event.event == "failed"
    assert "It is private." in texts.event_text(event)
    del house.lane.failures[PLAYLIST]
    house.lane.lists[PLAYLIST] = listed([1])
    house.ask_for("two.txt", f"{PLAYLIST} min=1h")
    (event,) = house.news()
    assert event.event == "completed"
    assert texts.event_text(event).endswith("Songs: 1 not selected")


def test_what_a_person_cancelled_is_not_told(house: Listener) -> None:
    house.ask_for()
    with house.ledger.read() as db:
        (collection,) = find_collections(db)
    collection_changes.cancel_collection(
        lambda: write_now(house.ledger), collection, house.settings.sessions.quota
    )
    assert house.news() == []
