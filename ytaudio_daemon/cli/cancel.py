"""Cancel jobs: at once, or, while one is running, by asking the daemon to stop it.

A job whose audio is just being published is no longer stopped. A cancelled job can be
run again with `ytaudio retry`.
"""

import argparse
import time
from typing import TYPE_CHECKING

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import count_of
from ytaudio_daemon.cli.job_selection import (
    PAUSE_S,
    add_choice,
    change_jobs,
    named_jobs,
)
from ytaudio_daemon.cli.ledger_access import moment_in, require_session

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
ANSWERS = {
    "cancelled": ("cancelled", True),
    "requested": ("running; it is being stopped", True),
    "publishing": ("not cancelled: its audio is just being published", False),
    "completed": ("not cancelled: it is completed", False),
    "failed": ("not cancelled: it has failed", False),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_choice(parser)


def run(call: Call) -> int:
    """Cancel the jobs and report on each."""
    return change_jobs(call, _cancel_named, _cancel_session)


def _cancel_named(call: Call, ledger: "Ledger") -> Exit:
    quota = call.settings.sessions.quota
    with ledger.write() as db:
        from ytaudio_daemon.ledger import transitions  # noqa: PLC0415 - 200 ms

        now = moment_in(db)
        answers = [
            (
                row.uuid,
                transitions.cancel(db, row.id, now, reason="cancelled", quota=quota),
            )
            for row in named_jobs(db, call.args.jobs)
        ]
    for uuid, answer in answers:
        call.screen.line(f"{uuid[:8]} {ANSWERS[answer][0]}")
    return Exit.OK if all(ANSWERS[answer][1] for _, answer in answers) else Exit.FAILED


def _cancel_session(call: Call, ledger: "Ledger") -> Exit:
    with ledger.read() as db:
        session = require_session(db, call.args.session)
    quota = call.settings.sessions.quota
    number = cancel_all(ledger, session, "cancelled", quota)
    call.screen.line(f"{count_of(number, 'job')} cancelled, or being stopped")
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
            done = bulk_cancel.cancel_some(
                db, session.id, moment_in(db), reason=reason, quota=quota
            )
        number += done.ended + done.asked
        if done.is_all:
            return number
        time.sleep(PAUSE_S)
