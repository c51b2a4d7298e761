"""`add` when it needs the ledger: to find a session by its UUID, or for --wait."""

from ytaudio_daemon.cli.arguments.add import is_uuid
from ytaudio_daemon.cli.commands.add import (
    checked_session_name,
    drop_name_and_content,
    print_liveness_note,
    require_timeout_with_wait,
    write_drop,
)
from ytaudio_daemon.cli.commands.wait import parse_timeout, wait_for_drop
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger, require_session
from ytaudio_daemon.cli.privileges import drop_privileges
from ytaudio_daemon.ledger import work_counts


def run(context: CommandContext) -> int:
    """Write the drop; with --wait, wait for its jobs and exit as `wait` does."""
    require_timeout_with_wait(context)
    timeout_s = parse_timeout(context.args.timeout)
    name, content = drop_name_and_content(context)  # before root gives up its rights
    drop_privileges(context)
    session = _session_name(context)
    after_id = _newest_drop_id(context) if context.args.wait else 0
    path = write_drop(context, session, name, content)
    if context.args.wait:
        context.output.flush()  # a program may go on with the path
        return wait_for_drop(context, session, path, after_id, timeout_s)
    print_liveness_note(context)
    return Exit.OK


def _session_name(context: CommandContext) -> str:
    """Return the name of the session's folder; a UUID is looked up in the ledger."""
    given: str = context.args.session
    if not is_uuid(given):
        return checked_session_name(given)
    with open_ledger(context) as ledger, ledger.read() as db:
        return require_session(db, given).name


def _newest_drop_id(context: CommandContext) -> int:
    """Return the newest drop's ID, so that ours can be recognised as a later one.

    0 when no daemon is running: then `wait_for_drop` does not wait.
    """
    if context.find_liveness().is_down:
        return 0
    with open_ledger(context) as ledger, ledger.read() as db:
        return work_counts.newest_drop_id(db)
