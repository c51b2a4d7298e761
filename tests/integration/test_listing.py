"""Listings: the real yt-dlp in real workers, against the stand-in's lists."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.pool_rig import Rig
from tests.youtube import Channel, Fault, Playlist, Status, Video, YouTube
from tests.youtube.accounts import cookies_text
from ytaudio_daemon.model import (
    AlbumFacts,
    Failure,
    FailureKind,
    ListedEntry,
    ListedPage,
    ListRequest,
    ListTotals,
    Network,
    Outcome,
)
from ytaudio_daemon.pool import Listed
from ytaudio_daemon.urls import CollectionLink, parse_collection

pytest_plugins = ["tests.integration.fetch_fixtures"]

K = FailureKind
PL = "PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"
ALBUM = "OLAK5uy_kmPRjHDECIcuVwnKsx2Ng7fyNgFKWNJFs"
PAGE = "MPREb_4pL8gzRtw1p"
UC = "UCuAXFkgsw1L7xaCfnd5JJOw"
YT = "https://www.youtube.com"


def ids(first: int, count: int) -> tuple[str, ...]:
    return tuple(f"v{number:010}" for number in range(first, first + count))


@dataclass(frozen=True)
class Result:
    pages: list[ListedPage]
    outcome: Outcome

    @property
    def entries(self) -> list[ListedEntry]:
        return [entry for page in self.pages for entry in page.entries]

    @property
    def video_ids(self) -> tuple[str, ...]:
        return tuple(entry.video_id for entry in self.entries)

    @property
    def totals(self) -> ListTotals:
        assert self.outcome.listed is not None, self.outcome.failure
        return self.outcome.listed

    @property
    def failure(self) -> Failure:
        assert self.outcome.failure is not None, self.outcome.listed
        return self.outcome.failure


class Lister:
    """Lists collections in workers of one warm template."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.network = Network()

    def request(self, url: str, **changes: Any) -> ListRequest:
        link = parse_collection(url)
        assert isinstance(link, CollectionLink)
        request = ListRequest(
            key=uuid.uuid4().hex,
            attempt=1,
            url=link.url,
            kind=link.kind,
            max_entries=10_000,
            attempt_dir=str(self.rig.folder),
            network=self.network,
        )
        return replace(request, **changes)

    def list(self, url: str, **changes: Any) -> Result:
        return self.run(self.request(url, **changes))

    def run(self, request: ListRequest) -> Result:
        self.rig.pool.start(request)
        ended = self.rig.ended(request.key)
        pages = [event.page for event in self.rig.of(Listed, request.key)]
        return Result(pages, ended.outcome)


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
    youtube.default = Video(duration_s=200, channel="Some Artist - Topic")
    lister = Lister(rig)
    lister.network = network
    return lister


def shown(youtube: YouTube, count: int, **fields: Any) -> str:
    """Show a playlist and return its link."""
    youtube.add_lists(Playlist(id=PL, videos=ids(0, count), **fields))
    return f"{YT}/playlist?list={PL}"


def test_a_playlist_comes_page_by_page_with_what_its_list_tells(
    lister: Lister, youtube: YouTube
) -> None:
    today = datetime.now(UTC).date()
    week_ago = (today - timedelta(days=7)).isoformat()
    youtube.add(
        Video(
            id=ids(0, 1)[0],
            title="A \u201ctitle\u201d\twith  more",
            channel="Somebody",
            duration_s=61,
            upload_date=week_ago,
        )
    )
    found = lister.list(shown(youtube, 250, title="My list"))
    assert [len(page.entries) for page in found.pages] == [100, 100, 50]
    assert found.video_ids == ids(0, 250)
    assert [entry.position for entry in found.entries] == list(range(1, 251))
    first = found.entries[0]
    days = (today - date.fromisoformat(first.upload_date)).days
    assert days in {6, 7}  # yt-dlp rounds the hour
    assert replace(first, upload_date="") == ListedEntry(
        position=1,
        video_id=ids(0, 1)[0],
        title="A \u201ctitle\u201d with more",
        channel="Somebody",
        channel_id="UCstandinstandinstandin0",
        duration_s=61,
    )
    assert found.totals == ListTotals(entries=250, announced=250)
    for page in found.pages:
        named = (page.kind, page.list_id, page.title, page.channel, page.announced)
        assert named == ("playlist", PL, "My list", "Stand-in Channel", 250)


