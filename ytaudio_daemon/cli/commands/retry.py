"""`retry`: queues finished jobs again, with fresh attempts."""

from functools import partial

from ytaudio_daemon.cli.commands.job_selection import change_jobs, jobs_by_prefix
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import require_session
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model.line_rules import RetryRefusal
from ytaudio_daemon.operations import job_changes
from ytaudio_daemon.operations.transaction import write_now


def run(context: CommandContext) -> int:
    """Queue the jobs again and print the result of each."""
    return change_jobs(context, _retry_named, _retry_session)


def _retry_named(context: CommandContext, ledger: Ledger) -> Exit:
    with write_now(ledger) as (db, now):
        results = [
            (row, job_changes.retry_job(db, row, now, only_failed=context.args.failed))
            for row in jobs_by_prefix(db, context.args.jobs)
        ]
    for row, refusal in results:
        result = f"not queued: {_reason(row, refusal)}" if refusal else "queued again"
        context.output.line(f"{row.uuid[:8]} {result}")
    return Exit.FAILED if any(refusal for _, refusal in results) else Exit.OK


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
            return f"it is completed, its file is there: {row.output_path}"
