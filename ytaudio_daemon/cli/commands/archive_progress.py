"""The progress of an import into the archive: a line for a person, nothing in a pipe."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ytaudio_daemon.archive.importer import ImportReport
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.terminal import Terminal

#: The line is drawn as often, in seconds; it is called for each line of a million.
REDRAW_S = 0.1

ImportMeter = Callable[[ImportReport], None]


def import_meter(context: CommandContext) -> AbstractContextManager[ImportMeter]:
    """Return the meter for this command's output."""
    if not context.output.is_terminal or context.args.json:
        return nullcontext(lambda _report: None)
    return _line_meter(context.output.terminal)


@contextmanager
def _line_meter(terminal: Terminal) -> Iterator[ImportMeter]:
    """Show how many lines and files were looked at, while it lasts."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=terminal.console, transient=True) as progress:
        task = progress.add_task("", total=None)
        drawn_at = 0.0

        def show(report: ImportReport) -> None:
            nonlocal drawn_at
            now = time.monotonic()
            if now - drawn_at >= REDRAW_S:
                drawn_at = now
                text = f"{report.looked_at:,} looked at, {report.counts.added:,} added"
                progress.update(task, description=text)

        yield show
