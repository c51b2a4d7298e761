"""A file name's fields: what each is for which video, and names for a mixed list."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ytaudio_daemon.fetch.metadata import filename_fields, tags_of, video_facts
from ytaudio_daemon.model.file_names import file_name
from ytaudio_daemon.model.filename_fields import (
    FILENAME_FIELDS,
    ONE_NAME_REMARK,
    FilenameWarnings,
)

#: yt-dlp's info dicts of a music track, a music video and a talk.
EXAMPLE_INFOS: Mapping[str, Mapping[str, Any]] = {
    "music_track": {
        "id": "AAAAAAAAAAA",
        "title": "Blue in Green",
        "artists": ["Bill Evans"],
        "track": "Blue in Green",
        "album": "Portrait in Jazz",
        "release_date": "19600301",
        "channel": "Bill Evans - Topic",
        "upload_date": "20141107",
    },
    "music_video": {
        "id": "BBBBBBBBBBB",
        "title": "Nina Simone - Feeling Good",
        "channel": "NinaSimoneVEVO",
        "upload_date": "20130219",
    },
    "talk": {
        "id": "CCCCCCCCCCC",
        "title": "How glass is made",
        "channel": "The Museum",
        "upload_date": "20240517",
    },
}
DOCS = Path(__file__).parents[2] / "docs"


def _name(info: dict[str, object], template: str, **tags: str) -> str:
    facts = video_facts({"id": "AAAAAAAAAAA"} | info)
    written = tags_of(facts, tags, "https://youtu.be/AAAAAAAAAAA")
    fields = filename_fields(facts, written, template, tags)
    return file_name(template, fields, "mp3").removesuffix(".mp3")


@pytest.mark.parametrize("kind", EXAMPLE_INFOS)
@pytest.mark.parametrize("field", FILENAME_FIELDS)
def test_the_table_of_fields_tells_the_truth(kind: str, field: str) -> None:
    facts = video_facts(EXAMPLE_INFOS[kind])
    tags = tags_of(facts, {}, "https://youtu.be/AAAAAAAAAAA")
    fields = filename_fields(facts, tags, f"%({field})s", {})
    assert fields[field] == getattr(FILENAME_FIELDS[field], kind)


def test_the_manual_has_the_table_of_fields() -> None:
    rows = re.findall(
        r"^\| `%\((\w+)\)s` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$",
        (DOCS / "drop-files.md").read_text(),
        re.MULTILINE,
    )
    assert rows == [(name, *field) for name, field in FILENAME_FIELDS.items()]


@pytest.mark.parametrize(
    ("template", "names"),
    [
        (
            "%(artist)s - %(title)s",
            [
                "Bill Evans - Blue in Green",
                "Nina Simone - Feeling Good",
                "The Museum - How glass is made",
            ],
        ),
        (
            "%(artist)s - %(track)s",
            [
                "Bill Evans - Blue in Green",
                "Nina Simone - Feeling Good",
                "The Museum - How glass is made",
            ],
        ),
        (
            "%(title)s",
            ["Blue in Green", "Nina Simone - Feeling Good", "How glass is made"],
        ),
        (
            "%(artist)s - %(album)s - %(title)s",
            [
                "Bill Evans - Portrait in Jazz - Blue in Green",
                "Nina Simone - Feeling Good",
                "The Museum - How glass is made",
            ],
        ),
        (
            "%(title)s (%(album)s)",
            [
                "Blue in Green (Portrait in Jazz)",
                "Nina Simone - Feeling Good",
                "How glass is made",
            ],
        ),
    ],
)
def test_a_mixed_list_gets_the_names_that_were_meant(
    template: str, names: list[str]
) -> None:
    assert [_name(dict(info), template) for info in EXAMPLE_INFOS.values()] == names


@pytest.mark.parametrize(
    "title",
    [
        "Nina Simone - Song",
        "NINA SIMONE - Song",
        "Nina Simone \u2013 Song",
        "Nina Simone—Song",
        "Nina Simone- Song",
        "Nina Simone \u2212 Song",
        "Nina Simoné - Song",
        "Song",
    ],
)
def test_an_artist_before_the_title_is_named_once(title: str) -> None:
    info: dict[str, object] = {"title": title, "artists": ["Nina Simone"]}
    assert _name(info, "%(artist)s - %(title)s") == "Nina Simone - Song"
    assert _name(info, "%(title)s - %(artist)s") == "Song - Nina Simone"


@pytest.mark.parametrize(
    ("title", "artists", "name"),
    [
        ("Jay-Z - 99 Problems", ["Jay-Z"], "Jay-Z - 99 Problems"),
        ("Jay-Z", ["Jay"], "Jay - Jay-Z"),
        ("A & B - Song", ["A", "B"], "A, B - Song"),
        ("A - Song", ["A", "B"], "A, B - Song"),
        ("A feat. C - Song", ["A"], "A - A feat. C - Song"),
        ("Cover of Nina Simone - Song", ["Nina Simone"],
         "Nina Simone - Cover of Nina Simone - Song"),
        ("!!! - Song", ["!!!"], "!!! - Song"),
        ("Song - Live", ["A"], "A - Song - Live"),
        ("A -", ["A"], "A - A -"),
    ],
)  # fmt: skip
def test_only_the_artists_own_name_is_left_out(
    title: str, artists: list[str], name: str
) -> None:
    info: dict[str, object] = {"title": title, "artists": artists}
    assert _name(info, "%(artist)s - %(title)s") == name


def test_what_a_person_gave_is_written_as_it_was_given() -> None:
    info: dict[str, object] = {"title": "Nina Simone - Song", "channel": "Nina Simone"}
    template = "%(artist)s - %(title)s"
    assert _name(info, template, artist="N. S.") == "N. S. - Song"
    assert _name(info, template, title="Nina Simone - Mine") == (
        "Nina Simone - Nina Simone - Mine"
    )
    assert _name(info, "%(track)s %(title)s", track="03") == "03 Nina Simone - Song"


def test_a_missing_field_takes_no_sign_of_its_neighbours() -> None:
    info: dict[str, object] = {"title": "Song (Live)"}
    assert _name(info, "%(title)s %(album)s") == "Song (Live)"
    assert _name(info, "%(album)s - (%(title)s)") == "Song (Live))"


def test_a_template_without_a_field_is_remarked_at_its_second_link_once() -> None:
    warnings = FilenameWarnings()
    assert [warnings.remark("My song") for _ in range(4)] == [
        "", ONE_NAME_REMARK, "", "",
    ]  # fmt: skip
    assert warnings.remark("100%% mine") == ""


@pytest.mark.parametrize("template", ["{artist} - {title}", "$title", "<title>"])
def test_a_template_of_another_program_is_remarked_at_once(template: str) -> None:
    assert FilenameWarnings().remark(template) == ONE_NAME_REMARK


def test_a_template_with_a_field_is_fine() -> None:
    warnings = FilenameWarnings()
    assert [warnings.remark("{live} %(title)s") for _ in range(3)] == ["", "", ""]
