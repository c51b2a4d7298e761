"""The daemon on PostgreSQL: the whole path, and a ledger that another one has taken."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import ids, links, wait_until
from ytaudio_daemon.ledger.daemon_lock import DAEMON_LOCK_KEY

pytestmark = pytest.mark.postgres

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def test_a_daemon_whose_ledger_another_one_took_claims_nothing(
    open_house: Opener, empty_postgres: str
) -> None:
    house = open_house(database_url=empty_postgres)
    [video] = ids("TAKEN", 1)
    house.drop("taken", links([video]))
    job = house.wait_for_state("taken", video, "completed")
    Path(job["output_path"]).unlink()

    server = empty_postgres.replace("+psycopg", "")
    with (
        psycopg.connect(server, autocommit=True) as other,
        psycopg.connect(server, autocommit=True) as root,
        ThreadPoolExecutor(1) as thread,
    ):
        # It stands in line: when the daemon's connection goes, nobody comes first.
        took = thread.submit(
            other.execute, "SELECT pg_advisory_lock(%s)", [DAEMON_LOCK_KEY]
        )
        waiting = "SELECT FROM pg_locks WHERE objid = %s AND NOT granted"
        wait_until(
            lambda: root.execute(waiting, [DAEMON_LOCK_KEY]).fetchone() is not None
        )
        root.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE objid = %s AND granted",
            [DAEMON_LOCK_KEY],
        )
        took.result()
        house.must("retry", job["id"])
        assert house.ended() == 1
        assert "is served by another daemon now" in house.tail()
        tried = root.execute("SELECT state, attempt FROM jobs").fetchall()
    assert tried == [("queued", 1)]


def documented_grants() -> str:
    """Return the SQL of the documented installation."""
    text = OPERATIONS.read_text()
    found = re.search(r"psql --dbname=ytaudio <<'SQL'\n(.*?)SQL\n", text, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def least_role(postgres_server: str) -> Iterator[str]:
    """Make the documented role and database; gives the role's URL."""
    with psycopg.connect(postgres_server, autocommit=True) as root:
        for statement in ("ROLE ytaudio LOGIN", "ROLE other LOGIN", "DATABASE ytaudio"):
            root.execute(f"CREATE {statement}".encode())
        with psycopg.connect(postgres_server, dbname="ytaudio") as inside:
            inside.execute(documented_grants().encode())
        yield postgres_server.replace("postgres:@/postgres", "ytaudio:@/ytaudio")
        root.execute("DROP DATABASE ytaudio WITH (FORCE)")
        root.execute("DROP ROLE ytaudio, other")


def test_the_documented_role_can_do_all_that_the_daemon_does(
    open_house: Opener, least_role: str
) -> None:
    house = open_house(database_url=least_role)
    [video] = ids("ROLES", 1)
    house.drop("roles", links([video]))
    assert house.wait_for_state("roles", video, "completed")["output_path"]
    house.must("ledger", "check")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE ROLE another",
        "CREATE DATABASE another",
        "DROP DATABASE ytaudio",
        "CREATE SCHEMA another",
        "CREATE TEMPORARY TABLE another (id int)",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_the_documented_role_can_do_no_more(least_role: str, statement: str) -> None:
    with (
        psycopg.connect(least_role, autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


@pytest.fixture
def neighbour(postgres_server: str, least_role: str) -> Iterator[str]:
    """Make somebody else's database on the server; gives its URL for the daemon's role."""
    own = postgres_server.replace("@/postgres", "@/neighbour")
    with psycopg.connect(postgres_server, autocommit=True) as root:
        root.execute("CREATE DATABASE neighbour OWNER other")
        with psycopg.connect(own, autocommit=True) as inside:
            inside.execute("SET ROLE other")
            inside.execute("CREATE TABLE secrets (word text)")
            yield least_role.replace("@/ytaudio", "@/neighbour")
        root.execute("DROP DATABASE neighbour WITH (FORCE)")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM secrets",
        "INSERT INTO secrets VALUES ('x')",
        "DROP TABLE secrets",
        "CREATE TABLE another (id int)",
        "CREATE SCHEMA another",
        "SET ROLE other",
        "ALTER DATABASE neighbour SET work_mem = '1GB'",
        "ALTER ROLE other PASSWORD 'x'",
        "SELECT rolpassword FROM pg_authid",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usesysid = 10",
        "SELECT lo_import('/etc/passwd')",
        "CREATE FUNCTION f() RETURNS int AS 'libc' LANGUAGE c",
    ],
)
def test_the_documented_role_does_nothing_to_a_neighbour(
    neighbour: str, statement: str
) -> None:
    with (
        psycopg.connect(neighbour, autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_no_other_role_can_take_the_daemons_locks(least_role: str) -> None:
    other = least_role.replace("ytaudio:@", "other:@")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(other)
