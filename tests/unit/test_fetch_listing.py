"""Of listings: what yt-dlp says becomes entries, pages and failures. Pure."""

import ast
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.ytdlp_reasons import PACKAGE, texts_in
from ytaudio_daemon.fetch.classify import Cause, Evidence
from ytaudio_daemon.fetch.list_facts import (
    album_of,
    announced_count,
    collection_title,
    listed_entry,
    merge_albums,
    video_id_of,
)
from ytaudio_daemon.fetch.list_failures import classify_listing
from ytaudio_daemon.fetch.music_album import album_facts
from ytaudio_daemon.fetch.page_builder import PageBuilder
from ytaudio_daemon.model import (
    AlbumFacts,
    FailureKind,
    ListedEntry,
    ListedPage,
    ListTotals,
)
from ytaudio_daemon.model.listing import MAX_TEXT_CHARS, clean_text
from ytaudio_daemon.system import protocol

ID = "dQw4w9WgXcQ"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
FIELDS = ("title", "channel", "channel_id", "duration", "timestamp", "availability")


class Pages:
    def __init__(self, max_entries: int = 1000) -> None:
        self.sent: list[ListedPage] = []
        head = ListedPage(number=1, kind="playlist")
        self.builder = PageBuilder(self, max_entries, head)

    def page(self, page: ListedPage) -> None:
        self.sent.append(page)

    def add(self, number: int, title: str = "t", channel: str = "") -> None:
        video_id = f"{number:011}"
        position = self.builder.next_position(video_id)
        if position is not None:
            entry = ListedEntry(
                position=position, video_id=video_id, title=title, channel=channel
            )
            self.builder.add(entry)


@given(st.dictionaries(st.sampled_from((*FIELDS, "live_status")), ANYTHING))
def test_whatever_yt_dlp_says_an_entry_is_one_that_a_page_may_hold(
    info: Mapping[str, Any],
) -> None:
    entry = listed_entry(info, ID, 1, None)
    assert ListedEntry.from_json(json.loads(json.dumps(entry.to_json()))) == entry


@pytest.mark.parametrize(
    ("info", "video_id"),
    [
        ({"ie_key": "Youtube", "id": ID}, ID),
        ({"ie_key": "YoutubeTab", "id": ID}, None),
        ({"ie_key": "Youtube", "id": "short"}, None),
        ({"ie_key": "Youtube", "id": None}, None),
        ({}, None),
    ],
)
def test_only_videos_are_entries(info: Mapping[str, Any], video_id: str | None) -> None:
    assert video_id_of(info) == video_id


@pytest.mark.parametrize(
    ("availability", "live_status", "reason"),
    [
        (None, None, ""),
        ("public", "was_live", ""),
        ("unlisted", None, ""),
        ("private", None, "private"),
        ("subscriber_only", None, "members"),
        ("premium_only", None, "members"),
        ("needs_auth", None, "members"),
        ("public", "is_live", "live"),
        ("subscriber_only", "is_upcoming", "upcoming"),
    ],
)
def test_why_an_entry_is_not_to_be_had(
    availability: str | None, live_status: str | None, reason: str
) -> None:
    info = {"title": "T", "availability": availability, "live_status": live_status}
    assert listed_entry(info, ID, 1, None).unavailable == reason


@pytest.mark.parametrize(
    ("info", "kind", "title"),
    [
        ({"title": "My list"}, "playlist", "My list"),
        ({"title": "Album - Songs"}, "album", "Songs"),
        ({"title": "Album - Songs"}, "playlist", "Album - Songs"),
        ({"title": "Name - Videos", "channel": "Name"}, "channel", "Name"),
        ({"title": "Name - Videos"}, "channel", "Name - Videos"),
        ({"title": "a\nb\x1b[2J"}, "playlist", "a b [2J"),
        ({}, "playlist", ""),
    ],
)
def test_a_collection_is_called_what_people_call_it(
    info: Mapping[str, Any], kind: str, title: str
) -> None:
    assert collection_title(info, kind) == title


@pytest.mark.parametrize("count", [None, -1, True, 1.5, "12", 2**31])
def test_a_count_that_is_none_is_not_announced(count: object) -> None:
    assert announced_count({"playlist_count": count}) is None


def test_an_album_is_its_artists() -> None:
    playlist = {"title": "Album - Songs", "playlist_count": 12}
    facts = album_of(playlist, {"channel": "The Band - Topic"})
    assert facts == AlbumFacts(title="Songs", artist="The Band", tracks=12)
    assert album_of({}, None) is None


def test_what_youtube_music_says_of_an_album_counts_more_than_its_playlist() -> None:
    music = AlbumFacts(title="Songs (Deluxe)", year=1999)
    own = AlbumFacts(title="Songs", artist="The Band", tracks=12)
    both = AlbumFacts(title="Songs (Deluxe)", artist="The Band", year=1999, tracks=12)
    assert merge_albums(music, own) == both
    assert (merge_albums(None, own), merge_albums(music, None)) == (own, music)


@pytest.mark.parametrize("page", [{}, {"contents": []}, {"contents": {"x": 1}}])
def test_a_page_without_an_album_has_no_facts(page: Mapping[str, Any]) -> None:
    assert album_facts(page) is None


def test_a_page_is_sent_when_it_is_full() -> None:
    pages = Pages()
    for number in range(250):
        pages.add(number)
    assert [len(page.entries) for page in pages.sent] == [100, 100]
    pages.builder.send()
    pages.builder.send()
    assert [page.number for page in pages.sent] == [1, 2, 3]
    assert pages.builder.totals() == ListTotals(entries=250)


