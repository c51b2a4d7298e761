"""A migrated ledger for each test, on SQLite and on a real PostgreSQL."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.new_ledgers import migrated_file, new_ledger, without_syncs
from tests.postgres import PostgresServer
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.migrate import migrate
from ytaudio_daemon.ledger.schema import metadata

#: The database that holds the migrated schema; it is emptied for each test, which
#: takes a tenth of the time of a new one.
MIGRATED = "ledger"
#: A third of what TRUNCATE costs, which writes a new file for each table and index.
EMPTY = ";".join(
    [f"DELETE FROM {table.name}" for table in metadata.sorted_tables]
    + [
        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), 1, false)"
        for table in metadata.sorted_tables
        if "id" in table.c
    ]
    + ["INSERT INTO totals (id) VALUES (1)"]
)
#: No foreign key is checked, whatever the order; nobody else holds a row for long.
WHILE_EMPTIED = "-c session_replication_role=replica -c lock_timeout=5000"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run PostgreSQL from its wheel for the whole session; gives its URL.

    A machine where it cannot run fails the tests with the reason: a suite that
    quietly tests one database of two is worth less than none.
    """
    # Nothing here outlives the tests, so nothing need reach the disk.
    server = PostgresServer("-F")
    try:
        yield server.url()
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """Make the database that the tests share; gives the server's URL."""
    _administer(postgres_server, f"CREATE DATABASE {MIGRATED}")
    ledger = Ledger(_database(postgres_server, MIGRATED))
    migrate(ledger)
    ledger.close()
    return postgres_server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write one migrated SQLite ledger, to be copied."""
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite3"
    path.write_bytes(migrated_file())
    return path


#: Numbers for databases; one is never used twice.
_numbers = itertools.count(1)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a fresh, migrated ledger, once on each database."""
    if request.param == "sqlite":
        path = tmp_path / "ledger.sqlite3"
        path.write_bytes(migrated_file())
        yield f"sqlite:///{path}"
        return
    server: str = request.getfixturevalue("postgres_template")
    _empty(server)
    yield _database(server, MIGRATED)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """Open the fresh ledger."""
    opened = without_syncs(Ledger(ledger_url))
    yield opened
    opened.close()


@pytest.fixture
def sqlite_ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a fresh ledger on SQLite only, for what is SQLite's own."""
    opened = new_ledger(tmp_path / "ledger.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def empty_postgres(postgres_template: str) -> Iterator[str]:
    """Give the URL of a database without a schema."""
    name = f"empty_{next(_numbers)}"
    _administer(postgres_template, f"CREATE DATABASE {name}")
    yield _database(postgres_template, name)
    _administer(postgres_template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def open_again(ledger_url: str) -> Iterator[Callable[[], Ledger]]:
    """Open the same ledger once more, as another process would."""
    opened: list[Ledger] = []

    def again() -> Ledger:
        opened.append(Ledger(ledger_url))
        return opened[-1]

    yield again
    for ledger in opened:
        ledger.close()


def _empty(server: str) -> None:
    """Bring the shared database back to what migration made of it."""
    with psycopg.connect(
        server, dbname=MIGRATED, autocommit=True, options=WHILE_EMPTIED
    ) as connection:
        connection.execute(EMPTY.encode())


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())


def _database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)
