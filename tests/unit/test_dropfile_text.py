"""The text form: every line becomes what the person meant, or is refused by name."""

import tracemalloc
from contextlib import suppress
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
from ytaudio_daemon.dropfile.option_syntax import add_option, merge_layers
from ytaudio_daemon.model.filename_fields import FILENAME_FIELDS
from ytaudio_daemon.model.options import (
    FORMATS,
    QUALITIES,
    TAGS,
    OptionError,
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
    data = end.join(["# Ä", A, "", f"Träne {B}"]).encode(encoding)
    assert [(e.line, e.link) for e in entries(data)] == [
        (2, Link("AAAAAAAAAAA")),
        (4, Link("BBBBBBBBBBB")),
    ]


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_soft_line_end_ends_a_line(encoding: str, end: str) -> None:
    found = entries(f"{A}{end}{B} format=opus{end}\n{A}".encode(encoding))
    assert [(e.line, e.link, dict(e.layer)) for e in found] == [
        (1, Link("AAAAAAAAAAA"), {}),
        (2, Link("BBBBBBBBBBB"), {"format": "opus"}),
        (4, Link("AAAAAAAAAAA"), {}),
    ]


UTF_8 = f"é {A}\r\n".encode()
WIDE = f"é {B}\r\n"


@pytest.mark.parametrize(
    "data",
    [
        UTF_8 + WIDE.encode("utf-16-le"),
        UTF_8 + WIDE.encode("utf-16-be"),
        UTF_8 + WIDE.encode("utf-16"),
        UTF_8 + b"\xef\xbb\xbf" + WIDE.encode(),
        WIDE.encode("utf-16") + UTF_8,
        b"\xfe\xff" + WIDE.encode("utf-16-be") + UTF_8,
        b"\xfe\xff" + WIDE.encode("utf-16-be") + UTF_8 + WIDE.encode("utf-16-be"),
        (UTF_8.decode() + WIDE).encode("utf-16-le"),
    ],
)
def test_files_that_two_programs_wrote_to_lose_no_link(data: bytes) -> None:
    assert {"AAAAAAAAAAA", "BBBBBBBBBBB"} == set(ids(data))


def test_binary_data_behind_good_lines_is_told_once() -> None:
    data = f"{A}\n".encode() + bytes(5000) + b"\n\x01\x02\x03\n" + f"{B}\n".encode()
    first, refused, last = entries(data)
    assert (first.code, refused.code, last.code) == (None, "not_a_url", None)
    assert (refused.line, last.line) == (2, 4)
    assert "binary" in refused.message


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
        bytes(5000) + A.encode(),
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
        f"song #1 {A}",
        f"#shorts {A}",
        f"song # 1 {A}",
        f"#NowPlaying: {A} #music",
        f"{A} | Nina Simone - Feeling Good - YouTube",
        f"{A} great",
        f"{A} codec=x list=yes E=mc2",
        f"Song\t{A}\t3:45",
        f"[{A}]({A})",
        f"{A}<{A}>",
        f"**{A}**",
        f"_{A}_ `x`",
        f"| Song | {A} | 3:45 |",
        f'"Song","{A}","2:58"',
        f'=HYPERLINK("{A}";"Song")',
        f"url={A}",
        f'<a href="{A}">Song</a>',
        f"title,{A},and more",
        f"{A} via @YouTube https://www.youtube.com/watch?v=AAAAAAAAAAA",
        f"[![x](https://img.youtube.com/vi/AAAAAAAAAAA/0.jpg)]({A})",
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
        ("vimeo.com/1", "unsupported_site", "vimeo.com"),
        ("spotify://track/1", "not_a_url", "spotify"),
        ("https://www.youtube.com/@name list=no", "not_a_video", "list=no takes none"),
        ("https://www.youtube.com/results?search_query=x", "endless", "no end"),
        (f"{A} items=1-3", "bad_option", "one video"),
        ("https://www.youtube.com/@name items=5-2", "bad_option", "lower one first"),
        ("https://www.youtube.com/@name since=2026-02-30", "bad_option", "day"),
        ("https://youtu.be/short", "bad_video_id", "11"),
        ("foo=bar", "not_a_url", "no link"),
        ("---", "not_a_url", "no link"),
        (f"{A} formt=mp3", "unknown_option", "did you mean format?"),
        (f"{A} tag.titel=x", "unknown_option", "did you mean tag.title?"),
        (f"{A} artist=x", "unknown_option", "did you mean tag.artist?"),
        (f"{A} tag.mood=x", "unknown_option", "known"),
        (f"Prio=5 {A}", "unknown_option", "did you mean priority?"),
        ("formt=mp3", "unknown_option", "did you mean format?"),
        (f"{A} format = mp3", "bad_option", "without spaces"),
        (f"{A} tag.title=Feeling Good", "bad_option", "straight quotes"),
        (f"{A} tag.title=“Feeling Good”", "bad_option", "straight"),
        (f'{A} filename="%(artist)s/%(title)s"', "bad_option", "folders"),
        ("https://yewtu.be/watch?v=AAAAAAAAAAA", "mirror", "watch?v=AAAAAAAAAAA"),
        ("dQw4w9WgXcQ", "bare_id", "watch?v=dQw4w9WgXcQ"),
        ("youtube dQw4w9WgXcQ", "bare_id", "watch?v=dQw4w9WgXcQ"),
        ("Song [dQw4w9WgXcQ].webm", "bare_id", "watch?v=dQw4w9WgXcQ"),
        ("yt-dlp dQw4w9WgXcQ", "bare_id", "watch?v=dQw4w9WgXcQ"),
        ("$ yt-dlp -x dQw4w9WgXcQ -o x", "bare_id", "watch?v=dQw4w9WgXcQ"),
        ("words dQw4w9WgXcQ", "not_a_url", "no link"),
        ("Soundtracks", "not_a_url", "titles are not searched for"),
        ("ytsearch3:nina simone", "not_a_url", "searches are not supported"),
        ("ytsearchdate:nina", "not_a_url", "searches are not supported"),
        ("@NinaSimone", "not_a_url", "https://www.youtube.com/@NinaSimone"),
        ("PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf", "not_a_url", "playlist?list=PLrAX"),
        ("UCx0L2ZdYfiq-tsAXb8IXpQg", "not_a_url", "/channel/UCx0L2Zd"),
        ("Format = mp3", "bad_option", "write format=VALUE, without spaces"),
        ("format=mp4", "bad_option", "mp3"),
        ("format=flac is the best", "bad_option", "'is'"),
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
    entry = one(f"{A} format=opus formt=x priority=3")
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
    "more", ["formt=x", "format=mp3", "bitrate=96k", 'tag.title="x']
)
def test_a_bad_indented_line_refuses_its_link(more: str) -> None:
    entry, other = entries(f"{A} format=flac\n  tag.album=y\n  {more}\n{B}\n")
    assert entry.code in {"bad_option", "unknown_option"}
    assert entry.message.startswith("line 3")
    assert entry.layer == {"format": "flac", "tag.album": "y"}
    assert other.code is None


