"""A file's name: whatever a title holds, any file system takes it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.model.file_names import MAX_NAME_BYTES, file_name

FORBIDDEN = set('<>:"/\\|?*')
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=400)
NASTY = st.text(
    st.sampled_from("a. /\\:?*\x00\n\u202eé\u0301👩\u200d🚀🏽"), max_size=300
)


@given(title=ANY_TEXT | NASTY, ext=st.sampled_from(["mp3", "opus", "flac"]))
def test_any_title_becomes_a_name_that_every_file_system_takes(
    title: str, ext: str
) -> None:
    name = file_name("%(title)s", {"title": title, "id": "AAAAAAAAAAA"}, ext)
    stem = name.removesuffix(f".{ext}")
    assert name == f"{stem}.{ext}"
    assert stem
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert not FORBIDDEN & set(name)
    assert stem[0] not in ". "
    assert stem[-1] not in ". "
    assert name == unicodedata.normalize("NFC", name)
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in name)


@given(template=NASTY, artist=NASTY, title=NASTY)
def test_a_template_cannot_make_a_path(template: str, artist: str, title: str) -> None:
    fields = {"artist": artist, "title": title, "id": "AAAAAAAAAAA"}
    name = file_name(template + "%(artist)s/%(title)s", fields, "mp3")
    assert "/" not in name
    assert name.strip(".") == name


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Feeling Good", "Feeling Good.mp3"),
        ("AC/DC: Back in Black?", "AC-DC - Back in Black.mp3"),
        ('She said "No"', "She said 'No'.mp3"),
        ("12:34", "12-34.mp3"),
        ("  ..hidden.. ", "hidden.mp3"),
        ("Ende…", "Ende….mp3"),
        ("日本語の歌", "日本語の歌.mp3"),
        ("Cafe\u0301", "Caf\u00e9.mp3"),
        ("left\u202eright\u200b", "leftright.mp3"),
        ("a\tb\nc", "a b c.mp3"),
        ("???", "AAAAAAAAAAA.mp3"),
        ("", "AAAAAAAAAAA.mp3"),
        ("CON", "_CON.mp3"),
        ("com1.live", "_com1.live.mp3"),
        ("Nul .x", "_Nul .x.mp3"),
        ("Console", "Console.mp3"),
        ("50%", "50%.mp3"),
    ],
)
def test_titles(title: str, expected: str) -> None:
    assert file_name("%(title)s", {"title": title, "id": "A" * 11}, "mp3") == expected


def test_a_missing_field_leaves_no_dash_behind() -> None:
    fields = {"artist": "", "title": "Song", "id": "AAAAAAAAAAA"}
    assert file_name("%(artist)s - %(title)s", fields, "mp3") == "Song.mp3"
    assert file_name("- %(title)s -", fields, "mp3") == "- Song -.mp3"


def test_percent_signs_and_unknown_fields() -> None:
    assert file_name("100%% %(id)s", {"id": "AAAAAAAAAAA"}, "mp3") == (
        "100% AAAAAAAAAAA.mp3"
    )


@pytest.mark.parametrize("letter", ["é", "e\u0323\u0301", "日", "👩\u200d🚀", "👍🏽"])
def test_a_long_title_is_cut_between_letters(letter: str) -> None:
    name = file_name("%(title)s", {"title": letter * 200, "id": "A" * 11}, "opus")
    stem = name.removesuffix(".opus")
    whole = unicodedata.normalize("NFC", letter)
    assert stem == whole * (len(stem) // len(whole))
    assert len(name.encode()) > MAX_NAME_BYTES - len(whole.encode())


def test_one_letter_longer_than_the_name_is_cut_all_the_same() -> None:
    title = "a" + "\u0301" * 300
    name = file_name("%(title)s", {"title": title, "id": "A" * 11}, "mp3")
    assert 100 < len(name.encode()) <= MAX_NAME_BYTES