def test_the_first_page_is_sent_before_the_second_is_asked_for(
    lister: Lister, youtube: YouTube, rig: Rig
) -> None:
    youtube.add_lists(Channel(id=UC, handle="@n", tabs={"videos": ids(0, 40)}))
    youtube.fault(UC, Fault.stalls(kind="continuation", after=0))
    request = lister.request(f"{YT}/@n")
    rig.pool.start(request)
    rig.until(lambda: rig.of(Listed, request.key))
    (event,) = rig.of(Listed, request.key)
    assert len(event.page.entries) == 30
    rig.pool.kill(request.key)
    rig.ended(request.key)


UNAVAILABLE: list[tuple[Status, str]] = [
    ("private", "private"),
    ("removed", "deleted"),
    ("unavailable", "blocked"),
    ("members", "members"),
    ("live", "live"),
    ("upcoming", "upcoming"),
]


def test_entries_that_are_not_to_be_had_say_why(
    lister: Lister, youtube: YouTube
) -> None:
    for video_id, (status, _) in zip(ids(1, 9), UNAVAILABLE, strict=False):
        youtube.add(Video(id=video_id, title="Kept", status=status))
    found = lister.list(shown(youtube, 8))
    reasons = [entry.unavailable for entry in found.entries]
    assert reasons == ["", *(reason for _, reason in UNAVAILABLE), ""]
    titles = [entry.title for entry in found.entries[1:7]]
    assert titles == ["", "", "", "Kept", "Kept", "Kept"]
    assert found.totals == ListTotals(entries=8, unavailable=6, announced=8)


def test_a_video_that_is_called_like_a_private_one_is_there(
    lister: Lister, youtube: YouTube
) -> None:
    youtube.add(Video(id=ids(0, 1)[0], title="[Private video]", duration_s=10))
    (entry,) = lister.list(shown(youtube, 1)).entries
    assert (entry.title, entry.unavailable) == ("[Private video]", "")


def test_a_video_that_stands_twice_in_a_list_comes_once(
    lister: Lister, youtube: YouTube
) -> None:
    youtube.add_lists(Playlist(id=PL, videos=(*ids(0, 3), *ids(1, 3))))
    found = lister.list(f"{YT}/playlist?list={PL}")
    assert found.video_ids == ids(0, 4)
    assert [entry.position for entry in found.entries] == [1, 2, 3, 6]
    assert found.totals == ListTotals(entries=4, repeated=2, announced=6)


@pytest.mark.parametrize(
    ("later", "positions"),
    [
        # Two videos come to the front: those at the seam come again.
        ((*ids(900, 2), *ids(0, 150)), [*range(1, 101), *range(103, 153)]),
        # Two are taken away: those at the seam are never seen.
        (ids(2, 148), [*range(1, 149)]),
    ],
)
def test_a_list_that_changes_between_two_pages_is_listed_to_its_end(
    lister: Lister,
    youtube: YouTube,
    later: tuple[str, ...],
    positions: Sequence[int],
) -> None:
    found = lister.list(shown(youtube, 150, later=(later,)))
    assert found.video_ids[:100] == ids(0, 100)
    assert set(found.video_ids[100:]) == set(later[100:]) - set(ids(0, 100))
    assert [entry.position for entry in found.entries] == positions


def test_no_more_entries_come_than_are_asked_for(
    lister: Lister, youtube: YouTube
) -> None:
    found = lister.list(shown(youtube, 250), max_entries=105)
    assert found.video_ids == ids(0, 105)
    assert found.totals == ListTotals(entries=105, announced=250, is_cut=True)
    pages = [request.page for request in youtube.requests(kind="continuation")]
    assert pages == [2]


def test_a_list_of_just_as_many_entries_is_not_cut(
    lister: Lister, youtube: YouTube
) -> None:
    found = lister.list(shown(youtube, 100), max_entries=100)
    assert not found.totals.is_cut


