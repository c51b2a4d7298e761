"""Which jobs a command that changes jobs is about."""

import argparse
from typing import TYPE_CHECKING

from ytaudio_daemon.errors import UsageError

if TYPE_CHECKING:
    from ytaudio_daemon.ledger import Connection
    from ytaudio_daemon.ledger.read import JobRow


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name jobs."""
    parser.add_argument(
        "jobs", nargs="*", metavar="JOB", help="an ID, or its beginning"
    )
    parser.add_argument("-s", "--session", metavar="S", help="those of this session")


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
    from ytaudio_daemon.ledger import read  # noqa: PLC0415 - 200 ms

    found = {row.id: row for row in (read.find_job(db, text) for text in prefixes)}
    return list(found.values())
