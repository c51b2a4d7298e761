"""Calls the change of `cancel` and `retry` for the jobs named, or those of a session."""

from collections.abc import Callable

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger, wake_daemon
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.ledger import Ledger


def change_jobs(
    context: CommandContext,
    change_named: Callable[[CommandContext, Ledger], Exit],
    change_session: Callable[[CommandContext, Ledger], Exit],
) -> Exit:
    """Change the jobs named, or those of a session, and wake the daemon.

    Args:
        context: Its arguments select the jobs.
        change_named: Changes the jobs named by `args.jobs`.
        change_session: Changes the jobs of `args.session`.

    Raises:
        UsageError: Neither jobs nor a session are given, or both.
    """
    args = context.args
    if bool(args.jobs) == (args.session is not None):
        raise UsageError("give either job IDs or --session", "See `ytaudio jobs`.")
    change = change_named if args.jobs else change_session
    with open_ledger(context, to_write=True) as ledger:
        code = change(context, ledger)
    wake_daemon(context)
    return code
