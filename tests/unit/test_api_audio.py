"""Names, types and conditions of an audio download."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.api.audio import (
    MEDIA_TYPES,
    content_disposition,
    etag_matches,
    media_type_of,
)
from ytaudio_daemon.model.options import FORMATS


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Song.mp3", "Song.mp3"),
        ("Feeling Good.opus", "Feeling Good.opus"),
        ("Größe.m4a", "Groe.m4a"),
        ("Café 100%.ogg", "Cafe 100_.ogg"),
        ("日本語.flac", "audio.flac"),
        ('a"b\\c.wav', "a_b_c.wav"),
    ],
)
def test_a_plain_name_and_the_true_one(name: str, plain: str) -> None:
    header = content_disposition(name)
    first, _, true = header.partition("; filename*=UTF-8''")
    assert first == f'attachment; filename="{plain}"'
    assert unquote(true) == name


@given(st.text(min_size=1))
def test_no_name_can_break_the_header(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("", False),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ('"b"', False),
        ("*", True),
    ],
)
def test_what_a_client_has_already(said: str, *, known: bool) -> None:
    assert etag_matches(said, '"a"') is known


def test_every_format_has_a_media_type() -> None:
    assert set(MEDIA_TYPES) == set(FORMATS)
    assert media_type_of("Song.OPUS") == "audio/ogg"
    assert media_type_of("no ending") == "audio/*"
