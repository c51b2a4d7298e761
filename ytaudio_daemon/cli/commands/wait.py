"""`wait`: waits until jobs are finished; its exit status says how they ended."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ytaudio_daemon.cli.commands.wait_target import (
    DropTarget,
    WaitTarget,
    select_target,
)
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import format_duration, pluralize
from ytaudio_daemon.cli.ledger_access import open_ledger
from ytaudio_daemon.cli.liveness import DaemonLiveness
from ytaudio_daemon.cli.terminal import Terminal
from ytaudio_daemon.errors import NoLedgerError, UsageError
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.outbox import newest_event_id
from ytaudio_daemon.ledger.work_counts import WorkCounts
from ytaudio_daemon.settings import KEYS

#: The longest wait for the daemon's views after the last job, in seconds: they may be
#: on a disk that is full.
MAX_VIEWS_WAIT_S = 5.0
#: Called with the number of pending drops, and the jobs' counts.
ProgressMeter = Callable[[int, WorkCounts], None]
#: Pause between two reads of the ledger, in seconds: the first one, and the longest.
MIN_POLL_S = 0.25
MAX_POLL_S = 1.0
#: Seconds that a daemon which was up may be down: it may be restarting.
RESTART_GRACE_S = 10.0


def run(context: CommandContext) -> int:
    """Wait for the target in the arguments; returns the exit status."""
    timeout_s = parse_timeout(context.args.timeout)
    if context.args.jobs and context.args.session is not None:
        raise UsageError("give either jobs or --session")
    try:
        with open_ledger(context) as ledger:
            target = select_target(context, ledger)
            return wait_for(context, ledger, target, timeout_s)
    except NoLedgerError as error:
        context.output.stderr_line(f"{error.message}. {error.hint}")
        return Exit.DAEMON_DOWN


def wait_for_drop(
    context: CommandContext,
    session: str,
    path: Path,
    after_id: int,
    timeout_s: float | None,
) -> int:
    """Wait until the jobs of a drop are finished; returns the exit status.

    Args:
        context: Prints the result.
        session: The session's name.
        path: The drop's path in the inbox.
        after_id: Only a drop with a greater ID is this one.
        timeout_s: Give up after so many seconds; None for never.
    """
    liveness = context.find_liveness()
    if liveness.is_down:
        context.output.stderr_line(liveness.explanation())
        return Exit.DAEMON_DOWN
    with open_ledger(context) as ledger:
        target = DropTarget(session, path, after_id)
        code = wait_for(context, ledger, target, timeout_s)
        if archived := target.archived_lines(ledger):
            context.output.stderr_line(
                f"note: {pluralize(archived, 'line')} not downloaded: in the archive"
            )
    return code


def parse_timeout(text: str | None) -> float | None:
    """Return a timeout in seconds, None for none.

    Raises:
        UsageError: It is no length of time.
    """
    if text is None:
        return None
    kind = KEYS["download.deadline"].value_type  # allows any duration, 0 too
    try:
        return float(kind.parse(text))
    except ValueError as error:
        raise UsageError(
            f"--timeout cannot be {text!r}; allowed: {kind.allowed}"
        ) from error


def wait_for(
    context: CommandContext, ledger: Ledger, target: WaitTarget, timeout_s: float | None
) -> int:
    """Wait until the target has no unfinished work, and print how its jobs ended."""
    poller = Poller(timeout_s, context.find_liveness)
    with _progress_meter(context) as show:
        while True:
            pending_drops = target.pending_drops(ledger)
            with ledger.read() as db:
                work_counts = target.read_counts(db)
            if not pending_drops and not work_counts.unfinished:
                code = Exit.OK if work_counts.all_completed else Exit.FAILED
                reason = ""
                break
            show(pending_drops, work_counts)
            code, reason = poller.sleep()
            if code is not Exit.OK:
                break
    if not reason:
        _wait_for_views(context, ledger)
    _print_counts(context, pending_drops, work_counts)
    if reason:
        context.output.stderr_line(reason)
    return code


def _print_counts(
    context: CommandContext, pending_drops: int, work_counts: WorkCounts
) -> None:
    counts: dict[str, Any] = {
        name: getattr(work_counts, name) for name in work_counts.__slots__
    }
    if getattr(context.args, "json", False):
        context.output.json(
            {"schema": "ytaudio.wait/1", "unfiled": pending_drops, **counts}
        )
        return
    parts = [f"{number:,} {name}" for name, number in counts.items() if number]
    if pending_drops:
        parts.insert(0, f"{pluralize(pending_drops, 'drop')} not yet taken")
    context.output.line(", ".join(parts) or "nothing to wait for")


def _wait_for_views(context: CommandContext, ledger: Ledger) -> None:
    """Wait until a running daemon has written its views of all events so far.

    A script reads the receipt right after `wait`. For a daemon that is not running, or of
    an older version, this does not wait.
    """
    with ledger.read() as db:
        newest = newest_event_id(db)
    give_up_at = time.monotonic() + MAX_VIEWS_WAIT_S
    while _is_behind(context, newest) and time.monotonic() < give_up_at:
        time.sleep(MIN_POLL_S)


def _is_behind(context: CommandContext, event_id: int) -> bool:
    liveness = context.find_liveness()
    if not liveness.is_up or liveness.document is None:
        return False
    shown = liveness.document.get("shown_event")
    return shown is not None and int(shown) < event_id


def _progress_meter(context: CommandContext) -> AbstractContextManager[ProgressMeter]:
    """Return the meter for this command's output."""
    if not context.output.is_terminal or getattr(context.args, "json", False):
        return nullcontext(lambda _pending_drops, _work_counts: None)
    return _bar_meter(context.output.terminal)


@contextmanager
def _bar_meter(terminal: Terminal) -> Iterator[ProgressMeter]:
    """Show a bar of finished jobs inside the context."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=terminal.console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(pending_drops: int, now: WorkCounts) -> None:
            done = now.completed + now.failed + now.cancelled
            remark = f"{pending_drops} drops to be taken" if pending_drops else "jobs"
            total = done + now.unfinished or None
            progress.update(task, completed=done, total=total, description=remark)

        yield show


class Poller:
    """Pauses between two reads, and decides when to give up.

    Args:
        timeout_s: Give up after so many seconds; None for never.
        read_liveness: Returns whether the daemon is up.
    """

    def __init__(
        self, timeout_s: float | None, read_liveness: Callable[[], DaemonLiveness]
    ) -> None:
        self._started_at = time.monotonic()
        self._timeout_s = timeout_s
        self._read_liveness = read_liveness
        self._last_up_at: float | None = None
        self._interval_s = MIN_POLL_S

    def sleep(self) -> tuple[Exit, str]:
        """Pause; returns `Exit.OK`, or the exit status and the reason to give up."""
        now = time.monotonic()
        liveness = self._read_liveness()
        if liveness.is_up:
            self._last_up_at = now
        elif liveness.is_down and self._is_grace_over(now):
            return Exit.DAEMON_DOWN, liveness.explanation()
        step = self._interval_s
        if self._timeout_s is not None:
            left = self._started_at + self._timeout_s - now
            if left <= 0:
                reason = f"not finished after {format_duration(self._timeout_s)}"
                return Exit.TIMEOUT, reason
            step = min(step, left)
        time.sleep(step)
        self._interval_s = min(self._interval_s * 1.1, MAX_POLL_S)
        return Exit.OK, ""

    def _is_grace_over(self, now: float) -> bool:
        return self._last_up_at is None or now - self._last_up_at > RESTART_GRACE_S
