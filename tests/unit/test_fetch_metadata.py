"""What becomes of a video's own words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.fetch.metadata import (
    MAX_TEXT_CHARS,
    VideoFacts,
    filename_fields,
    readable_text,
    tags_of,
    video_facts,
)
from ytaudio_daemon.model import AlbumFacts
from ytaudio_daemon.model.job_collection import JobCollection

URL = "https://www.youtube.com/watch?v=AAAAAAAAAAA"
SONG: dict[str, Any] = {
    "id": "AAAAAAAAAAA",
    "title": "Feeling Good (Official)",
    "artists": ["Nina Simone", "Somebody"],
    "track": "Feeling Good",
    "album": "I Put a Spell on You",
    "release_year": 1965,
    "upload_date": "20240517",
    "channel": "Nina Simone - Topic",
    "view_count": 12,
    "duration": 180,
}


def test_a_songs_facts() -> None:
    assert video_facts(SONG) == VideoFacts(
        video_id="AAAAAAAAAAA",
        title="Feeling Good (Official)",
        artist="Nina Simone, Somebody",
        song="Feeling Good",
        album="I Put a Spell on You",
        date="1965",
        channel="Nina Simone - Topic",
        view_count=12,
        duration_s=180,
    )


def test_a_songs_tags() -> None:
    assert tags_of(video_facts(SONG), {}, URL) == {
        "title": "Feeling Good",
        "artist": "Nina Simone, Somebody",
        "album": "I Put a Spell on You",
        "date": "1965",
        "comment": URL,
    }


def test_a_persons_tags_win() -> None:
    tags = tags_of(video_facts(SONG), {"artist": "N. S.", "genre": "Jazz"}, URL)
    assert (tags["artist"], tags["genre"]) == ("N. S.", "Jazz")


ALBUM_TAGS = JobCollection(
    row_id=1,
    uuid="c",
    key="album:x",
    kind="album",
    channel="A channel",
    album=AlbumFacts(title="Pastel Blues", artist="Nina Simone", year=1965, tracks=9),
    track=7,
).album_tags


def test_an_albums_tags_beat_the_videos_own() -> None:
    tags = tags_of(video_facts(SONG | {"album": "Hits"}), {}, URL, ALBUM_TAGS)
    assert tags["album"] == "Pastel Blues"
    assert tags["album_artist"] == "Nina Simone"
    assert tags["track"] == "7/9"
    assert tags["title"] == "Feeling Good"


def test_a_persons_tags_beat_an_albums() -> None:
    tags = tags_of(
        video_facts(SONG), {"album": "Mine", "date": "2001"}, URL, ALBUM_TAGS
    )
    assert (tags["album"], tags["date"], tags["track"]) == ("Mine", "2001", "7/9")


@pytest.mark.parametrize(
    ("video", "date"),
    [
        ({"release_date": "19650301"}, "1965-03-01"),
        ({"upload_date": "20240517"}, "1965"),
        ({}, "1965"),
    ],
)
def test_an_albums_year_counts_unless_the_video_has_a_day_of_it(
    video: dict[str, Any], date: str
) -> None:
    facts = video_facts({"id": "A", "title": "x", **video})
    assert tags_of(facts, {}, URL, ALBUM_TAGS)["date"] == date


def test_an_album_without_an_artist_is_its_channels() -> None:
    album = AlbumFacts(title="Songs")
    found = JobCollection(
        row_id=1, uuid="c", key="k", kind="album", channel="The Band", album=album
    )
    assert found.album_tags == {"album": "Songs", "album_artist": "The Band"}


def test_a_songs_number_on_its_album_names_no_file() -> None:
    facts = video_facts({"id": "A", "title": "x"})
    tags = tags_of(facts, {}, URL, ALBUM_TAGS)
    assert filename_fields(facts, tags, "%(track)s", {})["track"] == "x"


def test_without_music_metadata_the_channel_is_the_artist() -> None:
    facts = video_facts({"id": "A", "title": "x", "channel": "Nina Simone - Topic"})
    assert facts.artist is None
    assert tags_of(facts, {}, URL)["artist"] == "Nina Simone"


@pytest.mark.parametrize(
    ("info", "date"),
    [
        ({"release_date": "19650301", "upload_date": "20240517"}, "1965-03-01"),
        ({"release_year": 1965, "upload_date": "20240517"}, "1965"),
        ({"upload_date": "20240517"}, "2024-05-17"),
        ({"upload_date": "soon"}, None),
        ({}, None),
    ],
)
def test_the_date(info: dict[str, Any], date: str | None) -> None:
    assert video_facts(info).date == date


ANY_VALUE = (
    st.none()
    | st.text(st.characters(codec=None, categories=None))
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.lists(st.text() | st.integers())
)


@given(info=st.dictionaries(st.sampled_from(sorted(SONG)), ANY_VALUE))
def test_no_info_dict_breaks_it(info: dict[str, Any]) -> None:
    facts = video_facts(info)
    tags = tags_of(facts, {}, URL)
    for text in (
        *tags.values(),
        *filename_fields(facts, tags, "%(artist)s - %(title)s", {}).values(),
    ):
        assert len(text) <= MAX_TEXT_CHARS + 1
        assert not any(c in text for c in "\x00\n\r\x1b\u202e")
        text.encode()


def test_a_wished_title_names_the_file_too() -> None:
    facts = video_facts(SONG)
    tags = tags_of(facts, {"title": "Mine"}, URL)
    template = "%(title)s"
    mine = filename_fields(facts, tags, template, {"title": "Mine"})
    assert mine["title"] == "Mine"
    youtubes = filename_fields(facts, tags, template, {})
    assert youtubes["title"] == "Feeling Good (Official)"


def test_text_is_one_readable_line() -> None:
    assert readable_text(" a\x00\n\tb\u202e\x1b[31m ") == "a b [31m"
    assert readable_text("\x07") is None
    assert readable_text(7) is None
