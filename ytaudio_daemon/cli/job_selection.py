"""Which jobs a command that changes jobs is about."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger, wake_daemon
from ytaudio_daemon.errors import UsageError

if TYPE_CHECKING:
    from ytaudio_daemon.ledger import Connection, Ledger
    from ytaudio_daemon.ledger.queries import JobRow


def add_job_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name jobs."""
    parser.add_argument(
        "jobs", nargs="*", metavar="JOB", help="an ID, or its beginning"
    )
    parser.add_argument("-s", "--session", metavar="S", help="those of this session")


#: Between two transactions, in seconds: whoever waits for SQLite's lock asks for it
#: that often (sqliteDefaultBusyCallback in SQLite's main.c).
TRANSACTION_PAUSE_S = 0.05


def change_jobs(
    context: CommandContext,
    named: "Callable[[CommandContext, Ledger], Exit]",
    of_session: "Callable[[CommandContext, Ledger], Exit]",
) -> Exit:
    """Change the jobs named, or those of a session, and have the daemon look."""
    require_job_selection(context.args)
    with open_ledger(context, to_write=True) as ledger:
        code = (
            named(context, ledger) if context.args.jobs else of_session(context, ledger)
        )
    wake_daemon(context)
    return code


def require_job_selection(args: argparse.Namespace) -> None:
    """Make sure that jobs or a session are named, and not both.

    Raises:
        UsageError: They are not.
    """
    if bool(args.jobs) == (args.session is not None):
        raise UsageError("give either job IDs or --session", "See `ytaudio jobs`.")


def jobs_by_prefix(db: "Connection", prefixes: list[str]) -> "list[JobRow]":
    """Return the jobs, each once.

    Raises:
        UnknownJobError: One of them is not there, or a prefix fits several.
    """
    from ytaudio_daemon.ledger import queries  # noqa: PLC0415 - 200 ms

    found = {row.id: row for row in (queries.find_job(db, text) for text in prefixes)}
    return list(found.values())
