"""Lines of yt-dlp's archives, and IDs in the names of files."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yt_dlp.utils import make_archive_id

from ytaudio_daemon.urls.archive_lines import (
    ArchiveLine,
    ArchiveLineError,
    parse_archive_line,
)
from ytaudio_daemon.urls.file_name_ids import video_id_in_file_name

ID = "dQw4w9WgXcQ"
IDS = st.text("abcXYZ019-_", min_size=11, max_size=11)


@given(IDS)
def test_what_yt_dlp_writes_is_read(video_id: str) -> None:
    line = make_archive_id("Youtube", video_id)
    assert parse_archive_line(f"{line}\n") == ArchiveLine("youtube", video_id)


@pytest.mark.parametrize(
    "line", ["", "\n", "  \r\n", "# mine", "\ufeff# mine", "#youtube AAAAAAAAAAA"]
)
def test_blank_lines_and_comments_are_nothing(line: str) -> None:
    assert parse_archive_line(line) is None


@pytest.mark.parametrize(
    "line",
    [
        f"youtube {ID}",
        f"\ufeffyoutube {ID}\r\n",
        f"  youtube\t{ID}  ",
        f"youtube {ID}\0",
    ],
)
def test_white_space_and_marks_around_a_line_do_not_matter(line: str) -> None:
    assert parse_archive_line(line) == ArchiveLine("youtube", ID)


@pytest.mark.parametrize(
    ("line", "site"),
    [
        ("soundcloud 123456", "soundcloud"),
        ("youtubewebarchive dQw4w9WgXcQ", "youtubewebarchive"),
        ("generic a page with a title", "generic"),
        ("bbc.co.uk b039d07m", "bbc.co.uk"),
    ],
)
def test_other_sites_are_told_apart(line: str, site: str) -> None:
    found = parse_archive_line(line)
    assert found == ArchiveLine(site)
    assert not found.is_youtube


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("https://youtu.be/dQw4w9WgXcQ", 'write "youtube dQw4w9WgXcQ" if you have it'),
        ("dQw4w9WgXcQ", 'an ID alone: write "youtube dQw4w9WgXcQ"'),
        ("youtube dQw4w9WgXc", "no ID of 11 characters"),
        ("youtube dQw4w9WgXcQQ", "no ID of 11 characters"),
        ("youtube", "no line of an archive"),
        ("never gonna give you up", "no line of an archive"),
        ("Youtube dQw4w9WgXcQ now", "no line of an archive"),
        ("\x7fELF\x02", "no line of an archive"),
    ],
)
def test_a_bad_line_is_named_with_what_helps(line: str, words: str) -> None:
    with pytest.raises(ArchiveLineError) as refused:
        parse_archive_line(line)
    assert words in str(refused.value)


@given(st.text(max_size=60))
def test_any_text_is_a_line_nothing_or_refused(text: str) -> None:
    with suppress(ArchiveLineError):
        found = parse_archive_line(text)
        assert found is None or found.site


@pytest.mark.parametrize(
    "name",
    [
        f"Rick Astley - Never [{ID}].mp3",
        f"Never_[{ID}].mp3",
        f"Never [{ID}].f251.webm",
        f"Never [{ID}].info.json",
        f"Never [{ID}]",
        f"[{ID}].opus",
        f"Never-{ID}.m4a",
        f"Never-{ID}",
        f"{ID}.opus",
    ],
)
def test_the_id_in_a_name_is_found(name: str) -> None:
    assert video_id_in_file_name(name) == ID


@pytest.mark.parametrize(
    "name",
    [
        "Song [Alternative].mp3",
        "Song [COMPILATION].mp3",
        "Song [Live-in-NYC].mp3",
        "Song [Remaster2009].mp3",
        "Song [12345678901].mp3",
        "Song [dQw4w9WgXcQ] live.mp3",
        "01-the-best-song-ever.mp3",
        "Artist-Remastered1.mp3",
        "20260101-20260102123.mp3",
        "MyVeryOwnSo.mp3",
        "Alternative.mp3",
        "song.mp3",
        "",
    ],
)
def test_words_and_numbers_of_eleven_letters_are_no_ids(name: str) -> None:
    assert video_id_in_file_name(name) is None


@given(IDS)
def test_nearly_every_id_is_found_where_yt_dlp_puts_it(video_id: str) -> None:
    found = video_id_in_file_name(f"Title [{video_id}].mp3")
    assert found in {video_id, None}
