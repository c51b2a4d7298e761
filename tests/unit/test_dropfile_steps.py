"""A crafted document is read in short steps, and is never in memory many times over.

The daemon's loop reads drops between its other work: what it cannot pause in holds up
every session. Entries are counted too: nothing is lost where a document is cut.
"""

import contextlib
import math
import time
import tracemalloc
from collections.abc import Callable

import pytest

from tests.cpu_limits import assert_cpu_below, step_times
from ytaudio_daemon import dropfile
from ytaudio_daemon.dropfile import DropKind, NotADropError

#: Of a document that is read a portion of its text a step: 8 steps.
SIZE = 1 << 17
#: Of one that is read some of its tokens a step.
TOKENS_SIZE = 1 << 16
#: Of CPU: several times what the worst step takes on a quiet machine.
STEP_LIMIT_S = 0.4
#: A step that takes longer than this may take no more than this share of the document's
#: time: without steps, all of it would be in one.
LONG_STEP_S = 0.02
LARGEST_SHARE = 1 / 3
#: Of a document, the largest its objects could be in memory at once is a multiple: its own
#: text, its copies, and what is open of it. The worst takes a fifth of the limit.
MEASURED_SIZE = 1 << 16
MEMORY_LIMIT = 4 << 20


def fill(unit: str, size: int = SIZE) -> str:
    return unit * (size // len(unit) + 1)


def links(separator: str, before: str = "https://youtu.be/", size: int = SIZE) -> str:
    count = size // (11 + len(before + separator))
    return "".join(f"{before}{number:011d}{separator}" for number in range(count))


WIDE = "\ufeff".encode("utf-16-le")
#: Of bytes: what is told apart from text, or read in another encoding.
CRAFTED_BYTES = {
    "zeros": bytes(SIZE * 16),
    "short runs of UTF-16": b"aa a\0a\0a\0a\0 " * (SIZE // 2),
    "runs too short": b"a\0a\0a\0xx" * SIZE,
    "halves of characters": WIDE + b"\x00\xd8" * SIZE,
    "bytes behind halves of characters": WIDE
    + b"\x00\xd8" * SIZE
    + b"https://youtu.be/00000000000",
}


CRAFTED: dict[str, tuple[DropKind, Callable[[], str]]] = {
    "arrays in arrays": (DropKind.JSON, lambda: fill("[", TOKENS_SIZE)),
    "objects in objects": (DropKind.JSON, lambda: fill('{"a":', TOKENS_SIZE)),
    "many values, deep below": (
        DropKind.JSON,
        lambda: '{"a":' * 5_000 + "[" + fill("1,", TOKENS_SIZE),
    ),
    "one object": (DropKind.JSON, lambda: "{" + fill('"a":"b",', TOKENS_SIZE)),
    "keys of one object": (
        DropKind.JSON,
        lambda: "{" + ",".join(f'"{number:x}":1' for number in range(TOKENS_SIZE // 8)),
    ),
    "numbers": (DropKind.JSON, lambda: "[[" + fill("1,", TOKENS_SIZE)),
    "objects": (DropKind.JSON, lambda: "[[" + fill("{},", TOKENS_SIZE)),
    "spaces": (DropKind.JSON, lambda: "[" + fill(" ")),
    "one text": (DropKind.JSON, lambda: '["' + fill("http://a ") + '"]'),
    "one text of escapes": (DropKind.JSON, lambda: '["' + fill("\\u0041") + '"]'),
    "bytes that are no text": (
        DropKind.JSON,
        lambda: "[" + " " * 70_000 + fill("\udcff", 2 * SIZE),
    ),
    "links in a line": (
        DropKind.JSONL,
        lambda: "[" + links(",", '"https://youtu.be/', 250_000),
    ),
    "records in a line": (
        DropKind.JSONL,
        lambda: "[" + links('"},', '{"url":"https://youtu.be/', 250_000) + "0]",
    ),
    "a text in a line": (DropKind.JSONL, lambda: f'"{fill("http://a ", 250_000)}"'),
    "a comment in a line": (DropKind.JSONL, lambda: f"# {fill('http://a ')}"),
    "signs": (DropKind.HTML, lambda: fill("<", TOKENS_SIZE)),
    "a tag": (DropKind.HTML, lambda: "<a " + fill("http://a ") + ">"),
    "tags": (DropKind.HTML, lambda: fill("<a>", TOKENS_SIZE)),
    "a text of a page": (DropKind.HTML, lambda: fill("http://a ")),
    "links of a block": (DropKind.HTML, lambda: links(" ")),
    "a comment of a page": (DropKind.HTML, lambda: "<!--" + fill("http://a ")),
    "rows of a quoted cell": (
        DropKind.TABLE,
        lambda: (f'"{fill("http://a ", 60_000)}\n') * 4,
    ),
}


def assert_short_steps(data: bytes, kind: DropKind) -> None:
    """Fail if one step takes long, or is most of what reading the document takes."""

    def excess() -> float:
        longest, whole = step_times(dropfile.parse_in_steps(data, kind))
        is_most = longest > max(LONG_STEP_S, LARGEST_SHARE * whole)
        return math.inf if is_most else longest

    assert_cpu_below(STEP_LIMIT_S, excess)


@pytest.mark.parametrize("name", CRAFTED)
def test_no_step_takes_long(name: str) -> None:
    kind, make = CRAFTED[name]
    assert_short_steps(make().encode("utf-8", "surrogateescape"), kind)


@pytest.mark.parametrize("name", CRAFTED_BYTES)
def test_no_beginning_takes_long(name: str) -> None:
    """Whether it is a drop at all is known before the first step."""

    def beginning() -> float:
        before = time.thread_time()
        with contextlib.suppress(NotADropError):
            next(dropfile.parse_in_steps(CRAFTED_BYTES[name], DropKind.TEXT), None)
        return time.thread_time() - before

    assert_cpu_below(STEP_LIMIT_S, beginning)


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_what_is_read_in_blocks_is_read_whole(order: str) -> None:
    """UTF-16 without its mark, appended to text, and text appended to UTF-16."""
    count = 12_000
    lines = [f"https://youtu.be/{n:011d}\n" for n in range(count)]
    text, wide = "".join(lines[: count // 2]), "".join(lines[count // 2 :])
    appended = text.encode() + wide.encode(order)
    assert ids_of(appended) == list(range(count))
    marked = f"\ufeff{text}".encode(order) + wide.encode()
    assert ids_of(marked) == list(range(count))


@pytest.mark.parametrize(
    "name", ["arrays in arrays", "objects in objects", "objects", "keys of one object"]
)
def test_a_document_is_not_in_memory_many_times_over(name: str) -> None:
    kind, make = CRAFTED[name]
    data = make()[:MEASURED_SIZE].encode()
    tracemalloc.start()
    for _ in dropfile.parse_in_steps(data, kind):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < MEMORY_LIMIT


def ids_of(data: bytes, kind: DropKind = DropKind.TEXT) -> list[int]:
    entries = dropfile.parse(data, kind)
    return [int(entry.link.video_id) for entry in entries if entry.link]


@pytest.mark.parametrize(
    ("kind", "before", "between", "behind"),
    [
        (DropKind.JSON, '["', " ", '"]'),
        (DropKind.JSON, '{"a":{"b":"', " ", '"}}'),
        (DropKind.JSON, "[[[" * 30 + '"', '","', '"' + "]]]" * 30),
        (DropKind.JSON, '["', '",["', '"'),
        (DropKind.JSON, '[{"b":"', '"},{"b":"', '"}]'),
        (DropKind.JSONL, '"', " ", '"'),
        (DropKind.JSONL, '["', '","', '"]'),
        (DropKind.HTML, "", " ", ""),
        (DropKind.HTML, "<p>", " x\n", "</p>"),
        (DropKind.HTML, "<a title='", " ", "'>"),
        (DropKind.HTML, "<script>" + "x" * (3 << 20) + "</script>", "\n", ""),
    ],
)
def test_no_link_is_lost_or_cut_where_a_long_text_is(
    kind: DropKind, before: str, between: str, behind: str
) -> None:
    count = 3_000
    written = between.join(f"https://youtu.be/{n:011d}" for n in range(count))
    assert ids_of((before + written + behind).encode(), kind) == list(range(count))


def test_an_object_of_many_values_keeps_the_options_of_its_links() -> None:
    items = ",".join(
        f'{{"url":"https://youtu.be/{n:011d}","format":"opus"}}' for n in range(4_000)
    )
    entries = list(dropfile.parse(f'{{"a":{{"b":[{items}]}}}}'.encode(), DropKind.JSON))
    assert len(entries) == 4_000
    assert {entry.layer["format"] for entry in entries} == {"opus"}


#: Of one line without an end: longer than what is decoded in a step by far.
LONG_LINES = {
    "halves of characters": WIDE + b"\x00\xd8" * (SIZE * 16),
    "no UTF-8": b"\xff" * (SIZE * 32),
    "text": b"a" * (SIZE * 32),
}


@pytest.mark.parametrize("kind", [DropKind.TEXT, DropKind.JSONL, DropKind.TABLE])
@pytest.mark.parametrize("name", LONG_LINES)
def test_no_step_takes_long_within_a_line_that_is_passed_over(
    name: str, kind: DropKind
) -> None:
    data = LONG_LINES[name]
    assert_cpu_below(
        STEP_LIMIT_S, lambda: step_times(dropfile.parse_in_steps(data, kind))[0]
    )


def test_the_lines_below_a_long_one_have_their_own_numbers() -> None:
    data = f"{fill('a ', SIZE * 8)}\nhttps://youtu.be/00000000001\n".encode()
    for kind in (DropKind.TEXT, DropKind.TABLE):
        entries = dropfile.parse(data, kind)
        assert [entry.line for entry in entries if entry.link] == [2]
