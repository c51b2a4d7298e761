"""Listings in workers: pages come in order, are checked, and take no download slot."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.pool_entry import page_of
from tests.integration.pool_rig import Rig, list_request
from ytaudio_daemon.model import ListTotals
from ytaudio_daemon.pool import Listed, Usage


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("pool"), downloads=1)
    rig.warm()
    yield rig
    rig.close()


@pytest.fixture
def rig(shared: Rig) -> Iterator[Rig]:
    shared.events.clear()
    shared.skipped = 0
    yield shared
    assert shared.pool.usage() == Usage(downloading=0, converting=0, waiting=0)


def message(page: dict[str, Any]) -> bytes:
    return json.dumps({"kind": "page", "page": page}).encode()


def plain_page(**changes: object) -> dict[str, Any]:
    return page_of(1, 1, 2).to_json() | changes


def with_entry(**changes: object) -> dict[str, Any]:
    page = page_of(1, 1, 2).to_json()
    page["entries"][1] |= changes
    return page


def test_all_pages_of_a_long_list_arrive_in_order(rig: Rig) -> None:
    rig.pool.start(list_request("k", "list 100", rig.folder))
    ended = rig.ended("k")
    assert ended.outcome.listed == ListTotals(entries=10_000)
    assert (ended.outcome.failure, ended.outcome.result) == (None, None)
    pages = [event.page for event in rig.of(Listed, "k")]
    assert [page.number for page in pages] == list(range(1, 101))
    places = [entry.position for page in pages for entry in page.entries]
    assert places == list(range(1, 10_001))
    assert pages[-1] == page_of(100, 9901, 100)


def test_a_listing_has_a_slot_of_its_own(rig: Rig) -> None:
    rig.start("song", "stop")
    assert rig.pool.free_slots() == 0
    assert rig.pool.free_listing_slots() == 1
    rig.pool.start(list_request("k", "hang", rig.folder))
    assert rig.pool.free_listing_slots() == 0
    use = Usage(downloading=1, converting=0, waiting=0, listing=1)
    assert rig.pool.usage() == use
    rig.until(lambda: rig.of(Listed, "k"))
    assert rig.pool.usage() == use
    for key in ("k", "song"):
        rig.pool.kill(key)
        rig.ended(key)
    assert rig.pool.free_slots() == rig.pool.free_listing_slots() == 1


def test_a_key_names_one_attempt_of_either_kind(rig: Rig) -> None:
    rig.start("k", "stop")
    with pytest.raises(ValueError, match="has not ended"):
        rig.pool.start(list_request("k", "hang", rig.folder))
    rig.pool.kill("k")
    rig.ended("k")


def test_a_listing_without_pages_for_long_is_ended(rig: Rig) -> None:
    request = list_request("k", "hang", rig.folder, stall_timeout_s=100)
    rig.pool.start(request)
    rig.until(lambda: rig.of(Listed, "k"))
    rig.skip(290)
    rig.skip(20)
    failure = rig.ended("k").outcome.failure
    assert failure is not None
    assert failure.code == "stalled"


def test_each_page_puts_the_stall_off_but_not_the_deadline(rig: Rig) -> None:
    request = list_request("k", "drip", rig.folder, stall_timeout_s=100, deadline_s=700)
    rig.pool.start(request)
    for number in (1, 2):
        rig.until(lambda number=number: len(rig.of(Listed, "k")) == number)  # type: ignore[misc] # its own number
        rig.skip(290)
        (rig.folder / f"go{number}").touch()
    rig.until(lambda: len(rig.of(Listed, "k")) == 3)
    rig.skip(130)
    failure = rig.ended("k").outcome.failure
    assert failure is not None
    assert failure.code == "deadline"


@pytest.mark.parametrize(
    "said",
    [
        [message(plain_page(number=2))],
        [message(plain_page(number=True))],
        [message(plain_page(kind="song"))],
        [message(plain_page(entries=[]))],
        [message(plain_page(entries={}))],
        [message(plain_page(title="a\nb"))],
        [message(plain_page(title="x" * 201))],
        [message(plain_page(title=["x"]))],
        [message(plain_page(list_id="two words"))],
        [message(plain_page(announced=-1))],
        [message(plain_page(album={"title": "x", "year": "1999"}))],
        [message(plain_page(surprise=1))],
        [message(with_entry(video_id="../../../ab"))],
        [message(with_entry(video_id="short"))],
        [message(with_entry(video_id=None))],
        [message(with_entry(position=1))],
        [message(with_entry(position=2**31))],
        [message(with_entry(channel_id="UCx"))],
        [message(with_entry(title="\x1b[2J"))],
        [message(with_entry(title="x" * 201))],
        [message(with_entry(duration_s=-1))],
        [message(with_entry(duration_s=1e300))],
        [message(with_entry(duration_s=True))],
        [message(with_entry(unavailable="odd"))],
        [message(with_entry(upload_date="yesterday"))],
        [message(with_entry(track=0))],
        [message(with_entry(surprise=1))],
        # Good ones, but out of order, twice, or too many.
        [message(plain_page()), message(plain_page())],
        [message(plain_page()), message(plain_page(number=3))],
        [message(plain_page()), message(plain_page(number=2))],
        [message(page_of(1, 1, 11).to_json())],
        [b'{"kind":"page","page":[]}'],
        [b'{"kind":"converter"}'],
    ],
)
def test_a_garbled_or_endless_listing_is_killed(rig: Rig, said: list[bytes]) -> None:
    (rig.folder / "say").write_bytes(b"\n".join(said))
    rig.pool.start(list_request("k", "say", rig.folder, max_entries=10))
    failure = rig.ended("k").outcome.failure
    assert failure is not None
    assert failure.code == "misbehaved"
    assert len(rig.of(Listed, "k")) == len(said) - 1


def test_a_fetch_cannot_send_pages(rig: Rig) -> None:
    rig.start("k", "say_page")
    failure = rig.ended("k").outcome.failure
    assert failure is not None
    assert failure.code == "misbehaved"
    assert rig.of(Listed, "k") == []
