"""Wait until jobs are finished, and tell by the exit status how it went.

0: every job was completed. 1: some failed, were cancelled, or links were rejected.
3: there is work left, but the daemon is not running. 5: --timeout is over.
With --session all jobs and lines of that session count; without anything those of all
active sessions. Drops that still stand in the inbox are waited for too.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import format_duration, pluralize
from ytaudio_daemon.cli.ledger_access import open_ledger
from ytaudio_daemon.cli.liveness import DaemonLiveness
from ytaudio_daemon.errors import NoLedgerError, UsageError

if TYPE_CHECKING:
    from ytaudio_daemon.cli.wait_target import WaitTarget
    from ytaudio_daemon.ledger import Ledger
    from ytaudio_daemon.ledger.work_counts import WorkCounts

EXAMPLES = """\
examples:
  ytaudio wait --session party --timeout 2h
  ytaudio wait 1a2b3c4d
  ytaudio add URL --wait || ytaudio jobs --state failed
"""
#: How often the ledger is asked, in seconds: first, and after a while.
MIN_POLL_S = 0.25
MAX_POLL_S = 1.0
#: A daemon that was up may be restarting: it is given so long, in seconds.
RESTART_GRACE_S = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "jobs", nargs="*", metavar="JOB", help="an ID, or its beginning"
    )
    parser.add_argument("-s", "--session", metavar="S", help="all jobs of this session")
    parser.add_argument(
        "--timeout", metavar="TIME", help="wait at most so long, such as 90s, 2h"
    )
    add_json(parser, "{schema, unfiled, unfinished, completed, …}")


def run(context: CommandContext) -> int:
    """Wait, and return how it went."""
    from ytaudio_daemon.cli import wait_target  # noqa: PLC0415 - 200 ms of SQLAlchemy

    timeout_s = parse_timeout(context.args.timeout)
    if context.args.jobs and context.args.session is not None:
        raise UsageError("give either jobs or --session")
    try:
        with open_ledger(context) as ledger:
            target = wait_target.target_of(context, ledger)
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
    """Wait for what was just dropped."""
    from ytaudio_daemon.cli import wait_target  # noqa: PLC0415 - 200 ms of SQLAlchemy

    liveness = context.read_liveness()
    if not liveness.is_up:
        context.output.stderr_line(liveness.explanation())
        return Exit.DAEMON_DOWN
    with open_ledger(context) as ledger:
        target = wait_target.DropTarget(session, path, after_id)
        return wait_for(context, ledger, target, timeout_s)


def parse_timeout(text: str | None) -> float | None:
    """Return a timeout in seconds, None = none.

    Raises:
        UsageError: It is no length of time.
    """
    if text is None:
        return None
    from ytaudio_daemon.settings import KEYS  # noqa: PLC0415 - 20 ms

    kind = KEYS["download.deadline"].value_type  # any length of time, 0 too
    try:
        return float(kind.parse(text))
    except ValueError as error:
        raise UsageError(
            f"--timeout cannot be {text!r}; allowed: {kind.allowed}"
        ) from error


def wait_for(
    context: CommandContext,
    ledger: "Ledger",
    target: "WaitTarget",
    timeout_s: float | None,
) -> int:
    """Wait until nothing of the goal is left, and say how it went."""
    poller = Poller(timeout_s, context.read_liveness)
    with _progress_meter(context) as show:
        while True:
            pending_drops = target.pending_drops(ledger)
            with ledger.read() as db:
                work_counts = target.read_counts(db)
            if not pending_drops and not work_counts.unfinished:
                code = Exit.OK if work_counts.all_completed else Exit.FAILED
                why = ""
                break
            show(pending_drops, work_counts)
            code, why = poller.sleep()
            if code is not Exit.OK:
                break
    _print_counts(context, pending_drops, work_counts)
    if why:
        context.output.stderr_line(why)
    return code


class Poller:
    """Pauses between looks, and says when to give up.

    Args:
        timeout_s: Give up after so long, in seconds; None = never.
        read_liveness: Tells how the daemon is.
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
        """Sleep a little; returns OK, or the exit status and why it is enough."""
        now = time.monotonic()
        liveness = self._read_liveness()
        if liveness.is_up:
            self._last_up_at = now
        elif self._last_up_at is None or now - self._last_up_at > RESTART_GRACE_S:
            return Exit.DAEMON_DOWN, liveness.explanation()
        step = self._interval_s
        if self._timeout_s is not None:
            left = self._started_at + self._timeout_s - now
            if left <= 0:
                return (
                    Exit.TIMEOUT,
                    f"not finished after {format_duration(self._timeout_s)}",
                )
            step = min(step, left)
        time.sleep(step)
        self._interval_s = min(self._interval_s * 1.1, MAX_POLL_S)
        return Exit.OK, ""


ProgressMeter = Callable[[int, "WorkCounts"], None]


def _progress_meter(context: CommandContext) -> AbstractContextManager[ProgressMeter]:
    """Return what shows how far it is: a bar for a person, nothing in a pipe."""
    if not context.output.is_terminal or getattr(context.args, "json", False):
        return nullcontext(lambda _unfiled, _standing: None)
    from ytaudio_daemon.cli.wait_target import bar_meter  # noqa: PLC0415 - rich is slow

    return bar_meter(context.output.console())


def _print_counts(
    context: CommandContext, pending_drops: int, work_counts: "WorkCounts"
) -> None:
    counts: dict[str, Any] = {
        name: getattr(work_counts, name) for name in work_counts.__slots__
    }
    if getattr(context.args, "json", False):
        context.output.json(
            {"schema": "ytaudio.wait/1", "unfiled": pending_drops, **counts}
        )
        return
    words = (
        [f"{pluralize(pending_drops, 'drop')} not yet taken"] if pending_drops else []
    )
    words += [f"{number:,} {name}" for name, number in counts.items() if number]
    context.output.line(", ".join(words) or "nothing to wait for")
