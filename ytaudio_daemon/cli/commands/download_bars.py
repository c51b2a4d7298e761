"""The reporter of a download for a terminal: bars, coloured lines and a table."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from ytaudio_daemon.cli.commands.download_list import Item
from ytaudio_daemon.cli.commands.download_reporters import (
    LISTED,
    LineReporter,
    download_progress_text,
    result_text,
)
from ytaudio_daemon.cli.commands.download_results import ItemResult, ItemStatus
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.formatting import format_playing_time, format_size
from ytaudio_daemon.cli.terminal import STYLES
from ytaudio_daemon.cli.terminal_text import terminal_safe
from ytaudio_daemon.downloader.expansion import Expansion
from ytaudio_daemon.model import Progress

#: Columns of a title beside its bar.
TITLE_WIDTH = 30
BAR_WIDTH = 20


class BarReporter(LineReporter):
    """Prints a bar for each running item, lines above for ended ones, a table last."""

    def __init__(self, context: CommandContext) -> None:
        super().__init__(context)
        self._rich_progress = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=BAR_WIDTH),
            TextColumn("{task.fields[how_far]}", markup=False),
            console=context.output.terminal.console,
            transient=True,
        )
        self._bars: dict[int, TaskID] = {}
        self._titles: dict[int, str] = {}
        self._collections = CollectionBars(self._rich_progress)

    def on_start(self, items: Sequence[Item]) -> None:
        """Start the live display."""
        super().on_start(items)
        self._rich_progress.start()

    def on_listed(self, expansion: Expansion) -> None:
        """Draw the bar of a whole collection."""
        with self._lock:
            self._collections.update(expansion)
        super().on_listed(expansion)

    def on_progress(self, number: int, item: Item, progress: Progress) -> None:
        """Draw an item's bar."""
        super().on_progress(number, item, progress)
        with self._lock:
            self._titles[number] = progress.title or self._titles.get(number, "")
            title = terminal_safe(self._titles[number] or item.link_text)
            if number not in self._bars:
                self._bars[number] = self._rich_progress.add_task(
                    "", total=None, how_far=""
                )
            self._rich_progress.update(
                self._bars[number],
                description=_fit_title(title),
                total=None if progress.percent is None else 100,
                completed=progress.percent or 0,
                how_far=download_progress_text(progress),
            )

    def on_item_result(self, number: int, result: ItemResult) -> None:
        """Remove the item's bar and print how it ended."""
        with self._lock:
            if (bar := self._bars.pop(number, None)) is not None:
                self._rich_progress.remove_task(bar)
            if result.item.expansion is not None and result.item.entry is not None:
                self._collections.count_ended(result.item.expansion, result.status)
            super().on_item_result(number, result)

    def on_finish(self, results: Sequence[ItemResult], output: Path) -> None:
        """Print a table of all results, then the counts."""
        self.close()
        if len(results) > 1:
            self._output.line()
            self._output.table(
                ("RESULT", "SIZE", "LENGTH", "FILE OR REASON"), map(_row, results)
            )
        super().on_finish(results, output)

    def close(self) -> None:
        """End the live display."""
        self._rich_progress.stop()

    def print_listed(self, text: str) -> None:
        """Print the text on a listed collection, above the bars."""
        line = Text(f"{LISTED:<9} ", style="bold").append(
            terminal_safe(text), style="default"
        )
        self._rich_progress.console.print(line)

    def print_result(self, status: ItemStatus, text: str) -> None:
        """Print how an item ended, above the bars."""
        line = Text(f"{status:<9} ", style=STYLES.get(status, "")).append(
            terminal_safe(text), style="default"
        )
        self._rich_progress.console.print(line)

    def print_note(self, text: str) -> None:
        """Print a remark above the bars."""
        self._rich_progress.console.print(Text(terminal_safe(text), style="dim"))


class CollectionBars:
    """A bar for each collection as a whole, until all of its items have ended.

    Args:
        rich_progress: The live display.
    """

    def __init__(self, rich_progress: RichProgress) -> None:
        self._rich_progress = rich_progress
        self._bars: dict[Expansion, TaskID] = {}
        self._ended: Counter[Expansion] = Counter()

    def update(self, expansion: Expansion) -> None:
        """Draw how many of a collection's items have ended."""
        ended, wanted = self._ended[expansion], expansion.wanted
        if expansion.has_ended and ended >= wanted:
            if (bar := self._bars.pop(expansion, None)) is not None:
                self._rich_progress.remove_task(bar)
            return
        if expansion not in self._bars:
            self._bars[expansion] = self._rich_progress.add_task("", how_far="")
        listing = "" if expansion.has_ended else ", being listed"
        self._rich_progress.update(
            self._bars[expansion],
            description=_fit_title(terminal_safe(expansion.name)),
            total=max(1, wanted),
            completed=ended,
            how_far=f"{ended:,} of {wanted:,}{listing}",
        )

    def count_ended(self, expansion: Expansion, status: ItemStatus) -> None:
        """Count an item that has ended; unavailable ones were never wanted."""
        if status is not ItemStatus.UNAVAILABLE:
            self._ended[expansion] += 1
            self.update(expansion)


def _row(result: ItemResult) -> tuple[str, str, str, str]:
    made = result.fetched.outcome.result if result.fetched else None
    path = result.fetched.path if result.fetched else None
    if made is not None and path is not None:
        return (
            result.status,
            format_size(made.size_bytes),
            format_playing_time(made.duration_s),
            path.name,
        )
    return result.status, "-", "-", result_text(result)


def _fit_title(title: str) -> str:
    if len(title) <= TITLE_WIDTH:
        return title.ljust(TITLE_WIDTH)
    return f"{title[: TITLE_WIDTH - 1]}…"
