"""Feeds: read by the real yt-dlp in real workers, against the stand-in's."""

from collections.abc import Iterator

import pytest

from tests.integration.pool_rig import Rig
from tests.integration.test_listing import PL, UC, YT, Lister, Result, ids
from tests.youtube import Channel, Fault, Playlist, Video, YouTube
from ytaudio_daemon.model import FailureKind, Network
from ytaudio_daemon.model.list_totals import FeedState
from ytaudio_daemon.model.listing import FeedRequest

pytest_plugins = ["tests.integration.fetch_fixtures"]

QUERY = f"playlist_id={PL}"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(
        tmp_path_factory.mktemp("pool"), entry="ytaudio_daemon.fetch", ytdlp_path=None
    )
    rig.warm()
    yield rig
    rig.close()


@pytest.fixture
def lister(rig: Rig, youtube: YouTube, network: Network) -> Lister:
    rig.events.clear()
    made = Lister(rig)
    made.network = network
    for video_id in ids(1, 20):
        youtube.add(Video(id=video_id, title=f"Song {video_id}"))
    youtube.add_lists(Playlist(id=PL, videos=ids(1, 20)))
    return made


def read(lister: Lister, query: str = QUERY, **changes: object) -> Result:
    feed = FeedRequest(query=query, **changes)  # type: ignore[arg-type] # by name
    return lister.list(f"{YT}/playlist?list={PL}", feed=feed)


def test_the_newest_fifteen_come_with_titles_and_days_in_one_small_request(
    lister: Lister, youtube: YouTube
) -> None:
    youtube.add(Video(id=ids(1, 1)[0], title="A & <b>", upload_date="2026-05-06"))
    read_one = read(lister)
    assert read_one.video_ids == ids(1, 15)
    (page,) = read_one.pages
    assert page.is_feed
    assert (page.entries[0].title, page.entries[0].upload_date) == (
        "A & <b>",
        "2026-05-06",
    )
    assert read_one.totals.feed == FeedState.READ
    assert len(youtube.requests()) == 1


def test_a_feed_that_has_not_changed_is_not_sent_again(
    lister: Lister, youtube: YouTube
) -> None:
    etag = read(lister).totals.etag
    assert etag
    again = read(lister, etag=etag)
    assert (again.pages, again.totals.feed) == ([], FeedState.UNCHANGED)
    youtube.add_lists(Playlist(id=PL, videos=ids(2, 15)))
    assert read(lister, etag=etag).totals.feed == FeedState.READ


@pytest.mark.parametrize(
    ("tab", "prefix"), [("videos", "UULF"), ("shorts", "UUSH"), ("streams", "UULV")]
)
def test_each_tab_of_a_channel_has_a_feed(
    lister: Lister, youtube: YouTube, tab: str, prefix: str
) -> None:
    tabs = {"videos": ids(1, 2), "shorts": ids(3, 2), "streams": ids(5, 2)}
    youtube.add_lists(Channel(id=UC, tabs=tabs))  # type: ignore[arg-type] # names of tabs
    found = read(lister, f"playlist_id={prefix}{UC[2:]}")
    assert found.video_ids == tabs[tab]


@pytest.mark.parametrize("name", ["status", "html", "garbage"])
def test_without_a_feed_nothing_is_known_or_the_list_is_read(
    lister: Lister, youtube: YouTube, name: str
) -> None:
    fault = Fault(kind="feed", name=name, status=404)  # type: ignore[arg-type] # a name
    youtube.fault(None, fault)
    assert read(lister).totals.feed == FeedState.ABSENT
    found = read(lister, lists_without_feed=True)
    assert (found.totals.feed, found.video_ids) == ("", ids(1, 20))


def test_a_refusal_of_the_feed_is_one_of_this_address(
    lister: Lister, youtube: YouTube
) -> None:
    youtube.fault(None, Fault.answers(429, kind="feed"))
    assert read(lister).failure.kind is FailureKind.BLOCKED
