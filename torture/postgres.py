"""A PostgreSQL server that can be struck down and started again."""

from contextlib import suppress

import psycopg

from tests.postgres import PostgresServer
from torture.blows import kill_postgres


class Server(PostgresServer):
    """A server with a database for the ledger."""

    def __init__(self) -> None:
        """Start it."""
        super().__init__()
        with psycopg.connect(self.url(), autocommit=True) as db:
            db.execute("CREATE DATABASE ledger")
        self.ledger_url = self.url("ledger")

    def is_up(self) -> bool:
        """Whether it answers."""
        with (
            suppress(psycopg.Error),
            psycopg.connect(self.ledger_url, connect_timeout=2),
        ):
            return True
        return False

    def restart(self) -> None:
        """Start it again after a kill; it recovers from its log."""
        kill_postgres(self.data)  # whatever is left of it
        # Where nobody reaps the dead, their locks look held for ever.
        for lock in (self.data / "postmaster.pid", *self.data.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)
        self.start()

    def close(self) -> None:
        """End it and remove its data."""
        kill_postgres(self.data)
        super().close()
