"""The commands that people find first are there and are typed as they stand."""

import argparse
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from ytaudio_daemon.cli.arguments.command_table import COMMANDS
from ytaudio_daemon.cli.arguments.parsers import command_parser

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text()
#: As far as a first look goes: setting it up, the tour, what became of a link.
FIRST_SCREEN = README.partition("## Where things are")[0]
BLOCKS = re.findall(r"```sh\n(.*?)```", FIRST_SCREEN, re.DOTALL)
_WRITTEN = [
    *(line for block in BLOCKS for line in block.splitlines()),
    *re.findall(r"`((?:sudo |make |pipx |ytaudio )[^`\n]+)`", README),
]
COMMAND_LINES = list(dict.fromkeys(_WRITTEN))
PAGES = (REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md"))


def test_there_is_a_first_screen() -> None:
    assert len(BLOCKS) == 3
    assert len(COMMAND_LINES) > 12


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_a_shell_takes_the_line(line: str) -> None:
    assert subprocess.run(["sh", "-nc", line], check=False).returncode == 0


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"\bmake ([a-z]+)\b", "\n".join(COMMAND_LINES))))
)
def test_make_has_the_target(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "line", [one for one in COMMAND_LINES if re.match("ytaudio [a-z]", one)]
)
def test_ytaudio_takes_the_words(line: str) -> None:
    program, command, *words = shlex.split(line, comments=True)
    assert program == "ytaudio"
    assert command in COMMANDS
    # An unknown word would raise SystemExit.
    command_parser(command).parse_args(words, argparse.Namespace())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_pip_is_told_to_install_can_be_had(page: Path) -> None:
    """The name alone is on no package index."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    told = re.findall(r"pipx? install [^\n]*?(['\"])(.*?)\1", page.read_text())
    for _, what in told:
        found = re.fullmatch(r"(\.|ytaudio-daemon)\[([a-z,]+)\]( @ git\+.*)?", what)
        if found is None:
            assert "ytaudio" not in what
            continue
        name, extras, source = found.groups()
        assert (name == ".") == (source is None), what
        assert project["optional-dependencies"].keys() >= set(extras.split(","))
