"""Fresh ledgers on SQLite: migrated once a process, copied for each test.

All of Alembic's revisions take some seventy milliseconds and a dozen syncs. What a
migration does is tested by `test_ledger_file` and `test_ledger_migration`.
"""

import functools
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.migrate import migrate


@functools.cache
def migrated_file() -> bytes:
    """Return the content of a ledger without jobs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite3"
        ledger = Ledger(f"sqlite:///{path}")
        migrate(ledger)
        ledger.close()
        return path.read_bytes()


def new_ledger(where: Path | str) -> Ledger:
    """Make a fresh ledger and open it.

    Args:
        where: A path for SQLite, or the URL of a database without a schema.
    """
    ledger = Ledger(where if isinstance(where, str) else f"sqlite:///{where}")
    if ledger.path is None:
        migrate(ledger)
    else:
        ledger.path.write_bytes(migrated_file())
    return without_syncs(ledger)


def without_syncs(ledger: Ledger) -> Ledger:
    """Have a ledger on SQLite not wait for the disk, and return it.

    The end of a process loses nothing of it, only that of the machine would.
    """
    if ledger.is_sqlite:

        @sa.event.listens_for(ledger.sa_engine, "connect")
        def _relax(connection: Any, *_: object) -> None:
            connection.execute("PRAGMA synchronous=OFF")

    return ledger
