"""List jobs in the order they were accepted.

It reads the ledger, so it knows all jobs, also those of expired sessions, whether the
daemon runs or not.
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger, require_session
from ytaudio_daemon.cli.status_report import job_name, progress_text
from ytaudio_daemon.model.job import JobState

if TYPE_CHECKING:
    from ytaudio_daemon.ledger import Ledger
    from ytaudio_daemon.ledger.queries import JobRow

EXAMPLES = """\
examples:
  ytaudio jobs --session party
  ytaudio jobs --state failed --state waiting
  ytaudio jobs --json | jq -r '.jobs[] | select(.state == "completed").output_path'
"""
PAGE_SIZE = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("-s", "--session", metavar="S", help="only this session's")
    parser.add_argument(
        "--state", action="append", choices=[str(state) for state in JobState],
        default=[], help="only jobs in this state; may be given again",
    )  # fmt: skip
    add_json(parser, "{schema, jobs: [Job…]}")


def run(context: CommandContext) -> int:
    """List the jobs."""
    from ytaudio_daemon.cli.job_documents import JobDocuments  # noqa: PLC0415 - 300 ms

    with open_ledger(context) as ledger:
        documents = JobDocuments(context).build_all(_job_rows(context, ledger))
        if context.args.json:
            context.output.json_list({"schema": "ytaudio.jobs/1"}, "jobs", documents)
        else:
            _print(context, documents)
    return Exit.OK


def _job_rows(context: CommandContext, ledger: "Ledger") -> "Iterator[JobRow]":
    """Yield the jobs, a page a transaction: an open cursor would stop the daemon."""
    from ytaudio_daemon.ledger import queries  # noqa: PLC0415 - 200 ms

    session_id = None
    if context.args.session is not None:
        with ledger.read() as db:
            session_id = require_session(db, context.args.session).id
    states = [JobState(name) for name in context.args.state]
    last = 0
    while True:
        with ledger.read() as db:
            page = queries.find_jobs(
                db, session_id=session_id, states=states, after_id=last, limit=PAGE_SIZE
            )
        if not page:
            return
        yield from page
        last = page[-1].id


def _print(context: CommandContext, documents: Iterator[Mapping[str, Any]]) -> None:
    bars = context.output.is_terminal
    now = time.time()
    headers = ("JOB", "STATE", "SESSION", "HOW FAR", "WHAT")
    rows = [
        (
            # On a terminal a prefix does; a program is given all of it.
            job["id"][:8] if bars else job["id"],
            job["state"],
            job["session"],
            progress_text(job, now, bars=bars),
            job_name(job),
        )
        for job in documents
    ]
    if rows:
        context.output.table(headers, rows)
    else:
        context.output.stderr_line("no jobs")
