"""Names in the library: what a template may say, and what comes of it."""

import re
import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.model.file_names import MAX_NAME_BYTES, file_name
from ytaudio_daemon.model.library_facts import LibraryFacts, collection_name
from ytaudio_daemon.model.library_rules import (
    DEFAULT_RULES,
    LIBRARY_KEYS,
    LibraryRules,
    check_library_table,
)
from ytaudio_daemon.model.library_template import (
    LIBRARY_FIELDS,
    MAX_FOLDERS,
    NUMBER_FIELDS,
    LibraryPlace,
    library_place,
    template_problem,
)
from ytaudio_daemon.model.options import OptionError

DOCS = Path(__file__).parents[2] / "docs"
FORBIDDEN = set('<>:"/\\|?*\0\n')
NASTY = st.text(
    st.sampled_from("a. /\\:?*\x00\n\u202eé\u0301👩\u200d🚀🏽{}%-[]"), max_size=300
)
FIELD = st.sampled_from(
    [
        *(f"{{{name}}}" for name in LIBRARY_FIELDS),
        *(f"{{{name}:02}}" for name in NUMBER_FIELDS),
    ]
)
WORDS = st.sampled_from(["", " ", " - ", "a", "..", ". ", "CON", "[", "]", "(x)", "/"])
TEMPLATES = st.lists(st.one_of(FIELD, WORDS), max_size=12).map("".join)


@given(
    template=TEMPLATES,
    fields=st.dictionaries(st.sampled_from([*LIBRARY_FIELDS]), NASTY),
    limit=st.integers(20, MAX_NAME_BYTES),
)
def test_nothing_leaves_the_sessions_folder(
    template: str, fields: dict[str, str], limit: int
) -> None:
    if template_problem(template):
        return
    place = library_place(template, fields, "opus", limit)
    assert len(place.folders) <= MAX_FOLDERS
    for name in (*place.folders, place.name):
        assert name
        assert name not in {".", ".."}
        assert not FORBIDDEN & set(name)
        assert name[0] not in ". "
        assert name[-1] not in ". "
        assert len(name.encode()) <= limit
        assert name == unicodedata.normalize("NFC", name)
    assert place.name.endswith(".opus")


@given(title=NASTY)
def test_by_default_a_song_is_called_as_in_downloads(title: str) -> None:
    name = file_name("%(title)s", {"title": title, "id": "A" * 11}, "mp3")
    facts = LibraryFacts(title=name.removesuffix(".mp3"), video_id="A" * 11)
    place = library_place(DEFAULT_RULES.single, facts.fields(), "mp3")
    assert place == LibraryPlace(name=name)


ALBUM = {
    "title": "Sinnerman",
    "album_artist": "Nina Simone",
    "album": "Pastel Blues",
    "year": "1965",
    "track": "9",
}