@pytest.mark.parametrize("char", ["x", '"', "\\", "é", "\N{MUSICAL SYMBOL G CLEF}"])
def test_the_longest_entries_fit_into_a_message(char: str) -> None:
    pages = Pages()
    longest = char * MAX_TEXT_CHARS
    head = ListedPage(
        number=1,
        kind="playlist",
        list_id="x" * 100,
        title=longest,
        channel=longest,
        channel_id=f"UC{'x' * 22}",
        announced=2**31 - 1,
        album=AlbumFacts(title=longest, artist=longest, year=2**30, tracks=2**30),
    )
    pages.builder.describe(head)
    for number in range(300):
        pages.add(number, longest, longest)
    pages.builder.send()
    sent = [protocol.encode("page", page=page.to_json()) for page in pages.sent]
    assert max(map(len, sent)) <= protocol.MAX_MESSAGE
    assert sum(len(page.entries) for page in pages.sent) == 300
    for page in pages.sent:
        assert ListedPage.from_json(page.to_json()) == page


def test_entries_of_two_albums_are_on_two_pages() -> None:
    pages = Pages()
    for number, title in ((1, "A"), (2, "A"), (3, "B")):
        pages.builder.describe_album(AlbumFacts(title=title))
        pages.add(number)
    pages.builder.send()
    names = [
        (page.album and page.album.title, len(page.entries)) for page in pages.sent
    ]
    assert names == [("A", 2), ("B", 1)]


def test_a_list_that_comes_round_is_at_its_end_but_not_one_that_repeats_a_lot() -> None:
    pages = Pages()
    for number in [*range(400), *range(400), 400]:
        pages.add(number)
        assert not pages.builder.is_at_end
    for number in [*range(401), *range(401)]:
        pages.add(number)
    assert pages.builder.is_at_end
    assert pages.builder.totals().entries == 401
    assert not pages.builder.totals().is_cut


@given(st.text())
def test_a_clean_text_is_one_that_a_page_may_hold(text: str) -> None:
    page = ListedPage(
        number=1,
        kind="playlist",
        title=clean_text(text),
        entries=(ListedEntry(position=1, video_id=ID),),
    )
    assert ListedPage.from_json(page.to_json()) == page


def raised(text: str, *warnings: str, **more: Any) -> Evidence:
    return Evidence(causes=(Cause(text=text, **more),), warnings=warnings)


TERMINATED = (
    "YouTube said: This account has been terminated because it is linked to an account "
    "that received multiple third-party claims of copyright infringement."
)


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (raised("YouTube said: The playlist does not exist."), "no_such_list"),
        (raised("YouTube said: This playlist is private."), "no_such_list"),
        (raised("YouTube said: This channel does not exist."), "no_such_list"),
        (
            raised(
                "The channel/playlist does not exist and the URL redirected to "
                "youtube.com home page"
            ),
            "no_such_list",
        ),
        (raised("Failed to resolve url (does the playlist exist?)"), "no_such_list"),
        (raised("HTTP Error 404: Not Found", status=404), "no_such_list"),
        (raised(TERMINATED), "channel_closed"),
        (
            raised(
                "YouTube said: This channel was removed because it violated our "
                "Community Guidelines."
            ),
            "channel_closed",
        ),
        (raised("Incomplete data received", TERMINATED), "channel_closed"),
        (
            raised("YouTube said: This playlist type is unviewable."),
            "unviewable_list",
        ),
        (raised("This channel does not have a shorts tab"), "no_such_tab"),
        (raised("Incomplete data received"), "list_incomplete"),
        (raised("Unable to recognize tab page"), "not_understood"),
        (raised("HTTP Error 429: Too Many Requests", status=429), "rate_limited"),
        (
            raised("The playlist does not exist. HTTP Error 429", status=429),
            "rate_limited",
        ),
        (raised("Sign in to confirm you\u2019re not a bot"), "bot_check"),
        (raised("[Errno 28] No space left on device", errno=28), "disk_full"),
        (raised("HTTP Error 503: Service Unavailable", status=503), "server_error"),
        (raised("something else"), "unknown"),
    ],
)
def test_a_failed_listing_is_known_by_what_was_said(
    evidence: Evidence, code: str
) -> None:
    failure = classify_listing(evidence)
    assert failure.code == code
    assert "this video" not in failure.message.lower()


def test_a_list_that_is_not_shown_is_never_an_outage_or_a_retry() -> None:
    for text in ("The playlist does not exist.", TERMINATED):
        failure = classify_listing(raised(text))
        assert failure.kind is FailureKind.UNAVAILABLE
        assert not failure.confirm


#: What the extractor of lists raises, beside what `tools.ytdlp_reasons` places.
PLACED = {
    "A video URL was given without video ID": "unknown",  # links of ours never lack it
    "Failed to resolve album to playlist": "not_understood",
    "Failed to resolve url (does the playlist exist?)": "no_such_list",
    "Incomplete yt initial data received": "list_incomplete",
    "The channel/playlist does not exist and the URL redirected to youtube.com home "
    "page": "no_such_list",
    "This channel does not have a {} tab": "no_such_tab",
    "Unable to find selected tab": "not_understood",
    "Unable to recognize tab page": "not_understood",
    # Its cause is a page that failed, of which yt-dlp has warned.
    "{}. If you are not downloading private content, or your cookies are only for the "
    'first account and channel, pass "--extractor-args youtubetab:skip=authcheck" to '
    "skip this check": "unknown",
}


def test_every_error_of_the_installed_extractor_of_lists_is_placed() -> None:
    source = (PACKAGE / "extractor" / "youtube" / "_tab.py").read_text("utf-8")
    texts = {text for text, kind in texts_in(ast.parse(source)) if kind != "warning"}
    assert texts <= PLACED.keys(), "place the new ones in `LIST_RULES` and here"
    found = {text: classify_listing(raised(text)).code for text in texts}
    assert found == {text: PLACED[text] for text in texts}