def test_a_list_that_goes_round_and_round_ends(
    lister: Lister, youtube: YouTube
) -> None:
    found = lister.list(shown(youtube, 20, is_endless=True))
    assert found.video_ids == ids(0, 20)


def test_long_titles_make_more_pages_of_those_that_come_at_once(
    lister: Lister, youtube: YouTube
) -> None:
    youtube.default = Video(
        title="\N{MUSICAL SYMBOL G CLEF}" * 100,
        channel="\N{MUSICAL SYMBOL G CLEF}" * 50,
    )
    found = lister.list(shown(youtube, 100))
    assert len(found.pages) > 1
    assert found.video_ids == ids(0, 100)
    assert {entry.title for entry in found.entries} == {
        "\N{MUSICAL SYMBOL G CLEF}" * 100
    }


@pytest.mark.parametrize(
    ("url", "tab"),
    [
        (f"{YT}/@some.name", "videos"),
        (f"{YT}/@some.name/videos", "videos"),
        (f"{YT}/channel/{UC}", "videos"),
        (f"{YT}/c/SomeName", "videos"),
        (f"{YT}/user/oldname/streams", "streams"),
        (f"{YT}/@some.name/shorts", "shorts"),
    ],
)
def test_a_tab_of_a_channel_is_listed(
    lister: Lister, youtube: YouTube, url: str, tab: str
) -> None:
    tabs: dict[Any, tuple[str, ...]] = {
        "videos": ids(0, 35),
        "shorts": ids(100, 40),
        "streams": ids(200, 5),
    }
    youtube.add_lists(
        Channel(
            id=UC,
            handle="@some.name",
            name="Some Name",
            old_names=("SomeName", "oldname"),
            tabs=tabs,
        )
    )
    found = lister.list(url)
    assert found.video_ids == tabs[tab]
    page = found.pages[0]
    assert (page.kind, page.title, page.list_id) == ("channel", "Some Name", UC)
    entry = found.entries[0]
    assert (entry.channel, entry.channel_id) == ("Some Name", UC)
    # Of shorts the tab tells neither length nor date.
    assert entry.duration_s == (None if tab == "shorts" else 200)


def test_tiles_of_a_tab_say_what_is_not_to_be_had(
    lister: Lister, youtube: YouTube
) -> None:
    statuses: list[Status] = ["ok", "members", "live", "upcoming"]
    for video_id, status in zip(ids(0, 4), statuses, strict=True):
        youtube.add(Video(id=video_id, status=status))
    youtube.add_lists(Channel(id=UC, handle="@n", tabs={"videos": ids(0, 4)}))
    found = lister.list(f"{YT}/@n")
    assert [e.unavailable for e in found.entries] == ["", *statuses[1:]]


@pytest.mark.parametrize("url", [f"{YT}/channel/{UC}", f"{YT}/@name-topic"])
def test_the_uploads_are_listed_of_a_channel_that_has_no_tab_of_videos(
    lister: Lister, youtube: YouTube, url: str
) -> None:
    youtube.add_lists(
        Channel(id=UC, handle="@name-topic", name="Name - Topic", tabs={}),
        Playlist(id=f"UU{UC[2:]}", title="Uploads from Name", videos=ids(0, 103)),
    )
    found = lister.list(url)
    assert found.video_ids == ids(0, 103)
    page = found.pages[0]
    assert (page.kind, page.title) == ("channel", "Name - Topic")


def test_the_albums_of_a_channel_are_listed_one_after_the_other(
    lister: Lister, youtube: YouTube
) -> None:
    albums = [
        Playlist(
            id=f"OLAK5uy_{n}",
            title=f"Album - No {n}",
            channel="The Band",
            videos=ids(10 * n, 3 + n),
            album_page=f"MPREb_{n}" if n else "",
            year=1999,
        )
        for n in range(2)
    ]
    extra = Playlist(id=PL, title="Others", videos=ids(90, 2))
    lists = tuple(each.id for each in (*albums, extra))
    youtube.add_lists(
        *albums, extra, Channel(id=UC, handle="@n", tabs={"releases": lists})
    )
    found = lister.list(f"{YT}/@n/releases")
    assert found.video_ids == (*ids(0, 3), *ids(10, 4), *ids(90, 2))
    assert [entry.position for entry in found.entries] == list(range(1, 10))
    assert [e.track for e in found.entries] == [1, 2, 3, 1, 2, 3, 4, None, None]
    assert [page.album for page in found.pages] == [
        AlbumFacts(title="No 0", artist="The Band", tracks=3),
        AlbumFacts(title="No 1", artist="The Band", year=1999, tracks=4),
        None,
    ]


