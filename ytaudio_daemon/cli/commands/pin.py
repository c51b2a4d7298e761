"""`pin` and `unpin`: files that `keep_last` leaves alone."""

from collections.abc import Callable

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger, wake_daemon
from ytaudio_daemon.ledger import Connection, queries, removals
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.operations.transaction import write_now


def run(context: CommandContext) -> int:
    """Pin the jobs' files and print the result of each."""
    return _change(context, removals.pin, "pinned", "pinned already")


def unpin(context: CommandContext) -> int:
    """Remove the pins and print the result of each."""
    return _change(
        context,
        lambda db, job_id, _now: removals.unpin(db, job_id),
        "no longer pinned",
        "not pinned",
    )


def _change(
    context: CommandContext,
    change: Callable[[Connection, int, Now], bool],
    done: str,
    nothing: str,
) -> int:
    with open_ledger(context, to_write=True) as ledger, write_now(ledger) as (db, now):
        rows = [queries.find_job(db, prefix) for prefix in context.args.jobs]
        results = [(row.uuid, change(db, row.id, now)) for row in rows]
    for uuid, is_changed in results:
        context.output.line(f"{uuid[:8]} {done if is_changed else nothing}")
    wake_daemon(context)
    return Exit.OK