@pytest.mark.parametrize(
    ("missing", "path"),
    [
        ((), "Nina Simone/1965 - Pastel Blues/09 Sinnerman.mp3"),
        (("year",), "Nina Simone/Pastel Blues/09 Sinnerman.mp3"),
        (("album",), "Nina Simone/1965/09 Sinnerman.mp3"),
        (("track",), "Nina Simone/1965 - Pastel Blues/Sinnerman.mp3"),
        (("album_artist",), "1965 - Pastel Blues/09 Sinnerman.mp3"),
        (("year", "album"), "Nina Simone/09 Sinnerman.mp3"),
        ((*ALBUM,), "audio.mp3"),
    ],
)
def test_a_missing_field_falls_away_with_its_separators(
    missing: tuple[str, ...], path: str
) -> None:
    fields = {name: value for name, value in ALBUM.items() if name not in missing}
    place = library_place(DEFAULT_RULES.album, fields, "mp3")
    assert "/".join((*place.folders, place.name)) == path


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"album_artist": "AC/DC", "album": "../.."}, "AC-DC/-/x.mp3"),
        ({"album_artist": "..", "album": "/etc/passwd"}, "-etc-passwd/x.mp3"),
        ({"album_artist": ".hidden", "album": "CON"}, "hidden/_CON/x.mp3"),
        ({"track": "250"}, "250 x.mp3"),
        ({"track": "one"}, "one x.mp3"),
    ],
)
def test_what_a_field_holds_makes_no_path(fields: dict[str, str], path: str) -> None:
    place = library_place(DEFAULT_RULES.album, {"title": "x", **fields}, "mp3")
    assert "/".join((*place.folders, place.name)) == path


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{titel}", "there is no field {titel}; did you mean {title}?"),
        ("{albm}/{title}", "did you mean {album}?"),
        ("{qqq}/{title}", "known: {title} {artist}"),
        ("/{title}", "none begins with /"),
        ("a//{title}", "each part between slashes needs a name"),
        ("../{title}", "each part between slashes needs a name"),
        ("", "each part between slashes needs a name"),
        ("{title", "{ and } stand around fields only"),
        ("{{title}}", "{ and } stand around fields only"),
        ("a\\{title}", "folders are parted by /"),
        ("{title:02}", "only disc, position, track take a width"),
        ("{track:2} {title}", "only disc, position, track take a width"),
        ("{track:09999} {title}", "only disc, position, track take a width"),
        ("{artist}", "one of {title}, {track}, {position}, {id} must tell songs apart"),
        ("{title}/song", "must tell songs apart"),
        ("{title}\n", "readable characters"),
        ("x" * 200 + "{title}", "readable characters"),
        ("a/" * 9 + "{title}", "more than 8 folders"),
    ],
)
def test_a_wrong_template_is_told_what_is_wrong(template: str, problem: str) -> None:
    assert problem in template_problem(template)


def test_the_defaults_are_right() -> None:
    table = {key: getattr(DEFAULT_RULES, key) for key in LIBRARY_KEYS}
    assert check_library_table(table) == table


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"albun": "{title}"}, "[library] has no key 'albun': did you mean album?"),
        ({"zzz": "{title}"}, "known: single, album, playlist, channel"),
        ({"single": "{titel}"}, "[library] single cannot be '{titel}': there is no"),
        ({"single": 7}, "[library] single cannot be '7': it is no text"),
        ("{title}", "library is a table"),
    ],
)
def test_a_sessions_own_table_is_checked(table: object, message: str) -> None:
    with pytest.raises(OptionError) as refusal:
        check_library_table(table)
    assert message in refusal.value.message


def test_collections_of_one_title_get_names_that_every_disk_tells_apart() -> None:
    taken: list[tuple[str, str]] = []
    for title, key in [("Mix", "a"), ("MIX", "b"), ("mix", "c"), ("Mix", "a")]:
        taken.append((collection_name(title, key, taken), key))
    assert [name for name, _ in taken] == ["Mix", "MIX (2)", "mix (3)", "Mix"]


def test_a_collection_without_a_readable_title_has_a_name() -> None:
    assert collection_name("../..", "k", []) == "-"
    assert collection_name("", "k", []) == "collection"
    assert len(collection_name("é" * 300, "k", [("é" * 95, "o")]).encode()) <= 200


@pytest.mark.parametrize("value", [None, 7, ["x"], {"a": 1}])
def test_tags_that_people_have_spoiled_are_no_tags(value: object) -> None:
    facts = LibraryFacts(title="x", video_id="A" * 11, tags={"track": value})
    assert facts.fields()["track"] == ""


@pytest.mark.parametrize(
    ("track", "number"),
    [("3/12", "3"), ("07", "7"), ("A3", ""), ("", ""), ("1234567", ""), ("\u0663", "")],
)
def test_the_number_of_a_track(track: str, number: str) -> None:
    facts = LibraryFacts(title="x", video_id="A" * 11, tags={"track": track})
    assert facts.fields()["track"] == number


def test_the_manual_has_the_table_of_fields() -> None:
    text = (DOCS / "library.md").read_text()
    rows = re.findall(r"^\| `\{(\w+)\}` \| (.*?) \|$", text, re.MULTILINE)
    assert dict(rows) == LIBRARY_FIELDS


def test_the_manual_shows_the_defaults() -> None:
    block = (DOCS / "library.md").read_text().split("```toml")[1].split("```")[0]
    assert LibraryRules(**tomllib.loads(block)["library"]) == DEFAULT_RULES
