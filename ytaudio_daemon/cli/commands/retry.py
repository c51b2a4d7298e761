"""`retry`: queues finished jobs again, with fresh attempts."""

import time
from collections.abc import Iterator

from ytaudio_daemon.cli.commands.job_selection import (
    TRANSACTION_PAUSE_S,
    change_jobs,
    jobs_by_prefix,
)
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import require_session
from ytaudio_daemon.errors import SessionExpiredError
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.ledger import Connection, Ledger, queries, sessions, transitions
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model.job import FINALIZED, JobState
from ytaudio_daemon.operations.transaction import read_now

#: Jobs per transaction: it takes some 80 ms, and the daemon waits at most 250.
PAGE_SIZE = 50


def run(context: CommandContext) -> int:
    """Queue the jobs again and print the result of each."""
    return change_jobs(context, _retry_named, _retry_session)


def _retry_named(context: CommandContext, ledger: Ledger) -> Exit:
    with ledger.write() as db:
        rows = jobs_by_prefix(db, context.args.jobs)
        refusals = [
            (row.uuid, _retry(db, row, failed=context.args.failed)) for row in rows
        ]
    for uuid, why_not in refusals:
        result = f"not queued: {why_not}" if why_not else "queued again"
        context.output.line(f"{uuid[:8]} {result}")
    return Exit.FAILED if any(why_not for _, why_not in refusals) else Exit.OK


def _retry_session(context: CommandContext, ledger: Ledger) -> Exit:
    queued = 0
    for page in _finished_job_pages(ledger, context.args.session):
        with ledger.write() as db:
            refusals = [_retry(db, row, failed=context.args.failed) for row in page]
        queued += refusals.count("")
        if "" in refusals:
            time.sleep(TRANSACTION_PAUSE_S)  # lets the daemon write
    context.output.line(f"{pluralize(queued, 'job')} queued again")
    return Exit.OK


def _finished_job_pages(ledger: Ledger, name: str) -> Iterator[list[JobRow]]:
    with ledger.read() as db:
        session = require_session(db, name)
    if session.state == "expired":
        raise SessionExpiredError(
            f"session {session.name} has expired; its jobs are not run again",
            "Drop the links again: that opens a new session of that name.",
        )
    last = 0
    while True:
        with ledger.read() as db:
            page = queries.find_jobs(
                db, session_id=session.id, states=list(FINALIZED), after_id=last,
                limit=PAGE_SIZE,
            )  # fmt: skip
        if not page:
            return
        yield page
        last = page[-1].id


def _retry(db: Connection, row: JobRow, *, failed: bool) -> str:
    """Queue a job again; returns the reason when it is not, or ""."""
    session = sessions.session_by_id(db, row.session_id)
    why_not = why_not_retryable(row, expired=session.state == "expired", failed=failed)
    if why_not:
        return why_not
    if not transitions.retry(db, row.id, read_now(db)):
        return "it was queued again meanwhile"
    return ""


def why_not_retryable(row: JobRow, *, expired: bool, failed: bool) -> str:
    """Return the reason when a job must not run again, or ""."""
    if row.cancel_requested:
        return "it is being cancelled; ask once more when it is"
    if row.state not in FINALIZED:
        return f"it is {row.state}"
    if failed and row.state is not JobState.FAILED:
        return f"it has not failed, it is {row.state}"
    if expired:
        return f"session {row.session_name} has expired; drop the link again"
    if row.state is JobState.COMPLETED and not audio_is_gone(row.output_path):
        return f"it is completed, its file is there: {row.output_path}"
    return ""
