"""The short way through ordinary rows of a playlist finds what yt-dlp's own finds."""

import copy
import typing
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yt_dlp
from hypothesis import given
from hypothesis import strategies as st
from yt_dlp.extractor.youtube import YoutubeTabIE

from tests.youtube import Status, Video
from tests.youtube.list_items import playlist_item
from ytaudio_daemon.fetch.list_facts import listed_entry, video_id_of
from ytaudio_daemon.fetch.tab_extractor import PlaylistTabIE
from ytaudio_daemon.model import ListedEntry

UC = "UCuAXFkgsw1L7xaCfnd5JJOw"
VIDEO = Video(id="dQw4w9WgXcQ", title="Never", channel="Rick", duration_s=213)
#: What YouTube adds to a row today, as its pages show it.
DECORATIONS: dict[str, Any] = {
    "thumbnail": {"thumbnails": [{"url": "https://i.ytimg.com/vi/x/hq.jpg"}]},
    "lengthText": {"simpleText": "3:33"},
    "navigationEndpoint": {"watchEndpoint": {"videoId": VIDEO.id}},
    "thumbnailOverlays": [
        {"thumbnailOverlayTimeStatusRenderer": {"style": "DEFAULT"}},
        {"thumbnailOverlayNowPlayingRenderer": {}},
    ],
}
LIVE = [{"thumbnailOverlayTimeStatusRenderer": {"style": "LIVE"}}]
SPECIALTIES: list[dict[str, Any]] = [
    {"title": {"simpleText": "Plain"}},
    {"title": {}, "headline": {"simpleText": "A headline"}},
    {"thumbnailOverlays": LIVE},
    {"thumbnailOverlays": LIVE, "lengthSeconds": None},
    {"lengthSeconds": None, "lengthText": {"simpleText": "1:02:03"}},
    {"publishedTimeText": {"simpleText": "2 days ago"}},
    {"videoInfo": {"runs": [{"text": "Streamed 3 years ago"}]}},
    {"videoInfo": {"simpleText": "9 views"}},
    {"videoInfo": {}},
    {"shortBylineText": {"runs": [{"text": "No channel"}]}},
    {"shortBylineText": {}, "ownerText": {"simpleText": "Owner"}},
    {"badges": [{"metadataBadgeRenderer": {"icon": {"iconType": "PRIVACY_PRIVATE"}}}]},
    {"upcomingEventData": {"startTime": "4102444800"}},
]
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", 0, 7, [], {}, [{}], {"runs": None}, {"runs": [{}]}]
)


@pytest.fixture(scope="module")
def extractors() -> Iterator[list[Any]]:
    client = yt_dlp.YoutubeDL({"quiet": True, "no_warnings": True}, auto_init=False)
    client.params["extractor_args"] = {"youtubetab": {"approximate_date": ["true"]}}
    with client:
        made = [YoutubeTabIE(), PlaylistTabIE()]
        for extractor in made:
            client.add_info_extractor(extractor)
            extractor.initialize()
        yield made


def read(extractor: Any, row: dict[str, Any]) -> ListedEntry | None:
    (info,) = list(extractor._playlist_entries({"contents": [row]})) or [{}]
    found = video_id_of(info)
    return listed_entry(info, found, 1, None) if found else None


def row_of(video: Video, **changes: Any) -> dict[str, Any]:
    row = playlist_item(video, 1, UC)
    row["playlistVideoRenderer"] |= copy.deepcopy({**DECORATIONS, **changes})
    return row


@pytest.mark.parametrize("status", typing.get_args(Status))
def test_of_videos_of_every_status_the_same_is_found(
    extractors: list[Any], status: Status
) -> None:
    theirs, ours = extractors
    row = row_of(replace(VIDEO, status=status))
    assert read(ours, row) == read(theirs, row)


@pytest.mark.parametrize("changes", SPECIALTIES, ids=str)
def test_of_rows_with_something_special_the_same_is_found(
    extractors: list[Any], changes: dict[str, Any]
) -> None:
    theirs, ours = extractors
    row = row_of(VIDEO, **changes)
    assert read(ours, row) == read(theirs, row)


@given(
    st.dictionaries(
        st.sampled_from(sorted(row_of(VIDEO)["playlistVideoRenderer"])), JUNK
    )
)
def test_of_rows_with_broken_parts_nothing_else_is_found(
    extractors: list[Any], broken: dict[str, Any]
) -> None:
    theirs, ours = extractors
    row = row_of(VIDEO, **broken)
    try:
        expected = read(theirs, row)
    except Exception as error:  # noqa: BLE001 - of whatever yt-dlp fails, ours fails, too
        with pytest.raises(type(error)):
            read(ours, row)
    else:
        assert read(ours, row) == expected


def test_an_ordinary_row_takes_the_short_way(
    extractors: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ours = extractors
    monkeypatch.setattr(YoutubeTabIE, "_extract_video", None, raising=False)
    entry = read(ours, row_of(VIDEO))
    assert entry is not None
    assert (entry.title, entry.channel, entry.channel_id) == ("Never", "Rick", UC)
    assert entry.duration_s == 213
    assert entry.upload_date


@pytest.mark.parametrize("key", ["contents", "items"])
def test_the_next_page_is_found_behind_the_rows(
    extractors: list[Any], key: str
) -> None:
    token = {"continuationCommand": {"token": "NEXT"}}
    more = {"continuationItemRenderer": {"continuationEndpoint": token}}
    rows = {key: [row_of(VIDEO), "junk", more]}
    theirs, ours = extractors
    assert ours._extract_continuation(rows) == theirs._extract_continuation(rows)
    assert ours._extract_continuation(rows)["continuation"] == "NEXT"
    assert len(rows[key]) == 3


def test_a_newer_yt_dlp_that_passes_more_gets_its_own_way(
    extractors: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ours = extractors
    monkeypatch.setattr(
        YoutubeTabIE,
        "_extract_video",
        lambda _self, _row, depth: {"depth": depth},
        raising=False,
    )
    assert ours._extract_video(row_of(VIDEO), 2) == {"depth": 2}
