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

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.formatting import moment
from ytaudio_daemon.cli.liveness import Life
from ytaudio_daemon.cli.output import rich_facts, rich_table
from ytaudio_daemon.cli.status import (
    document_to_print,
    exit_for,
    report_now,
    session_document,
)
from ytaudio_daemon.cli.status_report import Block, Facts, headline, how_far, job_name

#: The daemon writes its files at most twice a second.
LOOK_EVERY_S = 0.5


def watch(call: Call) -> int:
    """Show the status until the person has seen enough."""
    if call.screen.is_terminal and not call.args.json:
        return _watch_live(call)
    return _watch_in_lines(call)


def _watch_live(call: Call) -> int:
    from rich.live import Live  # noqa: PLC0415 - 60 ms, for terminals only

    life = call.look()
    screen = _picture(call, life)
    with (
        _keys() as pressed,
        Live(
            screen, console=call.screen.console(), auto_refresh=False, screen=False
        ) as live,
    ):
        try:
            while pressed(LOOK_EVERY_S) not in {"q", "Q", "\x03", "\x04"}:
                life = call.look()
                live.update(_picture(call, life), refresh=True)
        except KeyboardInterrupt:
            return exit_for(life)
    return exit_for(life)


def _picture(call: Call, life: Life) -> Any:
    from rich.console import Group  # noqa: PLC0415 - as above

    blocks = report_now(call, life, bars=True)
    if not life.is_up:
        blocks.append(Facts([("note", life.sentence())]))
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
def _keys() -> Iterator[Callable[[float], str]]:
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


def _watch_in_lines(call: Call) -> int:
    """Print what differs from the last look, for ever: the reader ends it."""
    seen: dict[str, str] = {}
    last: object = None
    while True:
        life = call.look()
        if call.args.json:
            document = document_to_print(call, life)
            if document != last:
                call.screen.json_line(document)
                last = document
        else:
            for line in news(_told(call, life), seen):
                call.screen.line(f"{moment(time.time(), time.time())} {line}")
            sys.stdout.flush()
        time.sleep(LOOK_EVERY_S)


def news(told: Mapping[str, str], seen: dict[str, str]) -> list[str]:
    """Return the lines that were not seen so before, and note them as seen."""
    fresh = [line for key, line in told.items() if seen.get(key) != line]
    seen.update(told)
    return fresh


def _told(call: Call, life: Life) -> dict[str, str]:
    """Return a line for everything that may change, by what it is about."""
    told = {"daemon": life.sentence()} if not life.is_up else {}
    if call.args.session is not None:
        document = session_document(call.status_folder, call.args.session)
        return told | {job["id"]: _job_line(job) for job in document["jobs"]}
    if life.is_up and life.document is not None:
        told["daemon"] = headline(life.document)
    return told


def _job_line(job: Mapping[str, Any]) -> str:
    """A running job is told by its phase: percents would be a flood."""
    detail = job["phase"] or "" if job["state"] == "running" else how_far(job, 0)
    return " ".join(filter(None, [job["id"][:8], job["state"], detail, job_name(job)]))
