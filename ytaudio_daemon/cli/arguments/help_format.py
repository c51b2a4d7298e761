"""Formats `--help` for the terminal it is printed on."""

import argparse
import os
import sys

#: Columns of the help: at most, and where no terminal says how many there are.
HELP_WIDTH = 80
#: Narrower than this nothing can be read.
MIN_HELP_WIDTH = 40


class HelpFormatter(argparse.HelpFormatter):
    """Prints help that fits the terminal, and examples as they are written if they do.

    argparse would ask for the terminal's width, for which it imports `shutil`.
    """

    def __init__(self, prog: str) -> None:
        width = help_width()
        super().__init__(prog, max_help_position=min(26, width // 3), width=width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in wrap_lines(text, width))


def help_width() -> int:
    """Return the columns that the help may have."""
    try:
        columns = int(os.environ.get("COLUMNS", "")) or 0
    except ValueError:
        columns = 0
    if not columns:
        try:
            columns = os.get_terminal_size(sys.stdout.fileno()).columns
        except (AttributeError, OSError, ValueError):
            columns = 0
    return max(MIN_HELP_WIDTH, min(columns or HELP_WIDTH, HELP_WIDTH))


def wrap_lines(text: str, width: int) -> list[str]:
    """Return a text's lines, those that are too long wrapped below their beginning.

    Where a line is too long its whole paragraph is filled anew; indented lines, such as
    examples, stay lines of their own.
    """
    lines: list[str] = []
    for paragraph in text.strip().split("\n\n"):
        if all(len(line) <= width for line in paragraph.splitlines()):
            lines += [*paragraph.splitlines(), ""]
        else:
            lines += [*_filled(paragraph, width), ""]
    return lines[:-1]


def _filled(paragraph: str, width: int) -> list[str]:
    import textwrap  # noqa: PLC0415 - only `--help` needs it

    filled: list[str] = []
    plain = ""
    for line in [*paragraph.splitlines(), ""]:
        if line and not line[0].isspace():
            plain = f"{plain} {line}".strip()
            continue
        filled += textwrap.wrap(plain, width) if plain else []
        plain = ""
        below = " " * (len(line) - len(line.lstrip()) + 4)
        filled += (
            textwrap.wrap(line, width, subsequent_indent=below, drop_whitespace=True)
            if line
            else []
        )
    return filled
