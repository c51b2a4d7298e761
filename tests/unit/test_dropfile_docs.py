"""`docs/drop-files.md` tells the truth: its examples are read, its lists are whole."""

import re
from pathlib import Path

import pytest

from ytaudio_daemon.dropfile import DROP_ENDINGS, REJECT_CODES, DropKind, parse
from ytaudio_daemon.model.collection_options import COLLECTION_KEYS
from ytaudio_daemon.model.options import OPTION_KEYS

MANUAL = (Path(__file__).parents[2] / "docs" / "drop-files.md").read_text()
#: (language, content); those with a language are no drops.
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)
BLOCKS = [content for language, content in FENCED if not language]


def _kind(block: str) -> DropKind:
    if block.startswith("{"):
        return DropKind.JSONL
    return DropKind.URL if block.startswith("[") else DropKind.TEXT


@pytest.mark.parametrize(("number", "count"), [(0, 5), (1, 2), (2, 2), (3, 1)])
def test_the_examples_are_accepted(number: int, count: int) -> None:
    block = BLOCKS[number]
    entries = list(parse(block.encode(), _kind(block)))
    assert [entry.code for entry in entries] == [None] * count


def test_every_code_has_its_meaning_and_remedy() -> None:
    table = re.findall(
        r"^\| `(\w+)` \| (.*) \| (.*) \|$", MANUAL.split("## Why")[1], re.MULTILINE
    )
    assert table[:-1] == [(code, *reason) for code, reason in REJECT_CODES.items()]
    assert table[-1][0] == "session_job_limit"  # the ledger's


def test_every_ending_is_listed() -> None:
    assert [end for end in DROP_ENDINGS.split() if f"{end}" not in MANUAL] == []


def test_every_option_is_listed() -> None:
    keys = [*OPTION_KEYS, *COLLECTION_KEYS]
    assert [key for key in keys if f"`{key}`" not in MANUAL] == []


@pytest.mark.parametrize(
    "value", ['"Feeling Good"', '"12"" mix"', "'12\" mix'", "C#", '"x # y"']
)
def test_values_written_as_the_rules_say(value: str) -> None:
    line = f"https://youtu.be/AAAAAAAAAAA tag.title={value} # comment"
    (entry,) = parse(line.encode(), DropKind.TEXT)
    plain = value.strip("'\"").replace('""', '"') if value[0] in "'\"" else value
    assert entry.layer == {"tag.title": plain}
