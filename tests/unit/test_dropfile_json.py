"""JSON lines: the same options, the same reasons, and no surprises from JSON."""

import json
import tracemalloc
from typing import Any

import pytest

from ytaudio_daemon.dropfile import DropKind, DropLine, parse, render_line
from ytaudio_daemon.model import Options
from ytaudio_daemon.model.options import effective_options
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
        ('{"url": "https://vimeo.com/1"}', "unsupported_site"),
        ('{"url": "\\ud800"}', "not_a_url"),
        (f'{{{URL}, "formt": "x"}}', "unknown_option"),
        (f'{{{URL}, "options": {{"formt": "x"}}}}', "unknown_option"),
        (f'{{{URL}, "format": ""}}', "bad_option"),
        (f'{{{URL}, "filename": "%(artist)s/%(title)s"}}', "bad_option"),
        ('{"url": "https://yewtu.be/watch?v=AAAAAAAAAAA"}', "mirror"),
        ('{"url": "dQw4w9WgXcQ"}', "bare_id"),
        ('{"url": "https://youtu.be/AAAAAAAAAAA"', "not_a_url"),
        (f'{{{URL}, "tag": {{"mood": "x"}}}}', "unknown_option"),
        (f'{{{URL}, "tag": "x"}}', "unknown_option"),
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


@pytest.mark.parametrize(
    "line",
    [
        '"https://youtu.be/AAAAAAAAAAA"',
        '["https://youtu.be/AAAAAAAAAAA"],',
        '{"url": ["https://youtu.be/AAAAAAAAAAA"]}',
        '{"URL": "https://youtu.be/AAAAAAAAAAA"},',
        f'{{{URL}, "title": "x", "artist": "y", "codec": "z", "": 1}}',
        f'{{{URL}, "format": null, "tag": null, "bitrate": null}}',
        '{"webpage_url": "https://youtu.be/AAAAAAAAAAA", "url": "https://r1.example/x"}',
        '{"ie_key": "Youtube", "id": "AAAAAAAAAAA", "url": "AAAAAAAAAAA"}',
        f'{{"_type": "url", {URL}, "format": "251 - audio only", "quality": 3}}',
        f'{{{URL}, "description": "https://youtu.be/BBBBBBBBBBB"}}',
        '{"videoId": "AAAAAAAAAAA", "title": "x"}',
    ],
)
def test_what_others_write_is_taken_without_options(line: str) -> None:
    (entry,) = entries(line)
    assert (entry.link, entry.code) == (Link("AAAAAAAAAAA"), None)
    assert entry.layer == {}


def test_the_options_of_a_job_go_back_in() -> None:
    options = Options(tags={"artist": "Nina Simone"}, bitrate=None, format="opus")
    job = {"id": "x", "url": "https://youtu.be/AAAAAAAAAAA", "title": "t"}
    flat = {"url": job["url"], **options.to_json()}
    for given in (flat, {**job, "options": options.to_json()}):
        (entry,) = entries(json.dumps(given))
        assert effective_options("192k", entry.layer) == options


def test_several_links_of_a_line_are_parts() -> None:
    found = entries('["https://youtu.be/AAAAAAAAAAA", "https://youtu.be/BBBBBBBBBBB"]')
    assert [(e.place, e.link) for e in found] == [
        ("1.1", Link("AAAAAAAAAAA")),
        ("1.2", Link("BBBBBBBBBBB")),
    ]


def test_a_broken_line_keeps_its_link() -> None:
    (entry,) = entries('{"url": "https://youtu.be/AAAAAAAAAAA", "format":')
    assert (entry.code, entry.link) == ("not_a_url", Link("AAAAAAAAAAA"))


def test_a_long_line_of_yt_dlp_is_fine() -> None:
    line = json.dumps({"_type": "video", "webpage_url": "https://youtu.be/AAAAAAAAAAA"})
    (entry,) = entries(line[:-1] + ', "formats": "' + "x" * 100_000 + '"}')
    assert (entry.link, entry.code) == (Link("AAAAAAAAAAA"), None)


def test_links_in_comments_are_switched_off() -> None:
    (entry,) = entries('# {"url": "https://youtu.be/AAAAAAAAAAA"}')
    assert (entry.is_switched_off, entry.link) == (True, Link("AAAAAAAAAAA"))


def document(text: str) -> list[tuple[str, str | None, str | None]]:
    return [
        (e.place, e.link.video_id if e.link else None, e.code)
        for e in parse(text.encode(), DropKind.JSON)
    ]


def test_a_document_gives_its_links_with_their_lines() -> None:
    text = f"""[
  {{{URL}, "format": "opus"}},
  "https://youtu.be/BBBBBBBBBBB", "https://youtu.be/short",

  {{"items": [{{"link": "https://youtu.be/CCCCCCCCCCC"}}]}}
]"""
    assert document(text) == [
        ("2", "AAAAAAAAAAA", None),
        ("3.1", "BBBBBBBBBBB", None),
        ("3.2", None, "bad_video_id"),
        ("5", "CCCCCCCCCCC", None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        f'[{{{URL}}}, {{"url": "https://youtu.be/BBBBBBBBBBB"',
        f'[{{{URL}}}, {{"url": "https://youtu.be/BBBBBBBBBBB"}},]',
        f'{{{URL}}} {{"url": "https://youtu.be/BBBBBBBBBBB"}}',
        f'[{{{URL}, "url": "https://youtu.be/BBBBBBBBBBB"}}]',
        f'[{{{URL}}}, "https://youtu.be/BBBBBBBBBBB\\',
    ],
)
def test_a_broken_document_gives_what_it_has(text: str) -> None:
    assert [video for _, video, _ in document(text)] == ["AAAAAAAAAAA", "BBBBBBBBBBB"]


