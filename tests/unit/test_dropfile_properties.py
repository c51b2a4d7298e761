"""What holds for every drop: no link is lost, nothing is read twice, nothing takes long."""

import contextlib
import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cpu_limits import assert_cpu_below
from tests.link_texts import LINKS, LinkInWords
from ytaudio_daemon.dropfile import (
    MENDED_REMARK,
    REJECT_CODES,
    DropKind,
    DropLine,
    NotADropError,
    parse,
    render_line,
)

A = "https://youtu.be/AAAAAAAAAAA"
B = "https://youtu.be/BBBBBBBBBBB"


def entries(text: str | bytes, kind: DropKind = DropKind.TEXT) -> list[DropLine]:
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return list(parse(data, kind))


_LINES = st.sampled_from(
    [
        *(A, f"  {A}", f"x {B} y", f"{A} {B}", f"{A}{B}", "format=opus", "format="),
        *("  format=mp3", "x=y", "formt=x", "hello", "  hello", "#c", " # c", "", "  "),
        *("\t", "\x0c", "\u2028", "\ufeff", "x" * 9000, " " * 9000, "  " + "x" * 9000),
        *(
            "#" * 9000,
            "\ufeff# c",
            "\x1c#",
            f"# {A}",
            f"#x {A}",
            f"; {A}",
            "dQw4w9WgXcQ",
        ),
        *(f"{A} # {B}", f"  {A} format=mp4", "https://vimeo.com/1", f"<!-- {A} -->"),
    ]
)


@given(st.lists(st.one_of(_LINES, st.text(max_size=20)), max_size=12))
def test_every_line_is_accounted_for(lines: list[str]) -> None:
    """Lines are told apart here by their first words only, not by the parser."""
    text = "\n".join(lines)
    for end in ("\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"):
        text = text.replace(end, "\n")
    try:
        found = entries(text)
    except NotADropError:
        return
    numbers = [entry.line for entry in found]
    assert numbers == sorted(numbers)
    is_binary = False
    for number, row in enumerate(text.split("\n"), 1):
        bare = row.lstrip("\ufeff").strip()
        says_something = bool(bare) and bare[0] not in "#;]"
        if number in numbers:
            is_binary |= any("binary" in e.message for e in found if e.line == number)
        elif says_something and len(row) <= 8192:
            is_option_line = "=" in bare and "://" not in bare
            is_indented = row.lstrip("\ufeff")[0].isspace()
            goes_on = is_indented and any(n < number for n in numbers)
            assert is_option_line or goes_on or is_binary


@given(st.binary(max_size=300), st.sampled_from(DropKind))
def test_no_bytes_break_it(data: bytes, kind: DropKind) -> None:
    try:
        found = entries(data, kind)
    except NotADropError:
        return
    places = [(e.line, e.part or 0) for e in found if not e.is_switched_off]
    assert places == sorted(set(places))
    for entry in found:
        assert entry.text.isprintable()
        is_remark = entry.message == "" or entry.message.startswith(MENDED_REMARK)
        assert (entry.code is None) == is_remark
        assert entry.code is None or entry.code in REJECT_CODES
        assert entry.link is not None or entry.code is not None or entry.is_switched_off


_KINDS = st.sampled_from(
    [DropKind.TEXT, DropKind.MARKDOWN, DropKind.TABLE, DropKind.M3U]
)


@given(LINKS, _KINDS)
def test_every_link_of_a_text_ends_somewhere(
    links: list[LinkInWords], kind: DropKind
) -> None:
    text = "".join(
        f"{words} {form(video)}{separator}" for words, form, video, separator in links
    )
    told = {entry.link.video_id for entry in entries(text, kind) if entry.link}
    assert {video for _, _, video, _ in links} <= told


