"""The text form: every line becomes what the person meant, or is refused by name."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.dropfile import (
    DropKind,
    DropLine,
    NotADropError,
    parse,
    render_line,
)
from ytaudio_daemon.dropfile.option_syntax import merge_layers
from ytaudio_daemon.model.options import (
    FILENAME_FIELDS,
    FORMATS,
    QUALITIES,
    TAGS,
    OptionError,
    check_option,
    refuse_contradictions,
)
from ytaudio_daemon.urls import Link

A = "https://youtu.be/AAAAAAAAAAA"
B = "https://youtu.be/BBBBBBBBBBB"


def entries(text: str | bytes) -> list[DropLine]:
    data = text.encode() if isinstance(text, str) else text
    return list(parse(data, DropKind.TEXT))


def one(text: str | bytes) -> DropLine:
    (entry,) = entries(text)
    return entry


def ids(text: str | bytes) -> list[str | None]:
    return [entry.link.video_id if entry.link else None for entry in entries(text)]


def test_the_example_of_the_manual() -> None:
    text = (
        "# a comment; blank lines are free.\n"
        "\n"
        "format=opus quality=bestaudio            # for the lines below\n"
        f"{A}\n"
        "www.youtube.com/watch?v=BBBBBBBBBBB&list=PLx&si=y   format=flac "
        'tag.artist="Nina Simone"\n'
        '    tag.title="Feeling Good"\n'
        "Some title shared from a phone https://youtu.be/CCCCCCCCCCC\n"
    )
    first, second, third = entries(text)
    assert (first.line, second.line, third.line) == (4, 5, 7)
    assert first.layer == third.layer == {"format": "opus", "quality": "bestaudio"}
    assert second.layer == {
        "format": "flac",
        "quality": "bestaudio",
        "tag.artist": "Nina Simone",
        "tag.title": "Feeling Good",
    }
    assert [entry.code for entry in (first, second, third)] == [None] * 3
    assert third.link == Link("CCCCCCCCCCC")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    data = end.join(["# Ä", A, "", f"Träne\u2028\x0b\x85 {B}"]).encode(encoding)
    assert [(e.line, e.link) for e in entries(data)] == [
        (2, Link("AAAAAAAAAAA")),
        (4, Link("BBBBBBBBBBB")),
    ]


def test_utf_16_big_endian_with_a_cut_last_character() -> None:
    data = b"\xfe\xff" + f"{A}\n{B}\n".encode("utf-16-be") + b"\x00"
    assert ids(data)[:2] == ["AAAAAAAAAAA", "BBBBBBBBBBB"]


def test_invalid_bytes_spoil_their_own_words_only() -> None:
    assert ids(b"Caf\xe9 " + A.encode()) == ["AAAAAAAAAAA"]
    entry = one(A.encode() + b" tag.title=Caf\xe9")
    assert (entry.code, dict(entry.layer)) == ("bad_option", {})
    assert "UTF-8" in entry.message


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 4,
        A.encode("utf-16-le"),
        A.encode() + b"\n" + bytes(5000),
        b"\xff\xfe" + bytes(100),
    ],
)
def test_binary_data_is_no_drop_and_that_is_said_at_once(data: bytes) -> None:
    with pytest.raises(NotADropError, match="UTF-8"):
        parse(data, DropKind.TEXT)


@pytest.mark.parametrize(
    "line",
    [
        f"<{A}>",
        f"({A}),",
        f"[a song]({A})",
        f"Don't \"stop {A}.",
        f"歌「曲」{A}",
        f"\u200b{A}\u200b",
        f"\ufeff  {A}  \t",
        f"look: youtu.be/AAAAAAAAAAA # {B}",
        f"- {A}",
        f"3. {A}",
        f"C#major {A}",
    ],
)
def test_a_link_is_found_among_words(line: str) -> None:
    entry = one(line)
    assert (entry.link, entry.code) == (Link("AAAAAAAAAAA"), None)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("hello", "not_a_url", "no link"),
        (f"song #1 {A}", "not_a_url", "comment"),
        ("vimeo.com/1", "unsupported_site", "vimeo.com"),
        ("spotify://track/1", "not_a_url", "spotify"),
        ("see https://www.youtube.com/@name", "not_a_video", "single videos"),
        ("https://youtu.be/short", "bad_video_id", "11"),
        (f"{A} codec=x", "unknown_option", "codec"),
        ("foo=bar", "unknown_option", "foo"),
        ("format=mp4", "bad_option", "mp3"),
        (f"{A} great", "bad_option", "great"),
        (f"{A} {B}", "bad_option", "line of its own"),
        (f"{A} youtu.be/BBBBBBBBBBB", "bad_option", "line of its own"),
        (f"format=flac {A}", "bad_option", "before the link"),
        (f"words format=flac {A}", "bad_option", "before the link"),
        (f"{A} format=mp3 format=mp3", "bad_option", "twice"),
        (f'{A} tag.title="open', "bad_option", "quotes"),
        (f'{A} tag.title="a"b', "bad_option", "quotes"),
        (f"{A} tag.title=", "bad_option", "tag.title"),
        (f"{A} format=flac bitrate=192k", "bad_option", "lossless"),
        (f"{A} filename=%(title)500000000s", "bad_option", "filename"),
        (f"{A} " + "x" * 9000, "line_too_long", "8 KiB"),
    ],
)
def test_a_refused_line_says_why_and_its_neighbours_go_on(
    line: str, code: str, words: str
) -> None:
    before, refused, after = entries(f"{B}\n{line}\n{B}\n")
    assert (before.code, refused.code, after.code) == (None, code, None)
    assert words in refused.message
    assert (before.layer, after.layer) == ({}, {})
    assert refused.line == 2


def test_a_refused_line_keeps_its_link_and_good_options() -> None:
    entry = one(f"{A} format=opus codec=x priority=3")
    assert entry.link == Link("AAAAAAAAAAA")
    assert entry.layer == {"format": "opus", "priority": 3}
    assert one(f"{A} format=flac bitrate=192k").layer == {"format": "flac"}


def test_indented_lines_go_on_with_the_link_above() -> None:
    entry, other = entries(
        f"{A} format=opus\n\n\ttag.title=x # c\n  # c\n  priority=2\n {B}\n"
    )
    assert entry.layer == {"format": "opus", "tag.title": "x", "priority": 2}
    assert (other.line, other.layer) == (6, {})


@pytest.mark.parametrize(
    "more", ["codec=x", "format=mp3", "bitrate=96k", "some words", 'tag.title="x']
)
def test_a_bad_indented_line_refuses_its_link(more: str) -> None:
    entry, other = entries(f"{A} format=flac\n  tag.album=y\n  {more}\n{B}\n")
    assert entry.code in {"bad_option", "unknown_option"}
    assert entry.message.startswith("line 3")
    assert entry.layer == {"format": "flac", "tag.album": "y"}
    assert other.code is None


def test_every_link_has_its_own_indented_lines() -> None:
    first, second = entries(f"{A}\n  tag.title=x\n{B}\n  tag.album=y\n")
    assert first.layer == {"tag.title": "x"}
    assert second.layer == {"tag.album": "y"}


def test_the_first_reason_stays() -> None:
    entry = one(f"{A} codec=x\n  format=mp4\n  words\n")
    assert (entry.code, entry.message[:20]) == (
        "unknown_option",
        "unknown option 'code",
    )
    assert one(f"{A}\n  format=mp4\n  words\n").message.startswith("line 2")


def test_a_link_inside_a_value_is_no_link() -> None:
    text = f"tag.comment=https://youtu.be/CCCCCCCCCCC\n{A}\n  tag.album='{B} # 1'\n"
    assert one(text).layer == {
        "tag.comment": "https://youtu.be/CCCCCCCCCCC",
        "tag.album": f"{B} # 1",
    }


def test_option_lines_hold_for_the_lines_below_and_all_or_nothing() -> None:
    text = f"bitrate=96k\n{A}\nformat=flac\n{A}\nformat=opus codec=x\n{A} format=mp3\n"
    first, second, refused, last = entries(text)
    assert first.layer == {"bitrate": "96k"}
    assert second.layer == {"format": "flac"}
    assert (refused.line, refused.link, refused.code) == (5, None, "unknown_option")
    assert last.layer == {"format": "mp3", "bitrate": "96k"}


def test_an_indented_first_option_line_is_a_default() -> None:
    assert one(f"  FORMAT=Opus\n{A}").layer == {"format": "opus"}


def test_a_bad_line_shows_no_secrets_and_no_control_characters() -> None:
    entry = one("https://me:secret@youtu.be/AAAAAAAAAAA \x1b[31m\u202e" + "x" * 600)
    assert "secret" not in entry.text + entry.message
    assert entry.text.isprintable()
    assert len(entry.text) == 500
    entry = one(f"{A} https://me:secret@youtu.be/BBBBBBBBBBB")
    assert "secret" not in entry.text + entry.message


def test_a_line_of_ten_megabytes_costs_no_memory() -> None:
    data = b"\n".join([A.encode(), b"x" * 10_000_000, A.encode(), b"y" * 8193, b""])
    tracemalloc.start()
    codes = [entry.code for entry in entries(data)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert codes == [None, "line_too_long", None, "line_too_long"]
    assert peak < 1_000_000


def test_a_big_file_is_read_as_it_is_asked_for() -> None:
    data = f"{A}\n{B} format=flac\n".encode() * 100_000
    tracemalloc.start()
    count = sum(1 for _ in zip(parse(data, DropKind.TEXT), range(20_000), strict=False))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 1_000_000


@pytest.mark.parametrize(
    "line",
    [
        "a" * 8192,
        "a." * 4096,
        "a=" * 4096,
        'a="' * 2700,
        "a=' b=\" " * 1170,
        '""' * 4096,
        'tag.title="' + '""' * 4000,
        f"{A} " + 'a="" ' * 1600,
        "https://" * 1000,
        "www." * 2000,
        " #" * 4000,
        "(" * 8000,
        "//@" * 2700,
    ],
)
def test_no_line_takes_long(line: str) -> None:
    """Five times what they need; a quadratic pattern would take minutes."""
    assert len(entries(f"{line}\n" * 40)) <= 41


_LINES = st.sampled_from(
    [
        *(A, f"  {A}", f"x {B} y", "format=opus", "  format=mp3", "format=", "x=y"),
        *("hello", "  hello", "#c", " # c", "", "  ", "\t", "\x0c", "\u2028", "\ufeff"),
        *("x" * 9000, " " * 9000, "  " + "x" * 9000, "#" * 9000, "\ufeff# c", "\x1c#"),
    ]
)


@given(st.lists(st.one_of(_LINES, st.text(max_size=20)), max_size=12))
def test_every_line_is_accounted_for_exactly_once(lines: list[str]) -> None:
    """Lines are told apart here by their first words only, not by the parser."""
    text = "\n".join(lines)
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    try:
        found = entries(text.encode("utf-8", "replace"))
    except NotADropError:
        return
    numbers = [entry.line for entry in found]
    assert numbers == sorted(set(numbers))
    for number, row in enumerate(rows, 1):
        bare = row.lstrip("\ufeff").strip()
        says_something = bool(bare) and not bare.startswith("#")
        if number in numbers:
            assert says_something or len(row) > 8192
        elif says_something:
            is_option_line = "=" in bare and "://" not in bare
            is_indented = row.lstrip("\ufeff")[0].isspace()
            goes_on = is_indented and any(n < number for n in numbers)
            assert is_option_line or goes_on


@given(st.binary(max_size=300), st.sampled_from(DropKind))
def test_no_bytes_break_it(data: bytes, kind: DropKind) -> None:
    try:
        found = list(parse(data, kind))
    except NotADropError:
        return
    for entry in found:
        assert entry.text.isprintable()
        assert (entry.code is None) == (entry.message == "")
        assert entry.link is not None or entry.code is not None


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
_TRICKY = st.text(st.sampled_from("\"'# =ab\\“”%\t\n�"), min_size=1, max_size=12)
_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "format": st.sampled_from(FORMATS),
        "quality": st.sampled_from(QUALITIES),
        "bitrate": st.sampled_from(["16k", "192", "512 kbit/s"]),
        "priority": st.integers(-10, 10),
        "filename": st.one_of(
            _TRICKY,
            st.lists(
                st.sampled_from([f"%({name})s" for name in FILENAME_FIELDS] + [" - "])
            ).map("".join),
        ),
        **{f"tag.{name}": st.one_of(_WORDS, _TRICKY) for name in TAGS},
    },
)


@given(_OPTIONS, st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True))
def test_what_is_written_is_read_back(wanted: dict[str, Any], video_id: str) -> None:
    layer: dict[str, Any] = {}
    for key, value in wanted.items():
        try:
            layer[key] = check_option(key, value)
        except OptionError:
            continue
    layer = dict(merge_layers({}, layer))
    refuse_contradictions(layer)
    line = render_line(Link(video_id), layer)
    entry = one(f"# reason\n{line}\n")
    assert (entry.link, entry.layer, entry.code) == (Link(video_id), layer, None)


@pytest.mark.parametrize(
    "quotes", ["\"'" * 250, '"' * 500, "'" * 500, "é " * 249 + "é"]
)
def test_the_longest_line_that_can_be_written_is_read_back(quotes: str) -> None:
    layer = {f"tag.{name}": quotes for name in TAGS}
    layer |= {"filename": quotes[:199] + "x", "format": "opus", "quality": "worstaudio"}
    entry = one(render_line(Link("A" * 11), layer))
    assert (entry.layer, entry.code) == (layer, None)
