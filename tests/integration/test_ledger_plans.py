"""Hot queries stay on their indexes, so a million jobs cost what a thousand do."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.integration import one_drop
from tests.integration.ledger_rig import (
    FAILED,
    HOST,
    NO_LIMIT,
    NO_PACE,
    NOW,
    WAIT,
    claimed,
    drop,
    links,
    song,
)
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.ledger import (
    Ledger,
    bulk_cancel,
    changes,
    claims,
    collection_queries,
    drop_queries,
    expiry,
    gates,
    held_jobs,
    listing_claims,
    listing_ends,
    outages,
    outbox,
    queries,
    receipt_batch,
    receipts,
    removals,
    subscriptions,
    transitions,
)
from ytaudio_daemon.ledger.events import Fence
from ytaudio_daemon.model import LinePart
from ytaudio_daemon.model.gates import GateName, gate_after_failure
from ytaudio_daemon.model.outage import Outage, OutageState
from ytaudio_daemon.model.quota import Quota

#: Tables of a row or a few: sessions are bounded by people, not by lines.
SMALL = {
    "gates",
    "pace",
    "totals",
    "meta",
    "sessions",
    "outages",
    "sqlite_sequence",
} | {
    "latest_completed",  # a subquery with a LIMIT
}


@pytest.fixture
def busy_ledger(sqlite_ledger: Ledger) -> Ledger:
    """Give a ledger with jobs in many states, analysed by nobody, as in life."""
    drop(sqlite_ledger, "alice", links(*(f"v{n}" for n in range(20))))
    drop(sqlite_ledger, "bob", links("x", "y"), quota=Quota(max_jobs=1))
    got = claimed(sqlite_ledger)
    with sqlite_ledger.write() as db:
        transitions.record_failure(db, got.fence, FAILED, WAIT, NOW, Quota(max_jobs=0))
    return sqlite_ledger


def _finish_one(db: Connection) -> None:
    got = claims.claim_next(db, NOW, HOST, NO_PACE)
    assert got is not None
    fence: Fence = got.fence
    assert transitions.begin_publish(db, fence, output_path="/a", sha256="x", now=NOW)
    assert transitions.complete(db, fence, song(), NOW, Quota(max_jobs=1))


def _record_some(db: Connection) -> None:
    opened = one_drop.open_drop(db, 1, b"b.txt", "01", 1, NOW)
    one_drop.record_batch(
        db,
        opened,
        links("v1", "new"),
        quota=NO_LIMIT,
        now=NOW,
        file_is_gone=lambda _: False,
    )


def _open_a_gate(db: Connection) -> None:
    failure = failure_for("bot_check")
    shut = gate_after_failure(None, failure, began_at=NOW.wall, wall=NOW.wall)
    gates.close_gate(db, shut)
    gates.open_gate_and_make_due(db, GateName.SITE, NOW)


OUTAGE = Outage(
    state=OutageState.CONFIRMED,
    signature="transient/no_answer",
    message="It fails.",
    began_at=NOW.wall - 60,
    changed_at=NOW.wall,
    probe_at=NOW.wall,
)
HOT: dict[str, Callable[[Connection], Any]] = {
    "finish": _finish_one,
    "record": _record_some,
    "release": lambda db: held_jobs.release_held(db, 2, Quota(max_jobs=2), NOW),
    "wake": lambda db: transitions.requeue_due(db, NOW, 86400),
    "running": lambda db: claims.running_claims(db, HOST),
    "cancel requests": lambda db: claims.cancel_requested_claims(db, HOST),
    "recall": gates.clear_stale_probe,
    "totals": queries.total_counts,
    "changes": lambda db: changes.changes_after(db, 5),
    "one job": lambda db: queries.find_job(db, queries.job_by_id(db, 3).uuid[:8]),
    "next retry": queries.next_retry_at,
    "shown jobs": lambda db: queries.session_status_jobs(db, 1),
    "receipts of jobs": lambda db: changes.drops_of_jobs(db, [1, 2]),
    "recent codes": queries.recent_failure_codes,
    "recent ends": lambda db: outages.recent_ends(db, NOW),
    "blocked video": lambda db: gates.has_other_blocked_video(db, "v1", "", NOW),
    "known videos": lambda db: outages.known_videos(db, 3),
    "settle": lambda db: outages.refund_attempts(db, OUTAGE, NOW),
    "outage over": lambda db: outages.make_due(db, OUTAGE, NOW),
    "gate opens": _open_a_gate,
    "probe of a gate": claims._next_unblocked,
    "cancel all": lambda db: bulk_cancel.cancel_batch(
        db, 1, NOW, reason="cancelled", quota=Quota(max_jobs=2)
    ),
    "drops of a session": lambda db: receipts.drops_of_session(db, 1),
    "unfinished by drop": lambda db: queries.unfinished_by_drop(db, 1),
    "page": lambda db: queries.find_jobs(db, session_id=1, limit=5),
    "unfiled": drop_queries.unfiled_drops,
    "listing": lambda db: listing_claims.claim_next(db, NOW, HOST, NO_PACE),
    "next listing": listing_claims.next_retry_at,
    "due listings": lambda db: listing_ends.requeue_due(db, NOW, 86400),
    "running listings": lambda db: listing_claims.running_claims(db, HOST),
    "due looks": lambda db: subscriptions.queue_due(db, NOW),
    "old files": lambda db: removals.collections_to_check(db, 5),
    "old files of one": lambda db: removals.old_files(db, 1),
    "removals": removals.pending_files,
    "ended collections": lambda db: outbox.ended_collections(db, {1: 5}),
    "one collection": lambda db: collection_queries.collections_by_prefix(db, "ab"),
    "collections": lambda db: collection_queries.collections_of_session(db, 1),
    "expiry": lambda db: expiry.due_to_expire(db, NOW, ttl_s=60),
    "lines": lambda db: receipts.receipt_page(db, 1, LinePart(), 100),
    "small receipts": lambda db: receipt_batch.read_small_receipts(db, [1, 2, 3], 20),
}


def _plans(ledger: Ledger, name: str) -> list[str]:
    """Do something hot; return each step that SQLite planned for it."""
    said: list[tuple[str, Any]] = []

    def _note(*args: Any) -> None:
        said.append((args[2], args[3]))

    with ledger.write() as db:
        sa.event.listen(db, "before_cursor_execute", _note)
        HOT[name](db)
        sa.event.remove(db, "before_cursor_execute", _note)
        return [step for sql, given in said for step in _plan(db, sql, given)]


def _plan(db: Connection, sql: str, given: Any) -> list[str]:
    one = given[0] if isinstance(given, list) else given
    rows = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", one).all()
    return [str(row[3]) for row in rows]


@pytest.mark.parametrize("name", HOT)
def test_nothing_hot_scans_a_big_table(busy_ledger: Ledger, name: str) -> None:
    steps = _plans(busy_ledger, name)
    assert steps
    # A walk along a partial index sees only the few rows that are in it.
    few = (
        "INDEX jobs_",
        "INDEX collections_unfinished",
        "INDEX entries_being_removed",
    )
    scans = [s for s in steps if s.startswith("SCAN") and not any(f in s for f in few)]
    assert {step.split()[1] for step in scans} <= SMALL
    # Nor all jobs of a session, which may be a million too.
    assert not [
        s for s in steps if s.endswith("sqlite_autoindex_jobs_1 (session_id=?)")
    ]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("finish", "jobs_queued"),
        ("finish", "sessions_in_turn"),
        ("release", "jobs_held"),
        ("wake", "jobs_waiting"),
        ("shown jobs", "jobs_running"),
        ("shown jobs", "jobs_queued"),
        ("shown jobs", "jobs_held"),
        ("shown jobs", "jobs_waiting_in_a_session"),
        ("shown jobs", "jobs_finalized"),
        ("running", "jobs_running"),
        ("cancel requests", "jobs_running"),
        ("recall", "jobs_running"),
        ("next retry", "jobs_waiting"),
    ],
)
def test_the_partial_indexes_are_used(
    busy_ledger: Ledger, name: str, index: str
) -> None:
    assert any(f"INDEX {index}" in step for step in _plans(busy_ledger, name))