def test_lists_of_a_channel_that_are_gone_are_passed_over(
    lister: Lister, youtube: YouTube
) -> None:
    lists = [
        Playlist(id="PLgone000000", status="missing"),
        Playlist(id="PLround00000", videos=ids(0, 5), is_endless=True),
        Playlist(id="PLodd0000000", status="unviewable"),
        Playlist(id="PLempty00000"),
        Playlist(id=PL, videos=ids(3, 5)),
    ]
    tab = tuple(each.id for each in lists)
    youtube.add_lists(*lists, Channel(id=UC, handle="@n", tabs={"playlists": tab}))
    found = lister.list(f"{YT}/@n/playlists")
    assert found.video_ids == ids(0, 8)
    youtube.fault(PL, Fault.answers(500, kind="list"))
    failure = lister.list(f"{YT}/@n/playlists").failure
    assert failure.code == "server_error"


@pytest.mark.parametrize(
    "url", [f"https://music.youtube.com/browse/{PAGE}", f"{YT}/playlist?list={ALBUM}"]
)
def test_an_album_has_what_youtube_music_says_of_it(
    lister: Lister, youtube: YouTube, url: str
) -> None:
    youtube.add_lists(
        Playlist(
            id=ALBUM,
            title="Album - Songs",
            channel="The Band",
            videos=ids(0, 3),
            album_page=PAGE,
            year=1999,
        )
    )
    found = lister.list(url)
    (page,) = found.pages
    assert (page.kind, page.list_id, page.title) == ("album", ALBUM, "Songs")
    assert page.album == AlbumFacts(
        title="Songs", artist="The Band", year=1999, tracks=3
    )
    assert [entry.track for entry in page.entries] == [1, 2, 3]


def test_an_album_is_listed_when_youtube_music_says_nothing(
    lister: Lister, youtube: YouTube
) -> None:
    youtube.add_lists(
        Playlist(id=ALBUM, title="Album - Songs", channel="", videos=ids(0, 3))
    )
    (page,) = lister.list(f"{YT}/playlist?list={ALBUM}").pages
    assert page.album == AlbumFacts(title="Songs", artist="Some Artist", tracks=3)


