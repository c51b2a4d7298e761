"""The help fits the terminal it is printed on."""

import pytest

from tests.unit.test_cli_docs import ALL
from ytaudio_daemon.cli.arguments.help_format import help_width, wrap_lines


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_no_line_of_help_is_wider_than_the_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    wide = [
        (command, line)
        for command, parser in ALL.items()
        for line in parser.format_help().splitlines()
        if len(line) > min(columns, 80)
    ]
    assert wide == []


@pytest.mark.parametrize(
    ("columns", "width"), [("72", 72), ("20", 40), ("300", 80), ("x", 80), ("", 80)]
)
def test_the_width_is_the_terminals_within_bounds(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert help_width() == width


def test_what_fits_stays_as_it_is_written() -> None:
    text = "One line\nand another.\n\n  an example\n  another"
    assert wrap_lines(text, 20) == text.splitlines()


def test_what_does_not_fit_is_filled_and_examples_stay_lines_of_their_own() -> None:
    text = "Some words\nand a long line of words.\n\n  an example of a command\n  b"
    assert wrap_lines(text, 16) == [
        "Some words and a",
        "long line of",
        "words.",
        "",
        "  an example of",
        "      a command",
        "  b",
    ]