def test_a_document_called_lines_is_read_as_one() -> None:
    text = f"[\n{{{URL}}},\n{{\n{URL}\n}}\n]"
    assert [e.line for e in entries(text)] == [2, 4]


def test_a_big_document_is_read_piece_by_piece() -> None:
    def written(count: int) -> bytes:
        return ("[" + f"{{{URL}}},\n" * count + "]").encode()

    # What is made once, however long a document is, is made by this one.
    assert sum(1 for _ in parse(written(2_000), DropKind.JSON)) == 2_000
    data = written(6_000)
    tracemalloc.start()
    assert sum(1 for _ in parse(data, DropKind.JSON)) == 6_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 800_000  # the entries alone would be three times that


def test_a_refused_line_keeps_its_link_and_good_options() -> None:
    (entry,) = entries(f'{{{URL}, "format": "opus", "formt": "x"}}')
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


@pytest.mark.parametrize(
    "fields",
    [
        '"note": "better: https://youtu.be/BBBBBBBBBBB"',
        '"comments": [{"url": "https://youtu.be/BBBBBBBBBBB?t=3"}, "x"]',
        '"https://youtu.be/BBBBBBBBBBB": "x"',
        '"options": {"format": "mp3"}, "see": ["https://youtu.be/BBBBBBBBBBB"]',
    ],
)
def test_another_video_in_an_object_with_a_link_counts_too(fields: str) -> None:
    line = f'{{{URL}, "format": "mp3", {fields}}}'
    found = entries(line)
    assert [(entry.place, entry.link, entry.layer) for entry in found] == [
        ("1.1", Link("AAAAAAAAAAA"), {"format": "mp3"}),
        ("1.2", Link("BBBBBBBBBBB"), {"format": "mp3"}),
    ]
    assert sorted(video for _, video, _ in document(line) if video) == [
        "AAAAAAAAAAA",
        "BBBBBBBBBBB",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        '"description": "https://youtu.be/BBBBBBBBBBB"',
        '"tags": {"comment": "https://youtu.be/BBBBBBBBBBB"}',
        '"note": "https://www.youtube.com/@x https://vimeo.com/1 AAAAAAAAAAA"',
        '"title": "Watched https://youtu.be/AAAAAAAAAAA"',
        '"thumbnail": "https://i.ytimg.com/vi/AAAAAAAAAAA/0.jpg"',
        '"ie_key": "Youtube", "x": "https://youtu.be/BBBBBBBBBBB"',
        '"state": "failed", "options": {}, "hint": "https://youtu.be/BBBBBBBBBBB"',
    ],
)
def test_what_describes_the_video_of_an_object_is_no_link(fields: str) -> None:
    assert [(e.place, e.link, e.code) for e in entries(f"{{{URL}, {fields}}}")] == [
        ("1", Link("AAAAAAAAAAA"), None)
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "x", "description": "https://youtu.be/AAAAAAAAAAA"}',
        '{"url": "https://x.test/", "description": "https://youtu.be/AAAAAAAAAAA"}',
        '[{"https://youtu.be/AAAAAAAAAAA": {"title": "x"}}]',
    ],
)
def test_a_link_counts_wherever_no_video_is_described(text: str) -> None:
    assert [video for _, video, _ in document(text) if video] == ["AAAAAAAAAAA"]


def test_descriptions_from_the_api_of_youtube_are_no_links() -> None:
    text = """{"kind": "youtube#searchResult",
        "id": {"kind": "youtube#video", "videoId": "AAAAAAAAAAA"},
        "snippet": {"description": "https://youtu.be/BBBBBBBBBBB"}}"""
    assert document(text) == [("2", "AAAAAAAAAAA", None)]


@pytest.mark.parametrize(
    "text",
    [
        "{'url': 'https://youtu.be/AAAAAAAAAAA'}",
        "{'url':'https://youtu.be/AAAAAAAAAAA', 'title': 'x'}",
        "{url: https://youtu.be/AAAAAAAAAAA}",
        r"[{'a': ['https:\/\/youtu.be\/AAAAAAAAAAA']}]",
        '{"https://youtu.be/AAAAAAAAAAA"}',
        '{"title": "x", "https://youtu.be/AAAAAAAAAAA"',
    ],
)
def test_a_link_in_the_quotes_of_another_language_counts(text: str) -> None:
    assert document(text) == [("1", "AAAAAAAAAAA", None)]


@pytest.mark.parametrize(
    ("value", "layer"),
    [
        ('"yes"', {"again": "yes"}),
        ("true", {"again": "yes"}),
        ('"once more"', {}),
        ("3", {}),
    ],
)
def test_again_is_an_option_where_it_says_yes_or_no(
    value: str, layer: dict[str, str]
) -> None:
    text = f'{{"url": "https://youtu.be/AAAAAAAAAAA", "again": {value}}}'
    (entry,) = parse(text.encode(), DropKind.JSONL)
    assert (entry.code, entry.layer) == (None, layer)
