"""Which jobs a command that changes jobs is about."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import opened, wake_daemon
from ytaudio_daemon.errors import UsageError

if TYPE_CHECKING:
    from ytaudio_daemon.ledger import Connection, Ledger
    from ytaudio_daemon.ledger.queries import JobRow


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name jobs."""
    parser.add_argument(
        "jobs", nargs="*", metavar="JOB", help="an ID, or its beginning"
    )
    parser.add_argument("-s", "--session", metavar="S", help="those of this session")


#: Between two transactions, in seconds: whoever waits for SQLite's lock asks for it
#: that often (sqliteDefaultBusyCallback in SQLite's main.c).
PAUSE_S = 0.05


def change_jobs(
    call: Call,
    named: "Callable[[Call, Ledger], Exit]",
    of_session: "Callable[[Call, Ledger], Exit]",
) -> Exit:
    """Change the jobs named, or those of a session, and have the daemon look."""
    require_choice(call.args)
    with opened(call, to_write=True) as ledger:
        code = named(call, ledger) if call.args.jobs else of_session(call, ledger)
    wake_daemon(call)
    return code


def require_choice(args: argparse.Namespace) -> None:
    """Make sure that jobs or a session are named, and not both.

    Raises:
        UsageError: They are not.
    """
    if bool(args.jobs) == (args.session is not None):
        raise UsageError("give either job IDs or --session", "See `ytaudio jobs`.")


def named_jobs(db: "Connection", prefixes: list[str]) -> "list[JobRow]":
    """Return the jobs, each once.

    Raises:
        UnknownJobError: One of them is not there, or a prefix fits several.
    """
    from ytaudio_daemon.ledger import queries  # noqa: PLC0415 - 200 ms

    found = {row.id: row for row in (queries.find_job(db, text) for text in prefixes)}
    return list(found.values())