@pytest.mark.parametrize(
    ("url", "kind", "code"),
    [
        (f"{YT}/playlist?list=PLmissing000", K.UNAVAILABLE, "no_such_list"),
        (f"{YT}/@missing", K.UNAVAILABLE, "no_such_list"),
        (f"{YT}/channel/{UC[:-1]}x", K.UNAVAILABLE, "no_such_list"),
        (f"{YT}/playlist?list=PLhome000000", K.UNAVAILABLE, "no_such_list"),
        ("https://music.youtube.com/browse/MPREb_x", K.UNAVAILABLE, "no_such_list"),
        (f"{YT}/playlist?list=PLodd0000000", K.UNAVAILABLE, "unviewable_list"),
        (f"{YT}/@closed", K.UNAVAILABLE, "channel_closed"),
        (f"{YT}/@n/podcasts", K.UNAVAILABLE, "no_such_tab"),
        (f"{YT}/playlist?list=PLempty00000", K.UNAVAILABLE, "empty_list"),
    ],
)
def test_a_list_that_is_not_to_be_had_says_why(
    lister: Lister, youtube: YouTube, url: str, kind: FailureKind, code: str
) -> None:
    youtube.add_lists(
        Playlist(id="PLhome000000", status="home"),
        Playlist(id="PLodd0000000", status="unviewable"),
        Playlist(id="PLempty00000"),
        Channel(id=f"{UC[:-1]}y", handle="@closed", status="terminated"),
        Channel(id=UC, handle="@n", tabs={"videos": ids(0, 1)}),
    )
    found = lister.list(url)
    assert found.pages == []
    assert (found.failure.kind, found.failure.code) == (kind, code)
    assert "video" not in found.failure.message.replace("no video", "")


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (Fault.answers(500, kind="continuation"), K.TRANSIENT, "server_error"),
        (Fault.answers(404, kind="continuation"), K.TRANSIENT, "list_incomplete"),
        (Fault.answers(429, kind="continuation"), K.BLOCKED, "rate_limited"),
        (Fault.leaves_out(), K.TRANSIENT, "list_incomplete"),
        (Fault.resets(kind="continuation"), K.TRANSIENT, "cut_off"),
        (Fault.garbles(kind="continuation"), K.TRANSIENT, "no_answer"),
        (Fault.bombs(200, kind="continuation"), K.TRANSIENT, "endless_answer"),
    ],
)
def test_a_page_that_fails_ends_the_listing_but_not_the_pages_before(
    lister: Lister, youtube: YouTube, fault: Fault, kind: FailureKind, code: str
) -> None:
    url = shown(youtube, 110)
    youtube.fault(f"{PL} page 2", fault)
    found = lister.list(url)
    assert found.video_ids == ids(0, 100)
    assert (found.failure.kind, found.failure.code) == (kind, code)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.answers(503, kind="continuation", times=2),
        Fault.leaves_out(times=2),
        Fault.resets(kind="continuation", times=2),
    ],
)
def test_a_page_that_fails_now_and_then_is_asked_for_again(
    lister: Lister, youtube: YouTube, fault: Fault
) -> None:
    url = shown(youtube, 105)
    youtube.fault(PL, fault)
    assert lister.list(url).video_ids == ids(0, 105)


@pytest.mark.parametrize("status", [429, 403])
def test_a_refused_first_page_is_told_by_its_status(
    lister: Lister, youtube: YouTube, status: int
) -> None:
    url = shown(youtube, 10)
    youtube.fault(PL, Fault.answers(status, kind="list", retry_after=77))
    failure = lister.list(url).failure
    assert failure.code == {429: "rate_limited", 403: "forbidden"}[status]
    assert failure.retry_after_s == 77


def test_a_private_list_is_listed_with_the_cookies_of_its_owner(
    lister: Lister, youtube: YouTube, tmp_path: Path
) -> None:
    url = shown(youtube, 103, account="owner")
    jar = tmp_path / "cookies.txt"
    jar.write_text(cookies_text("owner"))
    refused = lister.list(url)
    assert refused.failure.code == "no_such_list"
    lister.network = replace(lister.network, cookies_file=str(jar))
    found = lister.list(url)
    assert found.video_ids == ids(0, 103)
    assert found.outcome.with_cookies
    jar.write_text(cookies_text("a stranger"))
    failure = lister.list(url).failure
    assert failure.code == "no_such_list"
    assert "their account may not see it either" in failure.hint


def test_cookies_are_not_sent_for_a_list_that_anybody_may_see(
    lister: Lister, youtube: YouTube, tmp_path: Path
) -> None:
    jar = tmp_path / "cookies.txt"
    jar.write_text(cookies_text("owner"))
    lister.network = replace(lister.network, cookies_file=str(jar))
    assert lister.list(shown(youtube, 3)).video_ids == ids(0, 3)
    assert not any(
        request.cookies for request in youtube.requests() if "owner" in request.cookies
    )


def test_only_youtubes_hosts_are_asked(lister: Lister, youtube: YouTube) -> None:
    url = shown(youtube, 150)
    youtube.fault(PL, Fault.redirects("https://169.254.169.254/", kind="continuation"))
    assert lister.list(url).failure.code == "foreign_host"
    assert youtube.foreign_hosts == {}


def test_a_worker_that_lists_reaches_no_private_file(
    lister: Lister, youtube: YouTube, tmp_path: Path
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    found = lister.list(shown(youtube, 3), private_paths=(str(private),))
    assert found.video_ids == ids(0, 3)