@pytest.mark.parametrize("more", ["some words", "codec=x", "# note", "Artist -- Title"])
def test_an_indented_line_without_an_option_is_words(more: str) -> None:
    entry, other = entries(f"{A} format=flac\n  {more}\n  tag.album=y\n{B}\n")
    assert (entry.code, other.code) == (None, None)
    assert entry.layer == {"format": "flac", "tag.album": "y"}


def test_words_and_options_may_share_an_indented_line() -> None:
    assert one(f"{A}\n  a song priority=2 of hers\n").layer == {"priority": 2}


def test_several_links_on_a_line_are_parts_with_the_same_options() -> None:
    found = entries(f"one {A}, format=opus two {B} priority=1\n  tag.album=x\n{A}\n")
    assert [(e.line, e.part, e.place) for e in found] == [
        (1, 1, "1.1"),
        (1, 2, "1.2"),
        (3, None, "3"),
    ]
    layer = {"format": "opus", "priority": 1, "tag.album": "x"}
    assert found[0].layer == found[1].layer == layer
    assert found[2].layer == {}
    assert found[1].text == f"{B} format=opus priority=1 tag.album=x"


def test_of_several_links_the_bad_ones_are_refused_alone() -> None:
    found = entries(f"https://vimeo.com/1 {A} youtu.be/short vimeo.com/2")
    assert [e.code for e in found] == [
        "unsupported_site",
        None,
        "bad_video_id",
        "unsupported_site",
    ]


