"""Opens the write transactions of commands and programs."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.wake_file import wake_daemon
from ytaudio_daemon.ledger import Connection, Ledger, meta
from ytaudio_daemon.model.clock import Now

#: Opens one write transaction; for an operation that needs several.
OpenWrite = Callable[[], AbstractContextManager[tuple[Connection, Now]]]


def read_now(db: Connection) -> Now:
    """Return the present moment on both clocks.

    The daemon's uptime is the one that it saved last in the ledger, some seconds ago.
    """
    return Now(wall=time.time(), uptime_s=meta.uptime_s(db))


@contextmanager
def write_now(ledger: Ledger) -> Iterator[tuple[Connection, Now]]:
    """Run one write transaction at the present moment.

    Raises:
        LedgerError: It cannot be written.
    """
    with ledger.write() as db:
        yield db, read_now(db)


@contextmanager
def write_and_wake(ledger: Ledger, layout: Layout) -> Iterator[tuple[Connection, Now]]:
    """Run one write transaction, then have the daemon read the ledger at once.

    Raises:
        LedgerError: It cannot be written.
        OSError: It is written, but this user may not write in the state folder.
    """
    with write_now(ledger) as (db, now):
        yield db, now
    wake_daemon(layout)
