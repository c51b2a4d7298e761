"""The man page is the parsers', and every man can show it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import man_page
from ytaudio_daemon.cli.arguments.command_table import COMMANDS
from ytaudio_daemon.cli.arguments.parsers import command_parser
from ytaudio_daemon.cli.exits import Exit

FILE = Path(__file__).parents[2] / "docs" / "ytaudio.1"


def test_the_page_in_docs_is_up_to_date() -> None:
    assert FILE.read_text() == man_page.man_page(), "run `make man`"


def test_every_command_and_flag_is_in_it() -> None:
    said = man_page.man_page().replace("\\-", "-")
    for name in COMMANDS:
        assert f".SS ytaudio {name}\n" in said
        for action in command_parser(name)._actions:
            assert all(flag in said for flag in action.option_strings)


def test_every_exit_status_is_in_it() -> None:
    assert {code for code, _ in man_page.EXIT_STATUS} == {
        str(code.value) for code in Exit
    }


def test_what_roff_would_take_for_itself_is_written_out() -> None:
    assert man_page._escape_roff(".x -y 'z' a\\b …") == (
        "\\&.x \\-y \\(aqz\\(aq a\\eb \\[u2026]"
    )


@pytest.mark.skipif(shutil.which("man") is None, reason="man-db is not installed")
def test_man_shows_it_without_a_complaint() -> None:
    done = subprocess.run(
        ["man", "--warnings", "-l", str(FILE)],
        capture_output=True,
        text=True,
        check=True,
        env={"MANWIDTH": "100", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    assert done.stderr == ""
    plain = re.sub(r".\x08", "", done.stdout)
    assert "ytaudio ledger restore" in plain
    assert "EXIT STATUS" in plain