def test_a_bad_option_refuses_all_links_of_its_line() -> None:
    found = entries(f"{A} {B} format=mp4")
    assert [(e.link, e.code) for e in found] == [
        (Link("AAAAAAAAAAA"), "bad_option"),
        (Link("BBBBBBBBBBB"), "bad_option"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        f"{A}{B}",
        f"{A}?si=abcd{B}",
        "youtu.be/AAAAAAAAAAAyoutu.be/BBBBBBBBBBB",
        "www.youtube.com/watch?v=AAAAAAAAAAAwww.youtube.com/watch?v=BBBBBBBBBBB",
        f"{A}&list=PLx{B}",
        f"{A},{B}",
        f"{A};{B}",
        f"{A}#{B}",
        f"{A}+{B}",
        f"{A}|{B}",
        f"[{A}]({B})",
        f"{A}\\n{B}",
        f"{A}%20https%3A%2F%2Fyoutu.be%2FBBBBBBBBBBB",
        f"https://www.google.com/url?q={A}{B}",
        f"https://x.example/?a={A}&b={B}",
    ],
)
def test_links_glued_together_are_two(line: str) -> None:
    assert ids(line) == ["AAAAAAAAAAA", "BBBBBBBBBBB"]


def off(text: str) -> list[tuple[int, str | None]]:
    return [
        (e.line, e.link.video_id if e.link else None)
        for e in entries(text)
        if e.is_switched_off
    ]


@pytest.mark.parametrize(
    "comment",
    [
        *(f"# {A}", f"#{A}", f"## {A}", "#youtu.be/AAAAAAAAAAA", f"#<{A}>"),
        *(f"; {A}", f";{A}", f"] {A}", f"]{A}", f"  # note {A}"),
        *(f"// {A}", f"-- {A}", f"<!-- {A} -->", f"REM {A}", f"' {A}"),
    ],
)
def test_a_link_in_a_comment_is_switched_off_and_told(comment: str) -> None:
    text = f"{B}\n{comment}\n{B}\n"
    assert [e.is_switched_off for e in entries(text)] == [False, True, False]
    assert off(text) == [(2, "AAAAAAAAAAA")]


@pytest.mark.parametrize("comment", ["# note", "#note", ";", "; x", "] x", "##", "#"])
def test_a_comment_without_a_link_is_not_told(comment: str) -> None:
    assert entries(comment) == []


def test_a_comment_behind_a_link_may_switch_off_others() -> None:
    live, other = entries(f"look: youtu.be/AAAAAAAAAAA # not {B} format=opus")
    assert (live.link, live.part, live.layer) == (Link("AAAAAAAAAAA"), None, {})
    assert (other.link, other.is_switched_off) == (Link("BBBBBBBBBBB"), True)
    assert ids(f"{A} #shorts {B}") == ["AAAAAAAAAAA", "BBBBBBBBBBB"]
    assert off(f"format=opus # {A}") == [(1, "AAAAAAAAAAA")]


def test_comments_do_not_part_a_link_from_its_indented_lines() -> None:
    entry, other = entries(f"{A}\n# {B}\n  format=opus\n")
    assert (entry.layer, other.is_switched_off) == ({"format": "opus"}, True)


