"""JSON lines: the same options, the same reasons, and no surprises from JSON."""

from typing import Any

import pytest

from ytaudio_daemon.dropfile import DropKind, DropLine, parse, render_line
from ytaudio_daemon.urls import Link

URL = '"url": "https://youtu.be/AAAAAAAAAAA"'


def entries(text: str) -> list[DropLine]:
    return list(parse(text.encode(), DropKind.JSONL))


def test_an_object_a_line() -> None:
    text = f'\ufeff{{{URL}}}\n\n# comment\n{{{URL}, "format": "mp3", "priority": -3, "tag": {{"artist": "x\\ny", "track": 3}}, "tag.title": " t "}}'
    plain, rich = entries(text)
    assert (plain.line, plain.link, plain.layer) == (1, Link("AAAAAAAAAAA"), {})
    assert (rich.line, rich.code) == (4, None)
    assert rich.layer == {
        "format": "mp3",
        "priority": -3,
        "tag.artist": "x y",
        "tag.track": "3",
        "tag.title": "t",
    }


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("hello", "not_a_url"),
        ("https://youtu.be/AAAAAAAAAAA", "not_a_url"),
        ("[]", "not_a_url"),
        ('"x"', "not_a_url"),
        ("{}", "not_a_url"),
        ("{", "not_a_url"),
        ('{"url": null}', "not_a_url"),
        ('{"url": ["https://youtu.be/AAAAAAAAAAA"]}', "not_a_url"),
        ('{"url": "https://vimeo.com/1"}', "unsupported_site"),
        ('{"url": "\\ud800"}', "not_a_url"),
        (f'{{{URL}, "codec": "x"}}', "unknown_option"),
        (f'{{{URL}, "tag": {{"mood": "x"}}}}', "unknown_option"),
        (f'{{{URL}, "tag": "x"}}', "unknown_option"),
        (f'{{{URL}, "": 1}}', "unknown_option"),
        (f'{{{URL}, "format": null}}', "bad_option"),
        (f'{{{URL}, "format": ["mp3"]}}', "bad_option"),
        (f'{{{URL}, "bitrate": true}}', "bad_option"),
        (f'{{{URL}, "priority": 1.0}}', "bad_option"),
        (f'{{{URL}, "priority": true}}', "bad_option"),
        (f'{{{URL}, "tag.title": false}}', "bad_option"),
        (f'{{{URL}, "format": "flac", "bitrate": "96k"}}', "bad_option"),
        (f'{{{URL}, "format": "mp3", "format": "mp3"}}', "bad_option"),
        (f'{{{URL}, "tag": {{"title": "x"}}, "tag.title": "y"}}', "bad_option"),
        (f'{{{URL}, "priority": NaN}}', "not_a_url"),
        (f'{{{URL}, "priority": Infinity}}', "not_a_url"),
        (f'{{{URL}, "priority": 1e999}}', "bad_option"),
        (f'{{{URL}, "priority": {"9" * 5000}}}', "not_a_url"),
        (f'{{{URL}, "priority": {"9" * 4000}}}', "bad_option"),
        ("[" * 8000, "not_a_url"),
        ('{"a":' * 1600, "not_a_url"),
        ('{"url": "' + "x" * 9000 + '"}', "line_too_long"),
    ],
)
def test_a_refused_line_says_why_and_its_neighbours_go_on(line: str, code: str) -> None:
    good = f"{{{URL}}}"
    before, refused, after = entries(f"{good}\n{line}\n{good}\n")
    assert (before.code, refused.code, after.code) == (None, code, None)
    assert refused.message.isprintable()


def test_a_refused_line_keeps_its_link_and_good_options() -> None:
    (entry,) = entries(f'{{{URL}, "format": "opus", "codec": "x"}}')
    assert (entry.link, entry.layer) == (Link("AAAAAAAAAAA"), {"format": "opus"})


@pytest.mark.parametrize(
    "options",
    ['"filename": "a\\nformat=flac"', '"tag": {"title": "x\\r# \\u2028\\ud800y"}'],
)
def test_a_value_cannot_break_out_of_its_line(options: str) -> None:
    (entry,) = entries(f"{{{URL}, {options}}}")
    assert entry.link is not None
    line = render_line(entry.link, entry.layer)
    (again,) = parse(line.encode(), DropKind.TEXT)
    layer: Any = entry.layer
    assert (again.layer, again.code) == (layer, None)
