"""What the torture writes means to the product what the torture thinks it means."""

import random
from collections.abc import Callable, Iterator

import pytest

from torture.files import (
    DEFAULT_FORMAT,
    Drop,
    Wish,
    grown,
    json_file,
    link_file,
    text_file,
)
from torture.plan import Plan
from ytaudio_daemon import dropfile

Write = Callable[[int, list[tuple[str, str]]], tuple[bytes, list[Wish]]]
ASKED = [("AAAAAAAAAAA", "opus"), ("", ""), ("BBBBBBBBBBB", "m4a"), ("", "")] * 3


def understood(name: str, content: bytes) -> Iterator[Wish]:
    kind = dropfile.drop_kind(name)
    assert kind is not None
    for entry in dropfile.parse(content, kind):
        if entry.code is None and entry.link is not None:
            form = str(entry.layer.get("format", DEFAULT_FORMAT))
            yield Wish(line=entry.line, video=entry.link.video_id, format=form)
        else:
            yield Wish(line=entry.line)


@pytest.mark.parametrize(
    ("ending", "write"), [("LIST", text_file), ("jsonl", json_file)]
)
def test_lines(ending: str, write: Write) -> None:
    content, wishes = write(7, ASKED)
    assert list(understood(f"a.{ending}", content)) == wishes


def test_a_file_that_grows() -> None:
    content, wishes = text_file(7, ASKED)
    drop = Drop(session="", name="a.txt", content=content, wishes=tuple(wishes))
    longer = grown(drop, [("CCCCCCCCCCC", "mp3")])
    assert longer.content.startswith(drop.content)
    assert tuple(understood("a.txt", longer.content)) == longer.wishes
    assert longer.wishes[:-1] == drop.wishes


@pytest.mark.parametrize("video", ["AAAAAAAAAAA", ""])
@pytest.mark.parametrize("seed", range(12))
def test_link_files(seed: int, video: str) -> None:
    ending, content, wish = link_file(random.Random(seed), 7, video)
    assert list(understood(f"a.{ending}", content)) == [wish]


def test_a_seed_says_all() -> None:
    one, other = Plan(seed=7), Plan(seed=7)
    assert one.terrain == other.terrain
    strokes = [[p.stroke(can_expire=True) for _ in range(50)] for p in (one, other)]
    assert strokes[0] == strokes[1]
    drops = [[p.drop("a", [p.video()]) for _ in range(20)] for p in (one, other)]
    assert drops[0] == drops[1]
