"""Cancel jobs: at once, or, while one is running, by asking the daemon to stop it.

A job whose audio is just being published is no longer stopped. A cancelled job can be
run again with `ytaudio retry`.
"""

import argparse
import time
from typing import TYPE_CHECKING

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.job_selection import (
    TRANSACTION_PAUSE_S,
    add_job_selection,
    change_jobs,
    jobs_by_prefix,
)
from ytaudio_daemon.cli.ledger_access import read_now, require_session

if TYPE_CHECKING:
    from ytaudio_daemon.ledger import Ledger
    from ytaudio_daemon.ledger.sessions import Session
    from ytaudio_daemon.model.quota import Quota

EXAMPLES = """\
examples:
  ytaudio cancel 1a2b3c4d 5e6f
  ytaudio cancel --session party
"""
#: What `ledger.moves.cancel` returns, in words, and whether it is as asked.
CANCEL_RESULTS = {
    "cancelled": ("cancelled", True),
    "requested": ("running; it is being stopped", True),
    "publishing": ("not cancelled: its audio is just being published", False),
    "completed": ("not cancelled: it is completed", False),
    "failed": ("not cancelled: it has failed", False),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_job_selection(parser)


def run(context: CommandContext) -> int:
    """Cancel the jobs and report on each."""
    return change_jobs(context, _cancel_named, _cancel_session)


def _cancel_named(context: CommandContext, ledger: "Ledger") -> Exit:
    quota = context.settings.sessions.quota
    with ledger.write() as db:
        from ytaudio_daemon.ledger import transitions  # noqa: PLC0415 - 200 ms

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


def _cancel_session(context: CommandContext, ledger: "Ledger") -> Exit:
    with ledger.read() as db:
        session = require_session(db, context.args.session)
    quota = context.settings.sessions.quota
    number = cancel_all(ledger, session, "cancelled", quota)
    context.output.line(f"{pluralize(number, 'job')} cancelled, or being stopped")
    return Exit.OK


def cancel_all(
    ledger: "Ledger", session: "Session", reason: str, quota: "Quota"
) -> int:
    """Cancel a session's unfinished jobs, some in each transaction; returns how many.

    Between two of them the daemon gets its turn: SQLite's lock has no queue.
    """
    from ytaudio_daemon.ledger import bulk_cancel  # noqa: PLC0415 - 200 ms

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
