"""Waits for SQLite's lock at the beginning of a transaction, in short steps.

SQLite's own wait (sqliteDefaultBusyCallback in its main.c) sleeps longer each time, up to
0.1 s. A commit holds the file for some 10 ms, and a busy daemon commits many times a
second: a wait that tries so seldom meets another commit each time.
"""

import sqlite3
import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

#: Seconds between two tries.
RETRY_INTERVAL_S = 0.002
#: Seconds that a command which writes many transactions leaves between two: SQLite's lock
#: has no queue. In this time a process that waits for it tries again many times, on a
#: loaded machine at least once.
WRITE_PAUSE_S = 0.05
#: Reads a page, and so takes the lock that all reads of the transaction need.
TAKE_READ_LOCK = "SELECT 1 FROM sqlite_schema LIMIT 1"


def begin_write(db: Connection, timeout_s: float) -> None:
    """Begin a transaction that may write, as soon as no other one does.

    Raises:
        sqlalchemy.exc.OperationalError: Another one wrote for `timeout_s`, or the
            ledger cannot be used.
    """
    _retry_while_locked(db, timeout_s, lambda: db.exec_driver_sql("BEGIN IMMEDIATE"))


def begin_read(db: Connection, timeout_s: float) -> None:
    """Begin a transaction that reads, as soon as no commit is being written.

    Raises:
        sqlite3.OperationalError: As `begin_write`.
    """
    db.exec_driver_sql("BEGIN")
    connection = _driver_connection(db)
    _retry_while_locked(
        db, timeout_s, lambda: connection.execute(TAKE_READ_LOCK).close()
    )


def _retry_while_locked(
    db: Connection, timeout_s: float, step: Callable[[], object]
) -> None:
    """Repeat a step while the ledger is locked; later statements wait as SQLite does."""
    connection = _driver_connection(db)
    deadline = time.monotonic() + timeout_s
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while not _try_step(step, deadline):
            time.sleep(RETRY_INTERVAL_S)
    finally:
        connection.execute(f"PRAGMA busy_timeout={round(timeout_s * 1000)}")


def _try_step(step: Callable[[], object], deadline: float) -> bool:
    """Call a step; returns False if the ledger is locked and the time is not over."""
    try:
        step()
    except (sqlite3.OperationalError, sa.exc.OperationalError) as error:
        cause = getattr(error, "orig", error)
        code = getattr(cause, "sqlite_errorcode", None) or 0
        if code & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
            raise
        return False
    return True


def _driver_connection(db: Connection) -> sqlite3.Connection:
    connection = db.connection.driver_connection
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError("SQLite's connections are those of its driver")
    return connection
