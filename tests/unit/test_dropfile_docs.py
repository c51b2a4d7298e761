"""`docs/drop-files.md` tells the truth: its examples are read, its lists are whole."""

import re
from pathlib import Path

import pytest

from ytaudio_daemon.dropfile import DropKind, parse
from ytaudio_daemon.model.options import OPTION_KEYS

MANUAL = (Path(__file__).parents[2] / "docs" / "drop-files.md").read_text()
#: (language, content); those with a language are no drops.
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)
BLOCKS = [content for language, content in FENCED if not language]
CODES = (
    "not_a_url unsupported_site not_a_video bad_video_id unknown_option bad_option "
    "several_links line_too_long session_job_limit"
)


def _kind(block: str) -> DropKind:
    if block.startswith("{"):
        return DropKind.JSONL
    return DropKind.URL if block.startswith("[") else DropKind.TEXT


@pytest.mark.parametrize(("number", "count"), [(0, 3), (1, 2), (2, 2), (3, 1)])
def test_the_examples_are_accepted(number: int, count: int) -> None:
    block = BLOCKS[number]
    entries = list(parse(block.encode(), _kind(block)))
    assert [entry.code for entry in entries] == [None] * count


def test_every_code_has_its_remedy() -> None:
    assert (
        re.findall(r"^\| `(\w+)` \|", MANUAL.split("## Why")[1], re.MULTILINE)
        == CODES.split()
    )


def test_every_option_is_listed() -> None:
    assert [key for key in OPTION_KEYS if f"`{key}`" not in MANUAL] == []


@pytest.mark.parametrize(
    "value", ['"Feeling Good"', '"12"" mix"', "'12\" mix'", "C#", '"x # y"']
)
def test_values_written_as_the_rules_say(value: str) -> None:
    line = f"https://youtu.be/AAAAAAAAAAA tag.title={value} # comment"
    (entry,) = parse(line.encode(), DropKind.TEXT)
    plain = value.strip("'\"").replace('""', '"') if value[0] in "'\"" else value
    assert entry.layer == {"tag.title": plain}
