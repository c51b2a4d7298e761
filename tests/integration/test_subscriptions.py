"""Followed lists: looked at when they are due, by the feed first, and no oftener."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.collections_rig import (
    OTHER,
    PLAYLIST,
    CollectionsHouse,
    in_feed,
    listed,
    video,
)
from ytaudio_daemon.ledger import audit, collections, expiry, sessions, subscriptions
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.list_totals import FeedState
from ytaudio_daemon.model.subscription import (
    BEFORE_FOLLOWED,
    BEYOND_KEEP_LAST,
    SubscriptionState,
)

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
#: The interval of the lines below, with all of the jitter.
INTERVAL_S = 6.6 * HOUR_S
LINE = f"{PLAYLIST} follow=6h\n"
CHANGED = "followed from now on as said here"
PRIVATE = Failure(
    kind=FailureKind.UNAVAILABLE, code="private_list", message="It is private."
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CollectionsHouse]:
    made = CollectionsHouse(tmp_path)
    made.lane.lists[PLAYLIST] = listed([1, 2, 3])
    yield made
    with made.ledger.read() as db:
        assert list(audit.find_flaws(db)) == []
    made.close()


def follow(house: CollectionsHouse, line: str = LINE) -> None:
    house.drop(content=line)
    house.take()
    house.list_all()
    house.lane.asked.clear()


def videos_of_jobs(house: CollectionsHouse) -> list[object]:
    return [each for (each,) in house.ask("SELECT video_id FROM jobs ORDER BY id")]


def subscription(house: CollectionsHouse, column: str) -> object:
    return house.ask(f"SELECT {column} FROM subscriptions")[0][0]


def test_the_first_look_takes_nothing_and_a_later_one_what_is_new(
    house: CollectionsHouse,
) -> None:
    follow(house)
    assert videos_of_jobs(house) == []
    assert {entry[2] for entry in house.entries()} == {BEFORE_FOLLOWED}
    house.lane.feeds[PLAYLIST] = in_feed(5, 4, 3, 2, 1)
    house.look()
    assert house.lane.asked == []  # it is not due yet
    house.let_pass(INTERVAL_S)
    house.look()
    (asked,) = house.lane.asked
    assert asked.feed is not None
    assert asked.feed.query == "playlist_id=PLsongs"
    assert videos_of_jobs(house) == [video(4), video(5)]
    assert [entry[:2] for entry in house.entries()][-2:] == [
        (4, video(4)),
        (5, video(5)),
    ]
    assert house.states() == ["completed"]


def test_since_says_what_the_first_look_takes(house: CollectionsHouse) -> None:
    (page,) = listed([1, 2, 3])
    old, *new = page.entries
    dated = [replace(entry, upload_date="2026-10-02") for entry in new]
    entries = (replace(old, upload_date="2026-09-30"), *dated)
    house.lane.lists[PLAYLIST] = [replace(page, entries=entries)]
    follow(house, f"{PLAYLIST} follow=6h since=2026-10-01\n")
    assert videos_of_jobs(house) == [video(2), video(3)]


def test_the_first_look_fetches_no_more_than_keep_last_keeps(
    house: CollectionsHouse,
) -> None:
    days = {1: "2026-10-05", 2: "2026-09-30", 3: "2026-10-02", 4: "2026-10-09"}
    (page,) = listed(list(days))
    entries = [
        replace(entry, upload_date=days[place])
        for place, entry in enumerate(page.entries, 1)
    ]
    house.lane.lists[PLAYLIST] = [
        replace(page, entries=tuple(entries[:3])),
        replace(page, number=2, entries=tuple(entries[3:])),
    ]
    follow(house, f"{PLAYLIST} follow=6h since=2026-10-01 keep_last=2\n")
    assert sorted(map(str, videos_of_jobs(house))) == [video(1), video(4)]
    reasons = {video_id: skipped for _, video_id, skipped, *_ in house.entries()}
    assert reasons[video(2)] == "older than 2026-10-01"
    assert reasons[video(3)] == BEYOND_KEEP_LAST
    house.finish_jobs()
    house.remove_old_files()
    assert house.ask("SELECT COUNT(*) FROM entries WHERE removal IS NOT NULL") == [(0,)]
    house.lane.feeds[PLAYLIST] = in_feed(5, 4, 3, 2, 1)
    house.let_pass(INTERVAL_S)
    house.look()
    assert sorted(map(str, videos_of_jobs(house))) == [video(1), video(4), video(5)]


def test_a_day_passes_with_two_new_songs_and_a_handful_of_small_requests(
    house: CollectionsHouse,
) -> None:
    follow(house)
    house.lane.feeds[PLAYLIST] = FeedState.UNCHANGED
    for minute in range(0, 24 * 60, 5):
        if minute == 8 * 60:
            house.lane.feeds[PLAYLIST] = in_feed(4, 3, 2, 1)
        if minute == 16 * 60:
            house.lane.feeds[PLAYLIST] = in_feed(5, 4, 3, 2, 1)
        house.let_pass(300)
        house.look()
    assert videos_of_jobs(house) == [video(4), video(5)]
    assert 3 <= len(house.lane.asked) <= 4
    assert all(request.feed is not None for request in house.lane.asked)
    assert house.lane.asked[-1].feed.etag == '"1"'  # type: ignore[union-attr] # just seen
    events = house.ask("SELECT COUNT(*) FROM events WHERE reason LIKE 'collection_%'")
    assert events[0][0] <= 12, "a look without news is one event"  # type: ignore[operator] # a number


def test_the_whole_list_is_read_when_all_of_the_feed_is_new_and_once_a_week(
    house: CollectionsHouse,
) -> None:
    follow(house)
    house.lane.lists[PLAYLIST] = listed([*range(14, 3, -1), 2, 3])
    house.lane.feeds[PLAYLIST] = in_feed(*range(14, 5, -1))
    house.let_pass(INTERVAL_S)
    house.look()
    assert [request.feed is None for request in house.lane.asked] == [False, True]
    assert videos_of_jobs(house) == [video(n) for n in range(14, 3, -1)]
    gone = house.ask("SELECT video_id FROM entries WHERE gone_at IS NOT NULL")
    assert gone == [(video(1),)]
    house.lane.asked.clear()
    house.lane.feeds[PLAYLIST] = FeedState.UNCHANGED
    for _ in range(29):
        house.let_pass(INTERVAL_S)
        house.look()
    assert [request.feed is None for request in house.lane.asked].count(True) == 1
    assert len(house.lane.asked) == 29


def test_a_feed_that_is_not_there_costs_no_more_than_a_list_a_day(
    house: CollectionsHouse,
) -> None:
    follow(house)
    house.lane.feeds[PLAYLIST] = FeedState.ABSENT
    for _ in range(4):
        house.let_pass(INTERVAL_S)
        house.look()
    may_list = [
        each.feed is None or each.feed.lists_without_feed for each in house.lane.asked
    ]
    assert may_list == [False, False, False, True]


def test_lengths_are_looked_up_in_the_list_for_a_feed_tells_none(
    house: CollectionsHouse,
) -> None:
    house.lane.lists[PLAYLIST] = listed([100, 101])
    follow(house, f"{PLAYLIST} follow=6h min=1m\n")
    house.lane.lists[PLAYLIST] = listed([50, 200, 100, 101])
    house.lane.feeds[PLAYLIST] = in_feed(50, 200, 100, 101)
    house.let_pass(INTERVAL_S)
    house.look()
    assert videos_of_jobs(house) == [video(200)]


def test_a_premiere_is_fetched_once_it_has_been(house: CollectionsHouse) -> None:
    follow(house)
    house.lane.lists[PLAYLIST] = listed([4, 1, 2, 3], unavailable=[4])
    house.let_pass(8 * DAY_S)
    house.look()
    assert videos_of_jobs(house) == []
    house.lane.lists[PLAYLIST] = listed([4, 1, 2, 3])
    house.let_pass(8 * DAY_S)
    house.look()
    assert videos_of_jobs(house) == [video(4)]


def test_a_clock_that_jumps_starts_no_look(house: CollectionsHouse) -> None:
    follow(house)
    now = house.now
    jumped = Now(wall=now.wall + 365 * DAY_S, uptime_s=now.uptime_s)
    assert not house.look_queue.queue_due(jumped)
    assert house.states() == ["completed"]


def test_looks_missed_while_the_daemon_was_off_are_spread(
    house: CollectionsHouse,
) -> None:
    follow(house)
    now = house.now
    later = Now(wall=now.wall + DAY_S, uptime_s=now.uptime_s)
    house.look_queue.recover(later)
    assert not house.look_queue.queue_due(later)
    soon = Now(wall=later.wall + 900, uptime_s=now.uptime_s + 900)
    assert house.look_queue.queue_due(soon)


@pytest.mark.parametrize(
    ("step", "count"),
    [
        ("subscription.due", 1),
        ("collection.claimed", 1),
        ("collection.page_recorded", 1),
        ("collection.listed", 1),
        ("collection.claimed", 2),
        ("collection.page_recorded", 2),
        ("collection.listed", 2),
    ],
)
def test_a_daemon_killed_at_any_step_of_a_look_loses_and_doubles_nothing(
    house: CollectionsHouse, step: str, count: int
) -> None:
    """The feed is all new: a look of two attempts, the feed and the list."""
    follow(house)
    house.lane.lists[PLAYLIST] = listed([6, 5, 4, 2, 3])
    house.lane.feeds[PLAYLIST] = in_feed(6, 5, 4)
    house.let_pass(INTERVAL_S)
    house.die_looking_at(step, count)
    house.lane.asked.clear()
    house.look()
    assert videos_of_jobs(house) == [video(6), video(5), video(4)]
    assert house.states() == ["completed"]
    gone = house.ask("SELECT video_id FROM entries WHERE gone_at IS NOT NULL")
    assert gone == [(video(1),)]
    assert len(house.lane.asked) <= 2
    assert subscription(house, "look") == ""


def test_a_look_that_fails_is_no_end_and_is_told_once(house: CollectionsHouse) -> None:
    follow(house)
    house.lane.failures[PLAYLIST] = PRIVATE
    for failures in (1, 2):
        house.let_pass(INTERVAL_S)
        house.look()
        assert house.states() == ["failed"]
        assert subscription(house, "failures") == failures
    told = house.ask(
        "SELECT to_state FROM events WHERE to_state = 'failed' AND job_id IS NULL"
    )
    assert told == [("failed",)]
    del house.lane.failures[PLAYLIST]
    house.lane.feeds[PLAYLIST] = in_feed(4, 1, 2, 3)
    house.let_pass(INTERVAL_S)
    house.look()
    assert (house.states(), subscription(house, "failures")) == (["completed"], 0)
    assert videos_of_jobs(house) == [video(4)]


def test_what_was_cancelled_by_a_person_is_not_revived_by_a_look(
    house: CollectionsHouse,
) -> None:
    follow(house)
    house.lane.feeds[PLAYLIST] = in_feed(4, 3, 2, 1)
    house.let_pass(INTERVAL_S)
    house.look()
    house.end_job(4, house.now)
    house.lane.lists[PLAYLIST] = listed([4, 1, 2, 3])
    house.let_pass(8 * DAY_S)
    house.look()
    assert house.ask("SELECT state FROM jobs") == [("cancelled",)]


def test_the_line_again_changes_how_it_is_followed(house: CollectionsHouse) -> None:
    follow(house)
    house.drop("again.txt", f"{PLAYLIST} follow=1d keep_last=3\n")
    house.take()
    house.list_all()
    assert house.ask("SELECT interval_s, keep_last FROM subscriptions") == [(DAY_S, 3)]
    messages = house.ask("SELECT message FROM lines ORDER BY drop_id")
    assert messages == [
        (None,),
        ("listed again: what is new in it is added; " + CHANGED,),
    ]
    assert videos_of_jobs(house) == [], "what was there before is still not meant"


def test_a_session_with_a_subscription_does_not_expire(
    house: CollectionsHouse,
) -> None:
    follow(house)
    house.let_pass(1000 * DAY_S)
    with house.ledger.read() as db:
        assert expiry.due_to_expire(db, house.now, ttl_s=1.0) == []
        session = sessions.active_session(db, "alice")
    assert session is not None
    assert session.subscriptions == 1


def test_many_subscriptions_cost_one_request_each_and_are_spread(
    house: CollectionsHouse,
) -> None:
    number = 40  # a thousand cost 25 times as much, and show the same
    urls = [OTHER.replace("other0", f"oth{n:04}") for n in range(number)]
    for url in urls:
        house.lane.lists[url] = listed([1])
        house.lane.feeds[url] = FeedState.UNCHANGED
    follow(house, "".join(f"{url} follow=6h\n" for url in urls))
    assert house.states() == ["completed"] * number
    ((spread,),) = house.ask(
        "SELECT MAX(next_lived) - MIN(next_lived) FROM subscriptions"
    )
    assert 0.4 * HOUR_S < float(str(spread)) <= 0.6 * HOUR_S + 60
    house.let_pass(6.3 * HOUR_S)
    house.look()
    assert 5 < len(house.lane.asked) < number - 5
    house.let_pass(0.4 * HOUR_S)
    house.look()
    assert sorted(request.url for request in house.lane.asked) == sorted(urls)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("follow=5m", "from 15m to 90d, such as 6h or 1d"),
        ("follow=often", "follow cannot be 'often'"),
        ("follow=1d keep_last=0", "keep_last cannot be '0'"),
        ("keep_last=3", "keep_last goes with follow"),
        ("follow=1d items=1-3", "items names places in the list"),
    ],
)
def test_bad_ways_to_follow_are_refused_with_what_to_do(
    house: CollectionsHouse, options: str, said: str
) -> None:
    house.drop(content=f"{PLAYLIST} {options}\n")
    house.take()
    ((code, message),) = house.ask("SELECT code, message FROM lines")
    assert code == "bad_option"
    assert said in str(message)


def test_what_a_person_asks_for_comes_before_looks(house: CollectionsHouse) -> None:
    follow(house)
    house.lane.lists[OTHER] = listed([9])
    house.lane.feeds[PLAYLIST] = FeedState.UNCHANGED
    house.let_pass(INTERVAL_S)
    assert house.look_queue.queue_due(house.now)
    house.drop("other.txt", OTHER)
    house.take()
    house.list_all()
    assert [request.url for request in house.lane.asked] == [OTHER, PLAYLIST]


@pytest.mark.postgres
def test_lists_are_followed_on_postgresql_too(
    tmp_path: Path, empty_postgres: str
) -> None:
    house = CollectionsHouse(tmp_path, YTAUDIO_DATABASE_URL=empty_postgres)
    house.lane.lists[PLAYLIST] = listed([1])
    follow(house, f"{PLAYLIST} follow=6h keep_last=1\n")
    for number in (2, 3):
        house.lane.feeds[PLAYLIST] = in_feed(*range(number, 0, -1))
        house.let_pass(INTERVAL_S)
        house.look()
    house.finish_jobs()
    house.remove_old_files()
    removals = house.ask("SELECT video_id, removal FROM entries ORDER BY video_id")
    assert removals == [(video(1), None), (video(2), "removed"), (video(3), None)]
    house.let_pass(INTERVAL_S)
    house.look_queue.recover(house.now)
    house.look()
    assert house.states() == ["completed"]
    house.close()


@pytest.mark.parametrize("order", [(PLAYLIST, LINE), (LINE, PLAYLIST)])
@pytest.mark.parametrize("is_listed_between", [False, True])
def test_a_line_that_wants_the_whole_list_gets_it_beside_one_that_follows_it(
    house: CollectionsHouse, order: tuple[str, str], *, is_listed_between: bool
) -> None:
    for number, line in enumerate(order):
        house.drop(f"{number}.txt", line)
        house.take()
        if is_listed_between:
            house.list_all()
    house.list_all()
    assert sorted(map(str, videos_of_jobs(house))) == [video(n) for n in (1, 2, 3)]
    assert house.ask("SELECT COUNT(*) FROM subscriptions") == [(1,)]
    before = house.ask("SELECT COUNT(*) FROM collections")
    for number, line in enumerate(order):  # each finds its own again
        house.drop(f"again-{number}.txt", line)
        house.take()
    house.list_all()
    assert house.ask("SELECT COUNT(*) FROM collections") == before
    assert house.ask("SELECT COUNT(*) FROM subscriptions") == [(1,)]


@pytest.mark.parametrize("is_listed", [True, False])
def test_retry_of_a_list_that_is_no_longer_followed_takes_only_what_is_new(
    house: CollectionsHouse, *, is_listed: bool
) -> None:
    house.drop(content=LINE)
    house.take()
    if is_listed:
        house.list_all()
    (collection,) = house.ask("SELECT id FROM collections")
    with house.ledger.write() as db:
        number = int(str(collection[0]))
        collections.cancel_collection(db, number, house.now)
        subscriptions.set_state(db, number, SubscriptionState.STOPPED, house.now)
        collections.list_again(db, number, house.now)
    house.list_all()
    assert videos_of_jobs(house) == []
    house.drop("whole.txt", PLAYLIST)
    house.take()
    house.list_all()
    assert videos_of_jobs(house) == [video(1), video(2), video(3)]
