"""Prints on a terminal, with rich: in colour, and tables that fit its width.

Importing rich takes 60 ms, so `Output` imports this module only for a terminal.
"""

from collections.abc import Iterable, Sequence
from typing import IO

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ytaudio_daemon.cli.terminal_text import terminal_safe

#: The colour of each word that names a state or a result.
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
#: Characters that a column keeps on a narrow terminal.
MAX_GUARANTEED_WIDTH = 40


class Terminal:
    """A terminal to print on.

    Args:
        out: The stream that leads to it.
    """

    def __init__(self, out: IO[str]) -> None:
        self.console = Console(file=out, highlight=False, markup=False, emoji=False)

    def load(self) -> None:
        """Import the parts that rich imports at the first print, by printing nothing."""
        with self.console.capture():
            self.facts([("", "é—日本")])

    def labelled_line(self, label: str, text: str, width: int) -> None:
        """Print one line that begins with a word from `STYLES`, in its colour.

        Args:
            label: That word.
            text: The rest of the line.
            width: Columns of the label.
        """
        line = Text(f"{label:<{width}} ", style=STYLES.get(label, ""))
        self.console.print(line.append(terminal_safe(text), style="default"))

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print rows under headers."""
        self.console.print(table_renderable(headers, rows))

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print names and values."""
        self.console.print(facts_renderable(pairs))


def table_renderable(
    headers: Sequence[str], rows: Iterable[Sequence[str]]
) -> RenderableType:
    """Return a table for a terminal; cells are plain text, never markup."""
    rows = [tuple(map(terminal_safe, row)) for row in rows]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header, *cells in zip(headers, *rows, strict=True):
        widest = max(map(len, (header, *cells)))
        # On a narrow terminal the last column, which has the titles, is cut first.
        least = 0 if header == headers[-1] else min(widest, MAX_GUARANTEED_WIDTH)
        table.add_column(
            header, header_style="bold", no_wrap=True, overflow="ellipsis",
            min_width=least,
        )  # fmt: skip
    for row in rows:
        table.add_row(*map(_styled, row))
    return table


def facts_renderable(pairs: Iterable[tuple[str, str]]) -> RenderableType:
    """Return names and values for a terminal, long values wrapped in their column."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(Text(name, style="bold"), _styled(value))
    return grid


def _styled(cell: str) -> Text:
    first = cell.partition(" ")[0].rstrip(",:;")
    return Text(terminal_safe(cell), style=STYLES.get(first, ""))
