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
from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import count_of, span
from ytaudio_daemon.cli.ledger_access import opened
from ytaudio_daemon.cli.liveness import Life
from ytaudio_daemon.errors import NoLedgerError, UsageError

if TYPE_CHECKING:
    from ytaudio_daemon.cli.wait_target import Goal
    from ytaudio_daemon.ledger import Ledger
    from ytaudio_daemon.ledger.work_counts import Standing

EXAMPLES = """\
examples:
  ytaudio wait --session party --timeout 2h
  ytaudio wait 1a2b3c4d
  ytaudio add URL --wait || ytaudio jobs --state failed
"""
#: How often the ledger is asked, in seconds: first, and after a while.
FIRST_STEP_S = 0.25
LONGEST_STEP_S = 1.0
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


def run(call: Call) -> int:
    """Wait, and return how it went."""
    from ytaudio_daemon.cli import wait_target  # noqa: PLC0415 - 200 ms of SQLAlchemy

    timeout_s = timeout_of(call.args.timeout)
    if call.args.jobs and call.args.session is not None:
        raise UsageError("give either jobs or --session")
    try:
        with opened(call) as ledger:
            goal = wait_target.goal_of(call, ledger)
            return wait_for(call, ledger, goal, timeout_s)
    except NoLedgerError as error:
        call.screen.remark(f"{error.message}. {error.hint}")
        return Exit.DAEMON_DOWN


def wait_for_drop(
    call: Call, session: str, path: Path, after_id: int, timeout_s: float | None
) -> int:
    """Wait for what was just dropped."""
    from ytaudio_daemon.cli import wait_target  # noqa: PLC0415 - 200 ms of SQLAlchemy

    life = call.look()
    if not life.is_up:
        call.screen.remark(life.sentence())
        return Exit.DAEMON_DOWN
    with opened(call) as ledger:
        goal = wait_target.DropGoal(session, path, after_id)
        return wait_for(call, ledger, goal, timeout_s)


def timeout_of(text: str | None) -> float | None:
    """Return a timeout in seconds, None = none.

    Raises:
        UsageError: It is no length of time.
    """
    if text is None:
        return None
    from ytaudio_daemon.settings import KEYS  # noqa: PLC0415 - 20 ms

    kind = KEYS["download.deadline"].kind  # any length of time, 0 too
    try:
        return float(kind.read(text))
    except ValueError as error:
        raise UsageError(
            f"--timeout cannot be {text!r}; allowed: {kind.allowed}"
        ) from error


def wait_for(
    call: Call, ledger: "Ledger", goal: "Goal", timeout_s: float | None
) -> int:
    """Wait until nothing of the goal is left, and say how it went."""
    patience = Patience(timeout_s, call.look)
    with _meter(call) as show:
        while True:
            unfiled = goal.unfiled(ledger)
            with ledger.read() as db:
                standing = goal.count(db)
            if not unfiled and not standing.unfinished:
                code = Exit.OK if standing.all_completed else Exit.FAILED
                why = ""
                break
            show(unfiled, standing)
            code, why = patience.pause()
            if code is not Exit.OK:
                break
    _tell(call, unfiled, standing)
    if why:
        call.screen.remark(why)
    return code


class Patience:
    """Pauses between looks, and says when to give up.

    Args:
        timeout_s: Give up after so long, in seconds; None = never.
        look_at_daemon: Tells how the daemon is.
    """

    def __init__(
        self, timeout_s: float | None, look_at_daemon: Callable[[], Life]
    ) -> None:
        self._began = time.monotonic()
        self._timeout_s = timeout_s
        self._look = look_at_daemon
        self._last_up: float | None = None
        self._step_s = FIRST_STEP_S

    def pause(self) -> tuple[Exit, str]:
        """Sleep a little; returns OK, or the exit status and why it is enough."""
        now = time.monotonic()
        life = self._look()
        if life.is_up:
            self._last_up = now
        elif self._last_up is None or now - self._last_up > RESTART_GRACE_S:
            return Exit.DAEMON_DOWN, life.sentence()
        step = self._step_s
        if self._timeout_s is not None:
            left = self._began + self._timeout_s - now
            if left <= 0:
                return Exit.TIMEOUT, f"not finished after {span(self._timeout_s)}"
            step = min(step, left)
        time.sleep(step)
        self._step_s = min(self._step_s * 1.1, LONGEST_STEP_S)
        return Exit.OK, ""


Meter = Callable[[int, "Standing"], None]


def _meter(call: Call) -> AbstractContextManager[Meter]:
    """Return what shows how far it is: a bar for a person, nothing in a pipe."""
    if not call.screen.is_terminal or getattr(call.args, "json", False):
        return nullcontext(lambda _unfiled, _standing: None)
    from ytaudio_daemon.cli.wait_target import bar_meter  # noqa: PLC0415 - rich is slow

    return bar_meter(call.screen.console())


def _tell(call: Call, unfiled: int, standing: "Standing") -> None:
    counts: dict[str, Any] = {
        name: getattr(standing, name) for name in standing.__slots__
    }
    if getattr(call.args, "json", False):
        call.screen.json({"schema": "ytaudio.wait/1", "unfiled": unfiled, **counts})
        return
    words = [f"{count_of(unfiled, 'drop')} not yet taken"] if unfiled else []
    words += [f"{number:,} {name}" for name, number in counts.items() if number]
    call.screen.line(", ".join(words) or "nothing to wait for")
