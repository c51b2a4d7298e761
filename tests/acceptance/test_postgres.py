"""The daemon on PostgreSQL: the whole path, and a ledger that another one has taken."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import ids, links, wait_until
from ytaudio_daemon.ledger.daemon_lock import DAEMON_LOCK_KEY

pytestmark = pytest.mark.postgres


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
