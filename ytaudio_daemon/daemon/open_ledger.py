"""Opening the ledger for the daemon: alone, checked, and of this program's schema."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from ytaudio_daemon.errors import AlreadyRunningError
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.ledger_file import (
    back_up_before_migration,
    close_ledger_to_others,
)
from ytaudio_daemon.ledger.migrate import check_integrity, migrate, migrate_in_child
from ytaudio_daemon.ledger.retry_while_busy import retry_while_busy
from ytaudio_daemon.settings import Settings

T = TypeVar("T")

#: How long the daemon waits for another process's write, in seconds: its loop has
#: workers to supervise, so a busy ledger is tried again rather than waited for.
BUSY_TIMEOUT_S = 0.25
#: While it starts it has no workers, and waits so long for other processes, in seconds.
START_TIMEOUT_S = 10.0


@contextmanager
def open_ledger(settings: Settings) -> Iterator[Ledger]:
    """Open, check and migrate the ledger; no other daemon may while it is open.

    Raises:
        AlreadyRunningError: Another daemon has it.
        LedgerFullError: It is to be migrated, and there is no room for a copy before.
        LedgerError: It is damaged, newer than this program, or out of reach.
    """
    ledger = Ledger(settings.database.url, busy_timeout_s=BUSY_TIMEOUT_S)
    try:
        with ledger.hold_daemon_lock() as is_held:
            if not is_held:
                raise AlreadyRunningError(
                    "another daemon serves this PostgreSQL ledger",
                    "Stop it first, or give this one a database of its own.",
                )
            retry_while_starting(partial(check_integrity, ledger))
            retry_while_starting(partial(back_up_before_migration, ledger, time.time()))
            retry_while_starting(partial(migrate_in_child, ledger, START_TIMEOUT_S))
            retry_while_starting(partial(migrate, ledger))
            close_ledger_to_others(ledger)
            ledger.remember_inode()
            yield ledger
    finally:
        ledger.close()


def retry_while_starting(step: Callable[[], T]) -> T:
    """Do a step of the start, repeating it while other processes use the ledger.

    Raises:
        LedgerBusyError: The ledger was busy for `START_TIMEOUT_S`.
    """
    return retry_while_busy(step, START_TIMEOUT_S, BUSY_TIMEOUT_S)
