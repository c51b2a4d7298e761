"""Long results come in the user's pager, on a real terminal; short ones and pipes never."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from ytaudio_daemon.cli.pager import pager_command

#: Prints a table of so many rows on its terminal of 24 lines.
PROGRAM = """
import sys
from ytaudio_daemon.cli.blocks import Table, print_blocks
from ytaudio_daemon.cli.output import Output
rows = [(f"row{number}", "queued") for number in range(int(sys.argv[1]))]
print_blocks(Output(), [Table(("WHAT", "STATE"), rows)])
"""


def shown_on_terminal(rows: int, pager: str) -> str:
    environment = os.environ | {"TERM": "xterm", "LINES": "24", "COLUMNS": "80"}
    near, far = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(rows)],
        stdin=far,
        stdout=far,
        stderr=far,
        env=environment | {"PAGER": pager},
    )
    os.close(far)
    shown = bytearray()
    try:
        while some := os.read(near, 65536):
            shown += some
    except OSError:  # EIO: the other end is closed
        pass
    os.close(near)
    assert process.wait(60) == 0
    return shown.decode()


@pytest.mark.parametrize(("rows", "paged_lines"), [(22, 0), (23, 24), (500, 501)])
def test_only_what_is_longer_than_the_terminal_is_paged(
    rows: int, paged_lines: int
) -> None:
    shown = shown_on_terminal(rows, "sed s/^/PAGED/")
    assert shown.count("PAGED") == paged_lines
    assert shown.count("row") == rows
    assert "\x1b[36mqueued" in shown, "colours stay"


def test_a_pager_that_is_left_early_ends_the_command_well() -> None:
    assert "row9\n" not in shown_on_terminal(5000, "head -n 3").replace("\r", "")


@pytest.mark.parametrize("pager", ["", "cat", "no-such-pager --now", "'open"])
def test_without_a_pager_all_is_printed(pager: str) -> None:
    assert shown_on_terminal(60, pager).count("row") == 60


def test_less_is_the_pager_unless_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pager_command({}) == []
    for name in ("more", "less"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert pager_command({}) == [str(tmp_path / name)]
    assert pager_command({"PAGER": "most -s"}) == ["most", "-s"]
