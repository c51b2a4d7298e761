"""`retry`: queues finished jobs again, with fresh attempts."""

from functools import partial

from ytaudio_daemon.cli.commands.job_selection import change_jobs
from ytaudio_daemon.cli.commands.work_by_id import find_all_work
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import require_session
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model.line_rules import RetryRefusal
from ytaudio_daemon.operations import collection_changes, job_changes
from ytaudio_daemon.operations.transaction import write_now


def run(context: CommandContext) -> int:
    """Queue the jobs again and print the result of each."""
    return change_jobs(context, _retry_named, _retry_session)


def _retry_named(context: CommandContext, ledger: Ledger) -> Exit:
    with write_now(ledger) as (db, now):
        rows, collections = find_all_work(db, context.args.jobs)
        results = [
            (row, job_changes.retry_job(db, row, now, only_failed=context.args.failed))
            for row in rows
        ]
    for row, refusal in results:
        result = f"not queued: {_reason(row, refusal)}" if refusal else "queued again"
        context.output.line(f"{row.uuid[:8]} {result}")
    failed = any(refusal for _, refusal in results)
    for each in collections:
        failed = not _retry_collection(context, ledger, each) or failed
    return Exit.FAILED if failed else Exit.OK


def _retry_collection(
    context: CommandContext, ledger: Ledger, collection: CollectionDetails
) -> bool:
    """Retry a collection and print the result; returns whether there was anything."""
    change = collection_changes.retry_collection(
        partial(write_now, ledger), collection, only_failed=context.args.failed
    )
    parts = ["listed again"] if change.is_listing_changed else []
    parts += [f"{pluralize(change.jobs, 'job')} queued again"] if change.jobs else []
    result = "; ".join(parts) or "not queued: there is nothing of it to run again"
    context.output.line(f"{collection.uuid[:8]} {result}")
    return not change.is_nothing


def _retry_session(context: CommandContext, ledger: Ledger) -> Exit:
    with ledger.read() as db:
        session = require_session(db, context.args.session)
    queued = job_changes.retry_session_jobs(
        partial(write_now, ledger), session, only_failed=context.args.failed
    )
    context.output.line(f"{pluralize(queued, 'job')} queued again")
    return Exit.OK


def _reason(row: JobRow, refusal: RetryRefusal) -> str:
    match refusal:
        case RetryRefusal.CANCELLING:
            return "it is being cancelled; ask once more when it is"
        case RetryRefusal.UNFINISHED:
            return f"it is {row.state}"
        case RetryRefusal.NOT_FAILED:
            return f"it has not failed, it is {row.state}"
        case RetryRefusal.SESSION_EXPIRED:
            return f"session {row.session_name} has expired; drop the link again"
        case RetryRefusal.FILE_EXISTS:
            return (
                f"it is completed, its file is there: {row.output_path}; if the library "
                "lacks it, it comes back there"
            )
