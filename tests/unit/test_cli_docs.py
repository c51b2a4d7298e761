"""Every command and every flag has help, and stands in docs/cli.md."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ytaudio_daemon.cli.arguments.command_table import COMMANDS
from ytaudio_daemon.cli.arguments.parsers import command_parser, main_parser
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.errors import UsageError

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every parser there is, by the words that lead to it."""
    yield "ytaudio", main_parser()
    for name in COMMANDS:
        parser = command_parser(name)
        yield f"ytaudio {name}", parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for verb, inner in action.choices.items():
                    yield f"ytaudio {name} {verb}", inner


def section_of(command: str) -> str:
    """The part of the docs about a command: from its heading to the next."""
    text = DOCS.read_text()
    found = re.search(
        rf"^#+ `{re.escape(command)}[^\n]*\n(.*?)(?=^#|\Z)",
        text,
        re.MULTILINE | re.DOTALL,
    )
    assert found, f"docs/cli.md has no heading for `{command}`"
    return found[0]


ALL = dict(parsers())
#: On every parser; described once.
EVERYWHERE = {"-h", "--help", "--config", "--root", "-v", "--verbose"}


@pytest.mark.parametrize("command", [name for name in ALL if name != "ytaudio"])
def test_every_command_and_flag_is_documented(command: str) -> None:
    section = section_of(command)
    for action in ALL[command]._actions:
        for flag in set(action.option_strings) - EVERYWHERE:
            assert f"`{flag}" in section, f"{command} {flag}"


@pytest.mark.parametrize("command", [name for name in ALL if name != "ytaudio"])
def test_the_global_flags_may_stand_behind_every_command_and_verb(command: str) -> None:
    flags = {flag for action in ALL[command]._actions for flag in action.option_strings}
    assert flags >= EVERYWHERE


def test_what_stands_behind_a_verb_counts_and_what_stands_before_stays() -> None:
    known = argparse.Namespace(config="before", root="before", verbose=False)
    words = ["list", "--root", "behind"]
    args = command_parser("session").parse_args(words, known)
    assert (args.config, args.root, args.verbose) == ("before", "behind", False)


def test_the_global_flags_are_documented() -> None:
    text = DOCS.read_text()
    flags = {
        flag for action in main_parser()._actions for flag in action.option_strings
    }
    assert [flag for flag in flags if f"`{flag}" not in text] == []


@pytest.mark.parametrize("command", ALL)
def test_every_command_and_flag_has_help(command: str) -> None:
    parser = ALL[command]
    assert parser.description
    for action in parser._actions:
        hidden = action.help is argparse.SUPPRESS and command == "ytaudio"
        is_verb = isinstance(action, argparse._SubParsersAction)
        assert action.help or hidden or is_verb, action
    assert parser.format_help()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_and_a_summary(name: str) -> None:
    assert "ytaudio" in (command_parser(name).epilog or "")
    assert f"  {name}" in main_parser().format_help()
    assert COMMANDS[name].summary in main_parser().format_help()


def test_help_fits_a_terminal() -> None:
    for parser in ALL.values():
        longest = max(map(len, parser.format_help().splitlines()))
        assert longest <= 90, parser.prog


def test_every_exit_status_is_documented() -> None:
    table = DOCS.read_text()
    assert [code for code in Exit if f"| {code.value} |" not in table] == []


def test_an_unknown_command_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean retry"):
        command_parser("retyr")
