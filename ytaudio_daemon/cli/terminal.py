"""Prints on a terminal, with rich: in colour, and tables that fit its width.

Importing rich takes 60 ms, so `Output` imports this module only for a terminal.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import IO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
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
#: The least width of the last column, which has the titles.
MIN_LAST_WIDTH = 20
#: Columns this narrow, such as IDs and states, are not cut.
LEAST_CUT_WIDTH = 9
_GAP = 2
#: Columns of a live view whose content changes all the time, with the characters they
#: have on a wide terminal: else all columns behind them would jump.
STEADY_WIDTHS = {"STATE": 9, "HOW FAR": 46}


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

        What does not fit goes on below the text, not below the word.

        Args:
            label: That word.
            text: The rest of the line.
            width: Columns of the label.
        """
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(no_wrap=True, min_width=width)
        grid.add_column(overflow="fold")
        style = STYLES.get(label, "")
        grid.add_row(Text(label, style=style), Text(terminal_safe(text)))
        self.console.print(grid)

    def table(
        self, headers: Sequence[str], rows: Iterable[Sequence[str]], *, wraps: bool
    ) -> None:
        """Print rows under headers."""
        self.console.print(table_renderable(headers, rows, wraps=wraps))

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print names and values."""
        self.console.print(facts_renderable(pairs))


def table_renderable(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    is_live: bool = False,
    wraps: bool = False,
) -> RenderableType:
    """Return a table for a terminal; cells are plain text, never markup.

    Args:
        headers: Of the columns.
        rows: The cells of each row.
        is_live: It is drawn again and again: `STEADY_WIDTHS` hold.
        wraps: Texts of the last column are broken instead of cut.
    """
    rows = [tuple(map(terminal_safe, row)) for row in rows]
    least_widths = STEADY_WIDTHS if is_live else {}
    return _FittedTable(headers, rows, least_widths, wraps=wraps)


class _FittedTable:
    """A table whose columns are fitted when it is drawn: then the width is known."""

    def __init__(
        self,
        headers: Sequence[str],
        rows: Sequence[Sequence[str]],
        least_widths: Mapping[str, int],
        *,
        wraps: bool,
    ) -> None:
        self._headers = headers
        self._rows = rows
        self._least_widths = least_widths
        self._wraps = wraps

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        """Yield the table for the width that there is."""
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
        widths = column_widths(
            self._headers, self._rows, options.max_width, self._least_widths
        )
        for header, width in zip(self._headers, widths, strict=True):
            table.add_column(
                header, header_style="bold", no_wrap=True, overflow="ellipsis",
                width=width,
            )  # fmt: skip
        if self._wraps:
            table.columns[-1].no_wrap, table.columns[-1].overflow = False, "fold"
        for row in self._rows:
            table.add_row(*map(_styled, row))
        yield table


def column_widths(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    room: int,
    least_widths: Mapping[str, int] = MappingProxyType({}),
) -> list[int]:
    """Return the width of each column; of some, by header, at least what is given.

    On a narrow terminal the last column, which has the titles, is cut first, to
    `MIN_LAST_WIDTH`; then the widest.
    """
    widths = [
        max(map(cell_len, cells), default=0)
        for cells in zip(headers, *rows, strict=True)
    ]
    for place, header in enumerate(headers):
        widths[place] = max(widths[place], least_widths.get(header, 0))
    *others, last = widths
    least_last = min(last, MIN_LAST_WIDTH)
    while others and sum(others) + _GAP * len(others) + least_last > room:
        widest = max(range(len(others)), key=others.__getitem__)
        if others[widest] <= LEAST_CUT_WIDTH:
            break
        others[widest] -= 1
    left = room - sum(others) - _GAP * len(others)
    return [*others, max(1, min(last, left))]


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
