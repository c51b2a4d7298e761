"""Prints a command's results: in colour on a terminal, as plain text into a pipe."""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any

from ytaudio_daemon.cli.terminal_text import terminal_safe

if TYPE_CHECKING:
    from ytaudio_daemon.cli.terminal import Terminal

#: Only for terminals: it imports subprocess.
PAGER = "ytaudio_daemon.cli.pager"
#: Columns of the word that begins a line.
LABEL_WIDTH = 8


class Output:
    """Standard output and standard error of one command.

    Args:
        out: Gets results.
        err: Gets remarks and errors.
    """

    def __init__(self, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr

    @property
    def is_terminal(self) -> bool:
        """True if standard output is a terminal. TERM=dumb (editors, CI) counts as a pipe."""
        return self._out.isatty() and os.environ.get("TERM") != "dumb"

    @cached_property
    def terminal(self) -> "Terminal":
        """The terminal on standard output, for what only a terminal can show."""
        module = import_module("ytaudio_daemon.cli.terminal")  # 60 ms, not for pipes
        terminal: Terminal = module.Terminal(self._out)
        return terminal

    def load(self) -> None:
        """Import all that printing needs; without this it happens at the first use."""
        if self.is_terminal:
            self.terminal.load()
            import_module(PAGER)

    @contextmanager
    def paged(self) -> Iterator[None]:
        """Show what is printed inside in a pager, if it is longer than the terminal."""
        if not self.is_terminal:
            yield
            return
        pager = import_module(PAGER)
        out, page = self._out, pager.PagedText()
        self._print_to(page)
        try:
            yield
        finally:
            self._print_to(out)
            pager.show(page.getvalue(), out, os.environ)

    def _print_to(self, out: IO[str]) -> None:
        self._out = out
        self.__dict__.pop("terminal", None)  # the next use makes one for this stream

    def line(self, text: str = "") -> None:
        """Print one line, made safe for a terminal."""
        print(terminal_safe(text), file=self._out)

    def flush(self) -> None:
        """Write buffered output, so that its reader gets it now."""
        self._out.flush()

    def labelled_line(self, label: str, text: str) -> None:
        """Print one line that begins with a state or result, coloured on a terminal."""
        if self.is_terminal:
            self.terminal.labelled_line(label, text, LABEL_WIDTH)
        else:
            self.line(f"{label:<{LABEL_WIDTH}} {text}")

    def stderr_line(self, text: str) -> None:
        """Print one line to standard error, beside the result."""
        print(terminal_safe(text), file=self._err, flush=True)

    def json(self, document: object) -> None:
        """Print a document: ASCII only, so it is safe on any terminal and locale."""
        print(json.dumps(document, indent=2), file=self._out)

    def json_line(self, document: object) -> None:
        """Print a document in one line, and flush."""
        print(json.dumps(document, separators=(",", ":")), file=self._out, flush=True)

    def json_list(
        self, head: Mapping[str, Any], key: str, items: Iterable[object]
    ) -> None:
        """Print `{**head, key: [items…]}` as the items come, a line each.

        The first item is waited for: an error before it leaves no half document.
        """
        remaining = iter(items)
        first = list(islice(remaining, 1))
        start = json.dumps({**head, key: []}).removesuffix("]}")
        print(start, end="", file=self._out)
        for number, item in enumerate(chain(first, remaining)):
            print(",\n" if number else "\n", json.dumps(item), sep="", end="",
                  file=self._out)  # fmt: skip
        print("]}", file=self._out)

    def table(
        self,
        headers: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        wraps: bool = False,
    ) -> None:
        """Print rows under headers; the last column gets the room that is left.

        Args:
            headers: Of the columns.
            rows: The cells of each row.
            wraps: A terminal breaks the texts of the last column instead of cutting
                them.
        """
        if self.is_terminal:
            self.terminal.table(headers, rows, wraps=wraps)
            return
        for row in _aligned_lines([headers, *rows]):
            self.line(row)

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print names and values, the values below each other."""
        if self.is_terminal:
            self.terminal.facts(pairs)
            return
        for row in _aligned_lines([*pairs]):
            self.line(row)


def _aligned_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    clean = [[terminal_safe(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    for row in clean:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def is_confirmed(args: Namespace, question: str) -> bool:
    """True if --yes is given, no terminal is there to ask on, or a person says yes."""
    return args.yes or not sys.stdin.isatty() or ask(question)


def ask(question: str, answer: Callable[[str], str] = input) -> bool:
    """Ask a person a yes-or-no question; every answer but "y" and "yes" is a no."""
    try:
        return answer(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False
