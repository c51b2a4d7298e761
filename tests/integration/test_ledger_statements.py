"""What every job asks is built once: the second job runs the very statements of the first."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.integration.ledger_rig import NO_LIMIT, NOW, claimed, drop, links, song
from ytaudio_daemon.ledger import (
    Ledger,
    changes,
    gates,
    library_entries,
    listing_claims,
    meta,
    outages,
    queries,
    receipt_batch,
    receipts,
    sessions,
    transitions,
)
from ytaudio_daemon.ledger.library_entries import LibraryEntry
from ytaudio_daemon.model import LinePart
from ytaudio_daemon.model.gates import Pace

PACE = Pace(burst=5, per_hour=3600)


def fetch_one(ledger: Ledger, video: str) -> None:
    """Record a link and complete its job."""
    drop(ledger, "alice", links(video))
    fence = claimed(ledger).fence
    with ledger.write() as db:
        assert gates.take_token(db, PACE, NOW)
        assert transitions.begin_publish(
            db, fence, output_path="/a", sha256="x", now=NOW
        )
        assert transitions.complete(db, fence, song(), NOW, NO_LIMIT)
        gates.clear_stale_probe(db)


def show(db: Connection) -> None:
    """Read what the views read after a job."""
    changes.changes_after(db, 0)
    changes.drops_of_jobs(db, [1])
    queries.session_status_jobs(db, 1)
    queries.total_counts(db)
    sessions.session_to_show(db, 1)
    head = receipts.receipt_head(db, 1)
    assert head is not None
    receipts.superseded_drops(db, [head.id])
    receipt_batch.read_small_receipts(db, [1], 10)
    receipts.receipt_page(db, 1, LinePart(), 10)
    receipts.find_unfinished_line(db, 1, LinePart(), 10)
    receipts.count_switched_off_links(db, 1)
    queries.job_by_id(db, 1)
    library_entries.find_library_entry(db, 1)


def wait(db: Connection) -> None:
    """Ask what the daemon asks between two jobs."""
    queries.next_retry_at(db)
    outages.find_outage(db)
    gates.closed_gates(db)
    listing_claims.next_retry_at(db)
    listing_claims.has_queued(db)


def save(db: Connection) -> None:
    entry = LibraryEntry(job_id=1, attempt=1, name="Song.mp3", identity="1:2:3")
    library_entries.save_library_entries(db, [entry])
    meta.save_views_cursor(db, 1)


def asked(ledger: Ledger, work: Callable[[], None]) -> list[Any]:
    """Return the statements, as objects, that some work has executed."""
    found: list[Any] = []

    def append(_connection: object, statement: object, *_: object) -> None:
        found.append(statement)

    sa.event.listen(ledger.sa_engine, "before_execute", append)
    work()
    sa.event.remove(ledger.sa_engine, "before_execute", append)
    return found


@pytest.mark.parametrize("part", [show, wait, save], ids=lambda part: part.__name__)
def test_queries_of_every_job_are_built_once(
    sqlite_ledger: Ledger, part: Callable[[Connection], None]
) -> None:
    fetch_one(sqlite_ledger, "a")

    def run() -> None:
        with sqlite_ledger.write() as db:
            part(db)

    assert_the_same(asked(sqlite_ledger, run), asked(sqlite_ledger, run))


def test_the_way_of_a_job_is_built_once(sqlite_ledger: Ledger) -> None:
    fetch_one(sqlite_ledger, "a")  # the first one also opens the session
    first = asked(sqlite_ledger, lambda: fetch_one(sqlite_ledger, "b"))
    second = asked(sqlite_ledger, lambda: fetch_one(sqlite_ledger, "c"))
    assert len(second) > 20
    assert_the_same(first, second)


def assert_the_same(first: list[Any], second: list[Any]) -> None:
    known = set(map(id, first))
    assert second
    assert [str(each) for each in second if id(each) not in known] == []
