"""The jobs that `cancel` and `retry` change: those named, or those of a session."""

import argparse
from collections.abc import Callable

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger, wake_daemon
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.ledger import Ledger


def change_jobs(
    context: CommandContext,
    named: Callable[[CommandContext, Ledger], Exit],
    of_session: Callable[[CommandContext, Ledger], Exit],
) -> Exit:
    """Change the jobs named, or those of a session, and wake the daemon.

    Args:
        context: Its arguments select the jobs.
        named: Changes the jobs named by `args.jobs`.
        of_session: Changes the jobs of `args.session`.

    Raises:
        UsageError: Neither jobs nor a session are given, or both.
    """
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
