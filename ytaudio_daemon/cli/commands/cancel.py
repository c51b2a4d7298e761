"""`cancel`: cancels jobs, or asks the daemon to stop those that run."""

import time

from ytaudio_daemon.cli.commands.job_selection import (
    TRANSACTION_PAUSE_S,
    change_jobs,
    jobs_by_prefix,
)
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import require_session
from ytaudio_daemon.ledger import Ledger, bulk_cancel, transitions
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.operations.transaction import read_now

#: For each result of `transitions.cancel`: the text, and whether the job is cancelled.
CANCEL_RESULTS = {
    "cancelled": ("cancelled", True),
    "requested": ("running; it is being stopped", True),
    "publishing": ("not cancelled: its audio is just being published", False),
    "completed": ("not cancelled: it is completed", False),
    "failed": ("not cancelled: it has failed", False),
}


def run(context: CommandContext) -> int:
    """Cancel the jobs and print the result of each."""
    return change_jobs(context, _cancel_named, _cancel_session)


def _cancel_named(context: CommandContext, ledger: Ledger) -> Exit:
    quota = context.settings.sessions.quota
    with ledger.write() as db:
        now = read_now(db)
        results = [
            (
                row.uuid,
                transitions.cancel(db, row.id, now, reason="cancelled", quota=quota),
            )
            for row in jobs_by_prefix(db, context.args.jobs)
        ]
    for uuid, result in results:
        context.output.line(f"{uuid[:8]} {CANCEL_RESULTS[result][0]}")
    return (
        Exit.OK
        if all(CANCEL_RESULTS[result][1] for _, result in results)
        else Exit.FAILED
    )


def _cancel_session(context: CommandContext, ledger: Ledger) -> Exit:
    with ledger.read() as db:
        session = require_session(db, context.args.session)
    quota = context.settings.sessions.quota
    number = cancel_all(ledger, session, "cancelled", quota)
    context.output.line(f"{pluralize(number, 'job')} cancelled, or being stopped")
    return Exit.OK


def cancel_all(ledger: Ledger, session: Session, reason: str, quota: Quota) -> int:
    """Cancel a session's unfinished jobs, some in each transaction; returns how many.

    A pause between two transactions lets the daemon write: SQLite's lock has no queue.
    """
    number = 0
    while True:
        with ledger.write() as db:
            done = bulk_cancel.cancel_batch(
                db, session.id, read_now(db), reason=reason, quota=quota
            )
        number += done.cancelled + done.requested
        if done.is_complete:
            return number
        time.sleep(TRANSACTION_PAUSE_S)
