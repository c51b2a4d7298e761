"""Waits until receipts, status files and library show what the ledger says."""

import time

from ytaudio_daemon.cli.commands.poller import MIN_POLL_S
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.outbox import newest_event_id

#: Seconds after which a view that cannot be written holds up nobody any longer.
MAX_WAIT_S = 5.0


def wait_until_shown(context: CommandContext, ledger: Ledger) -> None:
    """Return when a running daemon has written what has happened so far.

    A script reads the receipt right after `wait`. A daemon that is not running, or of an
    older version, is not waited for.
    """
    with ledger.read() as db:
        newest = newest_event_id(db)
    give_up_at = time.monotonic() + MAX_WAIT_S
    while _is_behind(context, newest) and time.monotonic() < give_up_at:
        time.sleep(MIN_POLL_S)


def _is_behind(context: CommandContext, event_id: int) -> bool:
    liveness = context.find_liveness()
    if not liveness.is_up or liveness.document is None:
        return False
    shown = liveness.document.get("shown_event")
    return shown is not None and int(shown) < event_id
