"""`status --watch`: a live screen on a terminal, a line for each change in a pipe."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.segment import SegmentLines
from rich.text import Text

from ytaudio_daemon.cli.blocks import Block, Facts
from ytaudio_daemon.cli.commands.status_documents import (
    NOT_BEGUN,
    current_report,
    document_to_print,
    exit_status,
    session_to_show,
)
from ytaudio_daemon.cli.commands.status_report import (
    daemon_summary,
    job_name,
    progress_text,
)
from ytaudio_daemon.cli.commands.watch_window import Window, is_end
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.formatting import local_time
from ytaudio_daemon.cli.liveness import DaemonLiveness
from ytaudio_daemon.cli.terminal import facts_renderable, table_renderable
from ytaudio_daemon.model.job import FINALIZED, JobState

#: The daemon writes its files at most twice a second.
POLL_S = 0.5
MAX_KEY_BYTES = 8


def run(context: CommandContext) -> int:
    """Show the status until the person types q or Ctrl-C."""
    if context.output.is_terminal and not context.args.json:
        return _watch_live(context)
    return _watch_in_lines(context)


def _watch_live(context: CommandContext) -> int:
    liveness = context.read_liveness()
    console = context.output.terminal.console
    view = _LiveView(console)
    screen = view.draw(_report(context, liveness))
    with (
        _key_reader() as pressed,
        Live(screen, console=console, auto_refresh=False, screen=False) as live,
    ):
        try:
            while not is_end(key := pressed(POLL_S)):
                liveness = context.read_liveness()
                view.move(key)
                live.update(view.draw(_report(context, liveness)), refresh=True)
        except KeyboardInterrupt:
            return exit_status(liveness)
    return exit_status(liveness)


class _LiveView:
    """Draws the part of a report that fits, above a line that says what is left out.

    Args:
        console: The terminal; its size may change at any time.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._window = Window()

    def move(self, key: str) -> None:
        """Move the part that is shown."""
        self._window = self._window.moved(key)

    def draw(self, report: RenderableType) -> RenderableType:
        """Return what fits the terminal now."""
        lines = self._console.render_lines(report, pad=False)
        # One line is the hint's, one the cursor's.
        height = max(1, self._console.height - 2)
        self._window = self._window.fitted(height, len(lines))
        shown = lines[self._window.first : self._window.end]
        hint = Text(self._window.hint, style="dim", no_wrap=True, overflow="ellipsis")
        return Group(SegmentLines(shown, new_lines=True), hint)


def _report(context: CommandContext, liveness: DaemonLiveness) -> RenderableType:
    blocks = current_report(context, liveness, bars=True)
    if not liveness.is_up:
        blocks.append(Facts([("note", liveness.explanation())]))
    return Group(*_with_gaps(blocks), "")


def _with_gaps(blocks: list[Block]) -> Iterator[RenderableType]:
    for number, block in enumerate(blocks):
        if number:
            yield ""
        if isinstance(block, Facts):
            yield facts_renderable(block.pairs)
        else:
            is_live = any(_is_unfinished(row) for row in block.rows)
            yield table_renderable(block.headers, block.rows, is_live=is_live)


def _is_unfinished(row: Sequence[str]) -> bool:
    """True if a row shows a job whose progress may still change."""
    return any(state in row for state in JobState if state not in FINALIZED)


@contextmanager
def _key_reader() -> Iterator[Callable[[float], str]]:
    """Yield a function that waits some seconds for a key, and returns it or "".

    Keys need no Enter meanwhile. If standard input is no terminal, the function only
    waits.
    """
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
    # An arrow key is several characters, which come at once.
    return os.read(stdin, MAX_KEY_BYTES).decode("ascii", "replace") if ready else ""


def _no_key(wait_s: float) -> str:
    time.sleep(wait_s)
    return ""


def _watch_in_lines(context: CommandContext) -> int:
    """Print a line for each change, until the reader closes the pipe."""
    seen: dict[str, str] = {}
    last: object = None
    while True:
        liveness = context.read_liveness()
        if context.args.json:
            document = document_to_print(context, liveness)
            if document not in (last, None):
                context.output.json_line(document)
                last = document
        else:
            for line in changed_lines(_current_lines(context, liveness), seen):
                context.output.line(f"{local_time(time.time(), time.time())} {line}")
            sys.stdout.flush()
        time.sleep(POLL_S)


def changed_lines(lines: Mapping[str, str], seen: dict[str, str]) -> list[str]:
    """Return the lines that differ from those in `seen`, and update `seen`."""
    fresh = [line for key, line in lines.items() if seen.get(key) != line]
    seen.update(lines)
    return fresh


def _current_lines(context: CommandContext, liveness: DaemonLiveness) -> dict[str, str]:
    """Return a line for everything that may change, by a job's ID or "daemon"."""
    lines = {"daemon": liveness.explanation()} if not liveness.is_up else {}
    if context.args.session is not None:
        document = session_to_show(context)
        if document is None:
            return {"session": f"{context.args.session}, {NOT_BEGUN}", **lines}
        return lines | {job["id"]: _job_line(job) for job in document["jobs"]}
    if liveness.is_up and liveness.document is not None:
        lines["daemon"] = daemon_summary(liveness.document)
    return lines


def _job_line(job: Mapping[str, Any]) -> str:
    """Return a job's line: of a running job the phase, for percents would be a flood."""
    detail = job["phase"] or "" if job["state"] == "running" else progress_text(job, 0)
    return " ".join(filter(None, [job["id"][:8], job["state"], detail, job_name(job)]))
