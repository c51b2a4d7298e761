"""`jobs`: lists the jobs of the ledger in the order they were accepted."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from ytaudio_daemon.cli.blocks import Table, print_blocks
from ytaudio_daemon.cli.commands.job_documents import JobDocuments
from ytaudio_daemon.cli.commands.status_report import job_name, progress_text
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import find_session_id, open_ledger
from ytaudio_daemon.ledger import Ledger, forecast_queries, queries
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model.forecast import Turn, place_in_queue
from ytaudio_daemon.model.job import JobState

PAGE_SIZE = 500


def run(context: CommandContext) -> int:
    """Print the jobs."""
    with open_ledger(context) as ledger:
        documents = JobDocuments(context).build_all(_job_rows(context, ledger))
        if context.args.json:
            context.output.json_list({"schema": "ytaudio.jobs/1"}, "jobs", documents)
        else:
            with ledger.read() as db:
                turns = forecast_queries.read_turns(db)
            _print(context, documents, turns)
    return Exit.OK


def _job_rows(context: CommandContext, ledger: Ledger) -> Iterator[JobRow]:
    """Yield the jobs, a page per transaction: an open cursor would block the daemon."""
    session_id = find_session_id(ledger, context.args.session)
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


def _print(
    context: CommandContext,
    documents: Iterator[Mapping[str, Any]],
    turns: Mapping[str, Turn],
) -> None:
    bars = context.output.is_terminal
    now = time.time()
    headers = ("JOB", "STATE", "SESSION", "HOW FAR", "WHAT")
    rows = [
        (
            # A prefix is enough for a person; a program gets the whole ID.
            job["id"][:8] if bars else job["id"],
            job["state"],
            job["session"],
            _progress_text(job, now, turns, bars=bars),
            job_name(job),
        )
        for job in documents
    ]
    if rows:
        print_blocks(context.output, [Table(headers, rows)])
    else:
        context.output.stderr_line("no jobs")


def _progress_text(
    job: Mapping[str, Any], now: float, turns: Mapping[str, Turn], *, bars: bool
) -> str:
    if job["state"] == "held":  # its place in its own session would mislead here
        job = {**job, "position": None}
    return progress_text(job, now, bars=bars, place=queue_place(job, turns))


def queue_place(job: Mapping[str, Any], turns: Mapping[str, Turn]) -> int | None:
    """Return a queued job's place among those of all sessions, where it is known."""
    if job["state"] != "queued" or job["position"] is None:
        return None
    return place_in_queue(job["position"], job["session_uuid"], turns)
