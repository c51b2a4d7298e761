"""A transaction that finds SQLite's file locked begins soon after the lock is gone."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing

import pytest

from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.ledger import Connection, Ledger, sqlite_lock_wait

KINDS: dict[str, Callable[[Ledger], AbstractContextManager[Connection]]] = {
    "read": Ledger.read,
    "write": Ledger.write,
}


def open_connection(ledger: Ledger) -> None:
    """Open a connection before there is a lock: its pragmas need the file, too."""
    with ledger.read():
        pass


@pytest.mark.parametrize("kind", KINDS)
def test_each_pause_is_short_however_long_the_lock_is_held(
    kind: str, sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own wait would pause for 0.1 s after a few tries."""
    pauses: list[float] = []
    open_connection(sqlite_ledger)
    with closing(sqlite3.connect(str(sqlite_ledger.path), timeout=0)) as other:
        other.isolation_level = None

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 30:
                other.execute("COMMIT")

        monkeypatch.setattr(time, "sleep", pause)
        other.execute("BEGIN EXCLUSIVE")
        with KINDS[kind](sqlite_ledger) as db:
            left_ms = db.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert pauses == [sqlite_lock_wait.RETRY_INTERVAL_S] * 30
    assert left_ms == 5000, "what else may wait in the transaction waits as before"


@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_that_stays_is_busy_and_spoils_no_later_transaction(
    kind: str, sqlite_ledger: Ledger
) -> None:
    hasty = Ledger(f"sqlite:///{sqlite_ledger.path}", busy_timeout_s=0.05)
    open_connection(hasty)
    with closing(sqlite3.connect(str(sqlite_ledger.path), timeout=0)) as other:
        other.isolation_level = None
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerBusyError, match="busy"), KINDS[kind](hasty):
            pass
        other.execute("COMMIT")
    with KINDS[kind](hasty) as db:
        assert db.exec_driver_sql("SELECT count(*) FROM sessions").scalar() == 0
    hasty.close()
