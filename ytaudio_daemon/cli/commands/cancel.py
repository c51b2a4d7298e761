"""`cancel`: cancels jobs, or asks the daemon to stop those that run."""

from functools import partial

from ytaudio_daemon.cli.commands.job_selection import change_jobs
from ytaudio_daemon.cli.commands.work_by_id import find_all_work
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import require_session
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.model.job import CancelResult
from ytaudio_daemon.operations import collection_changes, job_changes
from ytaudio_daemon.operations.collection_changes import CollectionChange
from ytaudio_daemon.operations.transaction import write_now

CANCEL_RESULTS = {
    CancelResult.CANCELLED: "cancelled",
    CancelResult.REQUESTED: "running; it is being stopped",
    CancelResult.PUBLISHING: "not cancelled: its audio is just being published",
    CancelResult.COMPLETED: "not cancelled: it is completed",
    CancelResult.FAILED: "not cancelled: it has failed",
}


def run(context: CommandContext) -> int:
    """Cancel the jobs and print the result of each."""
    return change_jobs(context, _cancel_named, _cancel_session)


def _cancel_named(context: CommandContext, ledger: Ledger) -> Exit:
    quota = context.settings.sessions.quota
    with write_now(ledger) as (db, now):
        rows, collections = find_all_work(db, context.args.jobs)
        results = [
            (row.uuid, job_changes.cancel_job(db, row.id, now, quota)) for row in rows
        ]
    for uuid, result in results:
        context.output.line(f"{uuid[:8]} {CANCEL_RESULTS[result]}")
    failed = any(result.is_too_late for _, result in results)
    open_write = partial(write_now, ledger)
    for each in collections:
        change = collection_changes.cancel_collection(open_write, each, quota)
        context.output.line(f"{each.uuid[:8]} {_collection_text(change)}")
        failed = failed or change.is_nothing
    return Exit.FAILED if failed else Exit.OK


def _collection_text(change: CollectionChange) -> str:
    if change.is_nothing:
        return "not cancelled: nothing of it is unfinished"
    parts = ["listing cancelled"] if change.is_listing_changed else []
    parts += ["no longer followed"] if change.is_stopped else []
    parts.append(f"{pluralize(change.jobs, 'job')} cancelled, or being stopped")
    return "; ".join(parts)


def _cancel_session(context: CommandContext, ledger: Ledger) -> Exit:
    with ledger.read() as db:
        session = require_session(db, context.args.session)
    quota = context.settings.sessions.quota
    open_write = partial(write_now, ledger)
    number = job_changes.cancel_session_jobs(open_write, session.id, quota)
    context.output.line(f"{pluralize(number, 'job')} cancelled, or being stopped")
    return Exit.OK