def test_thousands_of_comments_are_not_held_back() -> None:
    found = parse((f"{A}\n" + f"# {B}\n" * 5000).encode(), DropKind.TEXT)
    tracemalloc.start()
    assert sum(entry.is_switched_off for entry in found) == 5000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize(
    "code", ["unsupported_site", "mirror", "bare_id", "bad_video_id", "line_too_long"]
)
def test_a_refusal_has_a_remedy(code: str) -> None:
    lines = {
        "unsupported_site": "https://vimeo.com/1",
        "mirror": "https://yewtu.be/watch?v=AAAAAAAAAAA",
        "bare_id": "dQw4w9WgXcQ",
        "bad_video_id": "https://youtu.be/short",
        "line_too_long": "x" * 9000,
    }
    entry = one(lines[code])
    assert (entry.code, bool(entry.remedy)) == (code, True)
    assert one(A).remedy == ""


def test_every_link_has_its_own_indented_lines() -> None:
    first, second = entries(f"{A}\n  tag.title=x\n{B}\n  tag.album=y\n")
    assert first.layer == {"tag.title": "x"}
    assert second.layer == {"tag.album": "y"}


def test_the_first_reason_stays() -> None:
    entry = one(f"{A} formt=x\n  format=mp4\n  words\n")
    assert (entry.code, entry.message[:20]) == (
        "unknown_option",
        "unknown option 'form",
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
    _, entry = entries(f"{A} https://me:secret@youtu.be/BBBBBBBBBBB")
    assert "secret" not in entry.text + entry.message


@pytest.mark.parametrize(
    "words",
    [
        "https://x.test/?u=1&access_token=HIDE_ME&t=3",
        "https://www.youtube.com/redirect?redir_token=HIDE_ME",
        "yt-dlp --username me --password HIDE_ME -x",
        "yt-dlp --video-password='HIDE_ME' -x",
        'curl -H "Authorization: Bearer HIDE_ME" -O',
        'curl -H "Cookie: SID=HIDE_ME" -O',
        '{"token": "HIDE_ME"}',
        "https://x.test/?sig=HIDE_ME",
    ],
)
def test_a_secret_beside_a_link_is_not_shown(words: str) -> None:
    found = entries(f"{words} {A}\n{words}\n# {words} {A}\n")
    assert Link("AAAAAAAAAAA") in [entry.link for entry in found]
    assert not any("HIDE_ME" in entry.text + entry.message for entry in found)


@pytest.mark.parametrize("words", ["Secret: a song", "my token, this", "tokens = x"])
def test_words_about_secrets_are_shown(words: str) -> None:
    assert one(f"{words} {A}").text == f"{words} {A}"


def test_a_link_behind_a_number_of_a_line_in_a_comment_is_told() -> None:
    entry = one(f"# line 3: {A}")
    assert (entry.is_switched_off, entry.link) == (True, Link("AAAAAAAAAAA"))


@pytest.mark.parametrize("sign", ["#", ";", "--", "'"])
def test_a_space_of_a_word_processor_makes_a_comment_too(sign: str) -> None:
    assert one(f"{sign}\u00a0{A}").is_switched_off


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("youtube://AAAAAAAAAAA", "bare_id"),
        ("vnd.youtube://AAAAAAAAAAA", "bare_id"),
        ("youtube://watch?v=AAAAAAAAAAA", "bare_id"),
        ("intent://www.youtube.com/watch?v=AAAAAAAAAAA#Intent;end", "mirror"),
    ],
)
def test_a_link_of_an_app_is_refused_with_its_video(address: str, code: str) -> None:
    other, entry = entries(f"{B} {address}")
    assert (other.code, entry.code, entry.link) == (None, code, Link("AAAAAAAAAAA"))
    assert "'www.youtube.com'" not in entry.message


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
        with suppress(OptionError):
            add_option(key, value, layer)
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


def test_again_goes_with_a_video_and_with_a_playlist_and_no_other_word() -> None:
    text = f"{A} again=yes\nagain=no\nhttps://www.youtube.com/@name again=YES\n{A} again=3\n"
    first, second, bad = parse(text.encode(), DropKind.TEXT)
    assert (first.code, first.layer) == (None, {"again": "yes"})
    assert second.collection is not None
    assert (second.code, second.layer) == (None, {"again": "yes"})
    assert (bad.code, bad.message) == (
        "bad_option",
        "again cannot be '3'; allowed: yes no",
    )
