"""All jobs of a session are cancelled in pages, like one by one."""

import pytest
import sqlalchemy as sa

from tests.integration.ledger_rig import (
    HOST,
    NOW,
    claimed,
    counters_match,
    drop,
    links,
    state_of,
)
from ytaudio_daemon.ledger import Ledger, bulk_cancel, claims, queries, transitions
from ytaudio_daemon.ledger.bulk_cancel import BulkCancelResult
from ytaudio_daemon.ledger.schema import events
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.quota import Quota

THREE = Quota(max_jobs=3)


def cancel_some(
    ledger: Ledger, limit: int = 500, reason: str = "cancelled"
) -> BulkCancelResult:
    with ledger.write() as db:
        done = bulk_cancel.cancel_batch(
            db, 1, NOW, reason=reason, quota=THREE, limit=limit
        )
        counters_match(db)
    return done


def test_page_after_page_until_nothing_is_left(ledger: Ledger) -> None:
    drop(ledger, "alice", links(*"abcdefgh"), quota=THREE)
    drop(ledger, "bob", links("a"), quota=THREE)
    pages = [cancel_some(ledger, limit=3) for _ in range(3)]
    assert [page.cancelled for page in pages] == [3, 3, 2]
    assert [page.is_complete for page in pages] == [False, False, True]
    assert cancel_some(ledger) == BulkCancelResult(
        cancelled=0, requested=0, is_complete=True
    )
    with ledger.read() as db:
        found = queries.find_jobs(db, states=[JobState.CANCELLED])
        told = db.execute(
            sa.select(events.c.job_id, events.c.from_state, events.c.at).where(
                events.c.to_state == JobState.CANCELLED.value
            )
        ).all()
    assert {row.session_name for row in found} == {"alice"}
    assert [row.finalized_at for row in found] == [NOW.wall] * 8
    # Each once, and the held ones first: no queued one's end may let them in.
    assert [row.from_state for row in told] == ["held"] * 5 + ["queued"] * 3
    assert len({row.job_id for row in told}) == 8
    assert {row.at for row in told} == {NOW.wall}


def test_running_jobs_are_asked_once(ledger: Ledger) -> None:
    drop(ledger, "alice", links("a", "b", "c"), quota=THREE)
    running, publishing = claimed(ledger), claimed(ledger)
    with ledger.write() as db:
        assert transitions.begin_publish(
            db, publishing.fence, output_path="/a", sha256="0", now=NOW
        )
    assert cancel_some(ledger) == BulkCancelResult(
        cancelled=1, requested=1, is_complete=True
    )
    assert cancel_some(ledger) == BulkCancelResult(
        cancelled=0, requested=0, is_complete=True
    )
    with ledger.read() as db:
        (asked,) = claims.cancel_requested_claims(db, HOST)
    assert asked.job_id == running.job_id
    assert state_of(ledger, publishing.job_id) is JobState.RUNNING


@pytest.mark.parametrize("reason", ["cancelled", "session_expired"])
def test_what_is_told_is_the_same_as_of_one(ledger: Ledger, reason: str) -> None:
    drop(ledger, "alice", links("a", "b"), quota=THREE)
    with ledger.write() as db:
        transitions.cancel(db, 1, NOW, reason=reason, quota=THREE)
    cancel_some(ledger, reason=reason)
    with ledger.read() as db:
        one, other = queries.find_jobs(db, session_id=1)
        first, second = (queries.job_events(db, job_id)[-1] for job_id in (1, 2))
    names = ("state", "error", "finalized_at", "retry_at", "attempt")
    assert [getattr(one, n) for n in names] == [getattr(other, n) for n in names]
    told = ("at", "from_state", "to_state", "attempt", "reason", "session_id")
    assert [first[name] for name in told] == [second[name] for name in told]
