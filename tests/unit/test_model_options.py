"""Options: a closed list, layered, and what makes two of them the same audio."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.model.options import (
    FORMATS,
    OPTION_KEYS,
    TAGS,
    OptionError,
    Options,
    check_layer,
    check_option,
    effective_options,
)


@pytest.mark.parametrize(
    ("key", "value", "canonical"),
    [
        ("format", " MP3 ", "mp3"),
        ("quality", "WorstAudio", "worstaudio"),
        ("bitrate", "192K", "192k"),
        ("bitrate", "192kbps", "192k"),
        ("bitrate", 128, "128k"),
        ("priority", "+5", 5),
        ("priority", -10, -10),
        ("filename", "%(artist)s - %(title)s", "%(artist)s - %(title)s"),
        ("filename", "100%% %(id)s", "100%% %(id)s"),
        ("tag.artist", "  Nina\x00Simone ", "Nina Simone"),
        ("tag.track", 7, "7"),
    ],
)
def test_values_come_back_canonical(key: str, value: object, canonical: object) -> None:
    assert check_option(key, value) == canonical


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("exec", "rm", "unknown_option"),
        ("--exec", "rm", "unknown_option"),
        ("tag.comments", "x", "unknown_option"),
        ("tag.", "x", "unknown_option"),
        ("format", "exe", "bad_option"),
        ("quality", "137", "bad_option"),
        ("bitrate", "15", "bad_option"),
        ("bitrate", "513k", "bad_option"),
        ("bitrate", "\u0661\u0662\u0668k", "bad_option"),
        ("bitrate", "1e2", "bad_option"),
        ("priority", "11", "bad_option"),
        ("priority", True, "bad_option"),
        ("priority", "1.5", "bad_option"),
        ("filename", "%(title)500000000s", "bad_option"),
        ("filename", "%(ext)s", "bad_option"),
        ("filename", "%s", "bad_option"),
        ("filename", "  ", "bad_option"),
        ("filename", "x" * 201, "bad_option"),
        ("filename", 7, "bad_option"),
        ("tag.title", "\x00\x01", "bad_option"),
        ("tag.title", "x" * 501, "bad_option"),
        ("tag.title", None, "bad_option"),
        ("tag.track", True, "bad_option"),
    ],
)
def test_what_is_not_allowed_is_refused(key: str, value: object, code: str) -> None:
    with pytest.raises(OptionError) as refused:
        check_option(key, value)
    assert refused.value.code == code


def test_every_key_has_a_check() -> None:
    assert set(OPTION_KEYS) == {
        "format",
        "quality",
        "bitrate",
        "filename",
        "priority",
        *(f"tag.{name}" for name in TAGS),
    }


def test_tags_may_come_as_an_object() -> None:
    layer = check_layer({"tag": {"artist": "N", "date": 1965}})
    assert layer == {"tag.artist": "N", "tag.date": "1965"}


def test_a_lossless_format_takes_no_bitrate() -> None:
    with pytest.raises(OptionError, match="lossless"):
        check_layer({"format": "flac", "bitrate": "192k"})


@pytest.mark.parametrize(
    ("layers", "bitrate"),
    [
        ([{"format": "mp3"}], "160k"),
        ([{"format": "ogg", "bitrate": "96k"}], "96k"),
        ([{"format": "opus"}], None),
        ([{"format": "m4a", "bitrate": "96k"}], "96k"),
        ([{"bitrate": "96k"}, {"format": "flac"}], None),
    ],
)
def test_the_bitrate_that_holds(
    layers: list[dict[str, Any]], bitrate: str | None
) -> None:
    assert effective_options("160k", *layers).bitrate == bitrate


def test_later_layers_lie_on_top() -> None:
    options = effective_options(
        "192k",
        {"format": "mp3", "tag.artist": "A", "tag.genre": "G"},
        {"format": "opus", "priority": 3},
        {"tag.artist": "B"},
    )
    assert (options.format, options.priority) == ("opus", 3)
    assert options.tags == {"artist": "B", "genre": "G"}


option_sets = st.builds(
    Options,
    format=st.sampled_from(FORMATS),
    bitrate=st.none() | st.sampled_from(["96k", "192k"]),
    filename=st.text(min_size=1, max_size=5),
    tags=st.dictionaries(st.sampled_from(TAGS), st.text(min_size=1, max_size=5)),
    priority=st.integers(-10, 10),
)


@given(option_sets)
def test_options_survive_the_ledger(options: Options) -> None:
    assert Options.from_json(json.loads(json.dumps(options.to_json()))) == options


@given(option_sets, option_sets)
def test_the_profile_differs_where_the_audio_would(one: Options, two: Options) -> None:
    def audio(options: Options) -> dict[str, Any]:
        data = options.to_json()
        del data["priority"]
        return data

    assert (one.profile() == two.profile()) == (audio(one) == audio(two))
    assert len(one.profile()) == 16
