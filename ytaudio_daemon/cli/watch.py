"""`status --watch`: live on a terminal, a line a change in a pipe."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.formatting import local_time
from ytaudio_daemon.cli.liveness import DaemonLiveness
from ytaudio_daemon.cli.output import rich_facts, rich_table
from ytaudio_daemon.cli.status import (
    current_report,
    document_to_print,
    exit_status,
    read_session_document,
)
from ytaudio_daemon.cli.status_report import (
    Block,
    Facts,
    daemon_summary,
    job_name,
    progress_text,
)

#: The daemon writes its files at most twice a second.
POLL_S = 0.5


def watch(context: CommandContext) -> int:
    """Show the status until the person has seen enough."""
    if context.output.is_terminal and not context.args.json:
        return _watch_live(context)
    return _watch_in_lines(context)


def _watch_live(context: CommandContext) -> int:
    from rich.live import Live  # noqa: PLC0415 - 60 ms, for terminals only

    liveness = context.read_liveness()
    screen = _renderable(context, liveness)
    with (
        _key_reader() as pressed,
        Live(
            screen, console=context.output.console(), auto_refresh=False, screen=False
        ) as live,
    ):
        try:
            while pressed(POLL_S) not in {"q", "Q", "\x03", "\x04"}:
                liveness = context.read_liveness()
                live.update(_renderable(context, liveness), refresh=True)
        except KeyboardInterrupt:
            return exit_status(liveness)
    return exit_status(liveness)


def _renderable(context: CommandContext, liveness: DaemonLiveness) -> Any:
    from rich.console import Group  # noqa: PLC0415 - as above

    blocks = current_report(context, liveness, bars=True)
    if not liveness.is_up:
        blocks.append(Facts([("note", liveness.explanation())]))
    blocks.append(Facts([("", "q leaves")]))
    return Group(*_with_gaps(blocks))


def _with_gaps(blocks: list[Block]) -> Iterator[Any]:
    for number, block in enumerate(blocks):
        if number:
            yield ""
        if isinstance(block, Facts):
            yield rich_facts(block.pairs)
        else:
            yield rich_table(block.headers, block.rows)


@contextmanager
def _key_reader() -> Iterator[Callable[[float], str]]:
    """Read single keys while it lasts; without a keyboard only time passes."""
    stdin = sys.stdin.fileno()
    if not os.isatty(stdin):
        yield _no_key
        return
    before = termios.tcgetattr(stdin)
    tty.setcbreak(stdin)
    try:
        yield lambda wait_s: _key_within(stdin, wait_s)
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)


def _key_within(stdin: int, wait_s: float) -> str:
    ready, _, _ = select.select([stdin], [], [], wait_s)
    return os.read(stdin, 1).decode("ascii", "replace") if ready else ""


def _no_key(wait_s: float) -> str:
    time.sleep(wait_s)
    return ""


def _watch_in_lines(context: CommandContext) -> int:
    """Print what differs from the last look, for ever: the reader ends it."""
    seen: dict[str, str] = {}
    last: object = None
    while True:
        liveness = context.read_liveness()
        if context.args.json:
            document = document_to_print(context, liveness)
            if document != last:
                context.output.json_line(document)
                last = document
        else:
            for line in changed_lines(_current_lines(context, liveness), seen):
                context.output.line(f"{local_time(time.time(), time.time())} {line}")
            sys.stdout.flush()
        time.sleep(POLL_S)


def changed_lines(lines: Mapping[str, str], seen: dict[str, str]) -> list[str]:
    """Return the lines that were not seen so before, and note them as seen."""
    fresh = [line for key, line in lines.items() if seen.get(key) != line]
    seen.update(lines)
    return fresh


def _current_lines(context: CommandContext, liveness: DaemonLiveness) -> dict[str, str]:
    """Return a line for everything that may change, by what it is about."""
    lines = {"daemon": liveness.explanation()} if not liveness.is_up else {}
    if context.args.session is not None:
        document = read_session_document(context.status_folder, context.args.session)
        return lines | {job["id"]: _job_line(job) for job in document["jobs"]}
    if liveness.is_up and liveness.document is not None:
        lines["daemon"] = daemon_summary(liveness.document)
    return lines


def _job_line(job: Mapping[str, Any]) -> str:
    """A running job is told by its phase: percents would be a flood."""
    detail = job["phase"] or "" if job["state"] == "running" else progress_text(job, 0)
    return " ".join(filter(None, [job["id"][:8], job["state"], detail, job_name(job)]))
