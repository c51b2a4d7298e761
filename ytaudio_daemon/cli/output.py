"""Where a command's words go: a terminal gets colour and tables, a pipe plain text."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: The colour of each word that says how something stands.
STYLES = {
    "queued": "cyan",
    "held": "yellow",
    "running": "bold blue",
    "waiting": "yellow",
    "completed": "green",
    "failed": "bold red",
    "cancelled": "dim",
    "accepted": "green",
    "duplicate": "cyan",
    "rejected": "red",
    "active": "green",
    "expired": "dim",
    "starting": "cyan",
    "draining": "yellow",
    "degraded": "bold yellow",
    "stopped": "bold red",
    "ok": "green",
    "warning": "yellow",
    "broken": "bold red",
}

#: Joins emoji; the only invisible character that titles need.
_ZERO_WIDTH_JOINER = "\u200d"
#: Characters a column keeps on a narrow terminal.
MAX_GUARANTEED_WIDTH = 40


def terminal_safe(text: str) -> str:
    """Return a text that cannot steer a terminal.

    Titles and names come from strangers: control characters, direction marks and
    lone surrogates are written out as escapes; any kind of space becomes a plain one.
    """
    if text.isprintable():
        return text
    return "".join(map(_terminal_safe_char, text))


def _terminal_safe_char(char: str) -> str:
    if char.isprintable() or char == _ZERO_WIDTH_JOINER:
        return char
    if char.isspace() and char not in "\n\r\t\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029":
        return " "
    return char.encode("unicode_escape").decode("ascii")


class Output:
    """Standard output and standard error of one command.

    Args:
        out: Where results go.
        err: Where remarks and errors go.
    """

    def __init__(self, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it. TERM=dumb (editors, CI) counts as a pipe."""
        return self._out.isatty() and os.environ.get("TERM") != "dumb"

    def line(self, text: str = "") -> None:
        """Print one line; what could steer the terminal is written out."""
        print(terminal_safe(text), file=self._out)

    def flush(self) -> None:
        """Have what was printed so far reach its reader."""
        self._out.flush()

    def labelled_line(self, word: str, text: str) -> None:
        """Print one line that begins with a word from `STYLES`, in its colour."""
        if not self.is_terminal:
            self.line(f"{word:<8} {text}")
            return
        from rich.text import Text  # noqa: PLC0415 - as in `console`

        line = Text(f"{word:<8} ", style=STYLES.get(word, ""))
        self.console().print(line.append(terminal_safe(text), style="default"))

    def stderr_line(self, text: str) -> None:
        """Say something beside the result."""
        print(terminal_safe(text), file=self._err, flush=True)

    def json(self, document: object) -> None:
        """Print a document: ASCII only, so it is safe on any terminal and locale."""
        import json  # noqa: PLC0415 - not for --help and tables

        print(json.dumps(document, indent=2), file=self._out)

    def json_line(self, document: object) -> None:
        """Print a document in one line, at once."""
        import json  # noqa: PLC0415 - as above

        print(json.dumps(document, separators=(",", ":")), file=self._out, flush=True)

    def json_list(
        self, head: Mapping[str, Any], key: str, items: Iterable[object]
    ) -> None:
        """Print `{**head, key: [items…]}` as the items come, a line each."""
        import json  # noqa: PLC0415 - as above

        start = json.dumps({**head, key: []}).removesuffix("]}")
        print(start, end="", file=self._out)
        for number, item in enumerate(items):
            print(",\n" if number else "\n", json.dumps(item), sep="", end="",
                  file=self._out)  # fmt: skip
        print("]}", file=self._out)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print rows under headers; the last column takes what room is left."""
        if self.is_terminal:
            self.console().print(rich_table(headers, rows))
            return
        for row in _aligned_lines([headers, *rows]):
            self.line(row)

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print names and values, the values below each other."""
        pairs = list(pairs)
        if self.is_terminal:
            self.console().print(rich_facts(pairs))
            return
        for row in _aligned_lines(pairs):
            self.line(row)

    def console(self) -> "Console":
        """Return rich's console on standard output."""
        from rich.console import Console  # noqa: PLC0415 - 50 ms, for terminals only

        return Console(file=self._out, highlight=False, markup=False, emoji=False)


def rich_table(
    headers: Sequence[str], rows: Iterable[Sequence[str]]
) -> "RenderableType":
    """Return a table for a terminal; cells are plain text, never markup."""
    from rich.table import Table  # noqa: PLC0415 - as above

    rows = [tuple(map(terminal_safe, row)) for row in rows]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header, *cells in zip(headers, *rows, strict=True):
        widest = max(map(len, (header, *cells)))
        # A narrow terminal takes its toll from the last column, which has the titles.
        least = 0 if header == headers[-1] else min(widest, MAX_GUARANTEED_WIDTH)
        table.add_column(
            header, header_style="bold", no_wrap=True, overflow="ellipsis",
            min_width=least,
        )  # fmt: skip
    for row in rows:
        table.add_row(*map(_styled, row))
    return table


def rich_facts(pairs: Iterable[tuple[str, str]]) -> "RenderableType":
    """Return names and values for a terminal, long values wrapped in their column."""
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(Text(name, style="bold"), _styled(value))
    return grid


def _styled(cell: str) -> Any:
    from rich.text import Text  # noqa: PLC0415 - as above

    first = cell.partition(" ")[0].rstrip(",:;")
    return Text(terminal_safe(cell), style=STYLES.get(first, ""))


def _aligned_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    clean = [[terminal_safe(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    for row in clean:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def ask(question: str, answer: Callable[[str], str] = input) -> bool:
    """Ask a person; anything but yes is no."""
    try:
        return answer(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False
