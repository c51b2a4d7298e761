"""How the daemon, or one session, stands right now.

It reads the status files alone, so it is quick, and it works while the daemon is down
(and says so: exit status 3). --watch goes on until q or Ctrl-C; in a pipe it prints a
line whenever something changed.
"""

import argparse
import heapq
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.liveness import (
    DaemonLiveness,
    Document,
    Liveness,
    read_document,
)
from ytaudio_daemon.cli.output import Output
from ytaudio_daemon.cli.status_report import Block, Facts, daemon_report, session_report
from ytaudio_daemon.errors import UnknownSessionError

EXAMPLES = """\
examples:
  ytaudio status
  ytaudio status party --watch
  ytaudio status --json | jq .counts
"""
#: Sessions that `status` lists; `session list` knows them all.
LISTED_SESSIONS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "session", nargs="?", metavar="SESSION", help="the name or UUID of a session"
    )
    parser.add_argument("-w", "--watch", action="store_true", help="go on showing it")
    add_json(parser, "the daemon's or the session's document")


def run(context: CommandContext) -> int:
    """Show the status; 3 when the daemon is down, 6 when it is degraded."""
    if context.args.watch:
        from ytaudio_daemon.cli.watch import watch  # noqa: PLC0415 - only then

        return watch(context)
    liveness = context.read_liveness()
    if context.args.json:
        context.output.json(document_to_print(context, liveness))
    else:
        print_blocks(
            context.output,
            current_report(context, liveness, bars=context.output.is_terminal),
        )
    if not liveness.is_up:
        context.output.stderr_line(liveness.explanation())
    return exit_status(liveness)


def exit_status(liveness: DaemonLiveness) -> Exit:
    """Return what the daemon's pulse means for the exit status."""
    if liveness.state is Liveness.DEGRADED:
        return Exit.DEGRADED
    return Exit.OK if liveness.is_up else Exit.DAEMON_DOWN


def document_to_print(
    context: CommandContext, liveness: DaemonLiveness
) -> Document | None:
    """Return the document that `--json` prints.

    Of a daemon that ended without a good-bye, the last document still says that it
    runs; it is corrected, so that programs need not judge its age.
    """
    if context.args.session is not None:
        return read_session_document(context.status_folder, context.args.session)
    document = liveness.document
    if document is not None and liveness.state is Liveness.GONE:
        return {**document, "daemon": {**document["daemon"], "state": "stopped"}}
    return document


def current_report(
    context: CommandContext, liveness: DaemonLiveness, *, bars: bool
) -> list[Block]:
    """Return what is to be shown, read afresh."""
    wall = time.time()
    status = context.status_folder
    if context.args.session is not None:
        document = read_session_document(status, context.args.session)
        return session_report(document, wall, bars=bars)
    return daemon_report(liveness, _latest_sessions(status), wall, bars=bars)


def print_blocks(output: Output, blocks: list[Block]) -> None:
    """Print blocks with a blank line between."""
    for number, block in enumerate(blocks):
        if number:
            output.line()
        if isinstance(block, Facts):
            output.facts(block.pairs)
        else:
            output.table(block.headers, block.rows)


def read_session_document(status: Path, session: str) -> Document:
    """Return a session's status document, by its name or UUID.

    Raises:
        UnknownSessionError: There is none.
    """
    if "/" not in session and not session.startswith("."):
        document = read_document(status / "sessions" / f"{session}.json")
        if document is not None:
            return document
    for document in _read_documents(_session_files(status)):
        if document["session"]["uuid"] == session:
            return document
    raise UnknownSessionError(
        f"there is no status of a session {session!r}",
        "`ytaudio session list` shows all sessions, expired ones too.",
    )


def _latest_sessions(status: Path) -> Iterator[Document]:
    """Yield the sessions in which something happened last."""
    latest = heapq.nlargest(LISTED_SESSIONS, _session_files(status), key=_changed_at)
    yield from _read_documents(latest)


def _read_documents(files: list[os.DirEntry[str]]) -> Iterator[Document]:
    for entry in files:
        document = read_document(Path(entry.path))
        if document is not None:
            yield document


def _session_files(status: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(status / "sessions") as entries:
            return [
                entry
                for entry in entries
                if entry.name.endswith(".json") and not entry.name.startswith(".")
            ]
    except FileNotFoundError:
        return []


def _changed_at(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # the session's document went meanwhile
        return 0.0
