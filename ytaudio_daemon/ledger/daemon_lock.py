"""PostgreSQL's lock for the one daemon of a ledger."""

from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from ytaudio_daemon.errors import LedgerGoneError, LedgerUnreachableError
from ytaudio_daemon.ledger.error_translation import translating_errors

#: The key of the advisory lock; the number has no meaning.
DAEMON_LOCK_KEY = 0x79746175
#: No server process holds the lock.
NO_BACKEND = 0


class DaemonLock:
    """An advisory lock, held by a connection of its own.

    It is lost with the connection, for example when the server restarts.

    Args:
        engine: Opens the connection.
        label: The ledger's name in messages.
    """

    def __init__(self, engine: Engine, label: str) -> None:
        self._sa_engine = engine
        self._label = label
        self._connection: Connection | None = None
        #: The server process that last held it for this daemon.
        self._last_backend_pid = NO_BACKEND

    def acquire(self) -> bool:
        """Try to take the lock; returns whether it was free.

        Raises:
            LedgerError: The server cannot be reached.
        """
        with translating_errors(self._label):
            connection = self._sa_engine.connect()
            query = sa.text("SELECT pg_try_advisory_lock(:n)")
            taken = bool(connection.execute(query, {"n": DAEMON_LOCK_KEY}).scalar())
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        if taken:
            self._connection, self._last_backend_pid = connection, int(pid or 0)
        else:
            connection.close()
        return taken

    def ensure_held(self) -> None:
        """Make sure that the lock is still held; takes it again if it was lost.

        Raises:
            LedgerGoneError: Another daemon has taken it meanwhile.
            LedgerError: The server cannot be reached; call again.
        """
        if self._is_held() or self.acquire():
            return
        if self._holder_pid() in {NO_BACKEND, self._last_backend_pid}:
            raise LedgerUnreachableError(
                f"the ledger {self._label} is only just noticing that our connection "
                "broke",
                "Nothing: it is tried again.",
            )
        raise LedgerGoneError(
            f"the ledger {self._label} is served by another daemon now",
            "The connection to PostgreSQL was lost and the other came first; stop one "
            "of the two, or give it a database of its own.",
        )

    def release(self) -> None:
        """Release the lock at once: the server notices a closed connection only later."""
        if self._connection is not None:
            query = sa.text("SELECT pg_advisory_unlock(:n)")
            with suppress(sa.exc.DBAPIError):  # broken: the lock went with it
                self._connection.execute(query, {"n": DAEMON_LOCK_KEY})
        self._discard_connection()

    def _discard_connection(self) -> None:
        """Close the connection: back in the pool, it would still hold the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _holder_pid(self) -> int:
        """Return the server process that holds the lock, or `NO_BACKEND`."""
        query = sa.text(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND classid = 0 AND objid = :n AND objsubid = 1 AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        with translating_errors(self._label), self._sa_engine.connect() as connection:
            return int(
                connection.execute(query, {"n": DAEMON_LOCK_KEY}).scalar() or NO_BACKEND
            )

    def _is_held(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except sa.exc.DBAPIError:  # the server was restarted, or the network is gone
            self._discard_connection()
            return False
        return True
