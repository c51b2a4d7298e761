"""The progress of `wait`: a bar for a person, nothing in a pipe."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.terminal import Terminal
from ytaudio_daemon.ledger.work_counts import WorkCounts

#: Called with the number of pending drops, and the jobs' counts.
ProgressMeter = Callable[[int, WorkCounts], None]


def progress_meter(context: CommandContext) -> AbstractContextManager[ProgressMeter]:
    """Return the meter for this command's output."""
    if not context.output.is_terminal or getattr(context.args, "json", False):
        return nullcontext(lambda _pending_drops, _work_counts: None)
    return _bar_meter(context.output.terminal)


@contextmanager
def _bar_meter(terminal: Terminal) -> Iterator[ProgressMeter]:
    """Show a bar of finished jobs while it lasts."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=terminal.console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(pending_drops: int, now: WorkCounts) -> None:
            done = now.completed + now.failed + now.cancelled
            remark = f"{pending_drops} drops to be taken" if pending_drops else "jobs"
            total = done + now.unfinished or None
            progress.update(task, completed=done, total=total, description=remark)

        yield show
