"""Opening the ledger for the daemon: alone, checked, and of this program's schema."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog

from ytaudio_daemon.errors import AlreadyRunningError, LedgerBusyError
from ytaudio_daemon.ledger import Ledger, backup
from ytaudio_daemon.ledger.migrate import (
    HEAD,
    check_integrity,
    migrate,
    outdated_revision,
)
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()

Found = TypeVar("Found")

#: How long the daemon waits for somebody else's write, in seconds: its loop has
#: workers to mind, so a busy ledger is tried again rather than waited for.
PATIENCE_S = 0.25
#: While it starts it has none: it waits so long for others, in seconds.
START_PATIENCE_S = 10.0


@contextmanager
def opened_ledger(settings: Settings) -> Iterator[Ledger]:
    """Open, check and migrate the ledger; nobody else may while we hold it.

    Raises:
        AlreadyRunningError: Another daemon has it.
        LedgerFullError: It is to be migrated, and there is no room for a copy before.
        LedgerError: It is damaged, newer than this program, or out of reach.
    """
    ledger = Ledger(settings.database.url, patience_s=PATIENCE_S)
    try:
        with ledger.alone() as alone:
            if not alone:
                raise AlreadyRunningError(
                    "another daemon serves this PostgreSQL ledger",
                    "Stop it first, or give this one a database of its own.",
                )
            patiently(lambda: check_integrity(ledger))
            _back_up_before_migrating(ledger, time.time())
            patiently(lambda: migrate(ledger))
            ledger.remember_file()
            yield ledger
    finally:
        ledger.close()


def patiently(step: Callable[[], Found]) -> Found:
    """Take a step of the start, again while somebody else uses the ledger.

    Every one of them may be repeated: a crash could have come in between as well.

    Raises:
        LedgerBusyError: It was in use all the time.
    """
    end = time.monotonic() + START_PATIENCE_S
    while True:
        try:
            return step()
        except LedgerBusyError:
            if time.monotonic() >= end:
                raise
            time.sleep(PATIENCE_S)


def _back_up_before_migrating(ledger: Ledger, wall: float) -> None:
    """Keep the ledger as it is, should somebody want to go back to the older program.

    PostgreSQL's is backed up by its own tools, before the upgrade.
    """
    if ledger.path is None:
        return
    old = patiently(lambda: outdated_revision(ledger))
    state = ledger.path.parent
    if old is not None:
        target = backup.upgrade_target(state, old, wall)
        log.info("ledger.migrating", revision=old, to=HEAD, backup=str(target))
        backup.back_up(ledger.path, target)
    backup.tidy(state, wall)
