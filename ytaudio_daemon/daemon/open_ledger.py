"""Opening the ledger for the daemon: alone, checked, and of this program's schema."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ytaudio_daemon.errors import AlreadyRunningError, LedgerBusyError
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.migrate import check_integrity, migrate
from ytaudio_daemon.ledger.pre_migration_backup import back_up_before_migration
from ytaudio_daemon.settings import Settings

T = TypeVar("T")

#: How long the daemon waits for somebody else's write, in seconds: its loop has
#: workers to mind, so a busy ledger is tried again rather than waited for.
BUSY_TIMEOUT_S = 0.25
#: While it starts it has none: it waits so long for others, in seconds.
START_TIMEOUT_S = 10.0


@contextmanager
def open_ledger(settings: Settings) -> Iterator[Ledger]:
    """Open, check and migrate the ledger; nobody else may while we hold it.

    Raises:
        AlreadyRunningError: Another daemon has it.
        LedgerFullError: It is to be migrated, and there is no room for a copy before.
        LedgerError: It is damaged, newer than this program, or out of reach.
    """
    ledger = Ledger(settings.database.url, busy_timeout_s=BUSY_TIMEOUT_S)
    try:
        with ledger.hold_daemon_lock() as alone:
            if not alone:
                raise AlreadyRunningError(
                    "another daemon serves this PostgreSQL ledger",
                    "Stop it first, or give this one a database of its own.",
                )
            retry_while_busy(lambda: check_integrity(ledger))
            retry_while_busy(lambda: back_up_before_migration(ledger, time.time()))
            retry_while_busy(lambda: migrate(ledger))
            ledger.remember_inode()
            yield ledger
    finally:
        ledger.close()


def retry_while_busy(step: Callable[[], T]) -> T:
    """Take a step of the start, again while somebody else uses the ledger.

    Every one of them may be repeated: a crash could have come in between as well.

    Raises:
        LedgerBusyError: It was in use all the time.
    """
    end = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            return step()
        except LedgerBusyError:
            if time.monotonic() >= end:
                raise
            time.sleep(BUSY_TIMEOUT_S)
