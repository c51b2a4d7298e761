"""The ledger, read past the program: this package's own SQL on both databases."""

import sqlite3
from typing import Any

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]
#: What reading may raise while a server is down or a transaction under way.
READING_ERRORS = (sqlite3.Error, psycopg.Error)


class Books:
    """Reads one ledger.

    Args:
        url: `sqlite:///<path>` or `postgresql://…`.
    """

    def __init__(self, url: str) -> None:
        """Note the address; every question opens a connection of its own."""
        self._url = url
        self.is_sqlite = url.startswith("sqlite:")

    def ask(self, sql: str) -> list[Row]:
        """Return the rows.

        Raises:
            sqlite3.Error, psycopg.Error: It cannot be read just now.
        """
        if self.is_sqlite:
            path = self._url.removeprefix("sqlite:///")
            lite = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
            lite.row_factory = sqlite3.Row
            try:
                return [dict(row) for row in lite.execute(sql)]
            finally:
                lite.close()
        with psycopg.connect(self._url, connect_timeout=3, row_factory=dict_row) as db:
            return db.execute(sql.encode()).fetchall()

    def value(self, sql: str) -> Any:
        """Return the one value that the question has for an answer."""
        return next(iter(self.ask(sql)[0].values()))