@given(LINKS)
def test_every_link_of_a_page_ends_somewhere(
    links: list[LinkInWords],
) -> None:
    page = "".join(
        f'<li><a href="{form(video)}">{words.replace("<", "")}</a>{separator}'
        for words, form, video, separator in links
    )
    told = {e.link.video_id for e in entries(page, DropKind.HTML) if e.link}
    assert {video for _, _, video, _ in links} <= told


@given(LINKS, st.sampled_from([None, 1]), st.sampled_from(["url", "href", "other"]))
def test_every_link_of_a_document_ends_somewhere(
    links: list[LinkInWords],
    indent: int | None,
    key: str,
) -> None:
    value = {"items": [{"title": words, key: form(v)} for words, form, v, _ in links]}
    text = json.dumps(value, indent=indent)
    for cut in (text, text[:-1], text.replace("}", "},")):
        told = {e.link.video_id for e in entries(cut, DropKind.JSON) if e.link}
        assert {video for _, _, video, _ in links} <= told


def failed_text(found: list[DropLine]) -> str:
    """Write what was refused as `.failed.txt` does, the reason above."""
    lines = []
    for entry in found:
        if entry.code is not None:
            lines.append(f"# line {entry.place}: {entry.message}")
            again = entry.link and render_line(entry.link, entry.layer)
            lines.append(again or f"# {entry.text}")
    return "".join(f"{line}\n" for line in lines)


@given(LINKS, _KINDS)
def test_the_file_of_failed_links_is_taken_as_it_is(
    links: list[LinkInWords], kind: DropKind
) -> None:
    text = "".join(f"{w} {f(v)} format=opus formt=x{s}" for w, f, v, s in links)
    refused = [entry for entry in entries(text, kind) if entry.code is not None]
    again = entries(failed_text(refused))
    assert [entry.code for entry in again if not entry.is_switched_off] == [
        None for entry in refused if entry.link
    ]
    assert failed_text(again) == ""
    assert [(e.link, dict(e.layer)) for e in again if not e.is_switched_off] == [
        (e.link, dict(e.layer)) for e in refused if e.link
    ]


_SIZE = 1 << 14
_NASTY = [
    *(
        "a",
        "a.",
        "a=",
        'a="',
        "a=' b=\" ",
        '""',
        'tag.title="',
        "https://",
        "www.",
        " #",
    ),
    *(
        "(",
        "//@",
        "youtu.be/",
        "https://youtu.be/",
        "=https://a/",
        "%25",
        "\\",
        "&amp;",
    ),
    *(
        "http%3A%2F%2F",
        "watch?v=",
        "/watch?",
        "_",
        "[",
        "{",
        '{"a":',
        '"\\',
        "<a ",
        "<",
    ),
    *(
        "<!--",
        "<script>",
        "x-",
        "ttps:/",
        f"{A}?u=",
        f"{A}/",
        f"{B} format=opus ",
        '","',
    ),
    *(
        "\x00",
        "\x00a",
        "a\x00",
        "#https://",
        "-",
        "h",
        "\ufeff",
        "\n",
        '"\n',
        "\r",
        "é\n",
    ),
    *("tag.title=a ", "formt=x ", "- ", "]", "[dQw4w9WgXcQ]", "dQw4w9WgXcQ,", "'"),
    *(f"# {A}\n", f"{A} # {B}\n", f"{A}{B}", "https://yewtu.be/watch?v=dQw4w9WgXcQ "),
]


def _crafted() -> Iterator[str]:
    """Yield each piece again and again, in one line and in lines."""
    for piece in _NASTY:
        long = piece * (_SIZE // len(piece))
        yield long
        yield "".join(f"{long[:8000]}\n" for _ in range(_SIZE // 8000))


@pytest.mark.parametrize("kind", DropKind)
def test_nothing_takes_long(kind: DropKind) -> None:
    """Some six times what they need; anything quadratic takes seconds."""
    for text in _crafted():

        def reading(text: str = text) -> float:
            start = time.thread_time()
            with contextlib.suppress(NotADropError):
                entries(text, kind)
            return time.thread_time() - start

        assert_cpu_below(0.75, reading)
