"""What an outage does to the ledger: charges given back, jobs queued again or due."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.integration.jobs_rig import roomy_settings
from tests.integration.ledger_rig import (
    NO_LIMIT,
    NOW,
    claimed,
    counters_match,
    drop,
    later,
    links,
    song,
)
from tests.integration.ledger_rig import claim as claim_now
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.jobs.outage_suspicion import end_outage_if_proven
from ytaudio_daemon.jobs.record_failure import record_failure
from ytaudio_daemon.ledger import (
    Ledger,
    expiry,
    gates,
    outages,
    queries,
    sessions,
    transitions,
)
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.ledger.schema import attempts
from ytaudio_daemon.model import Failure, JobState, Outcome
from ytaudio_daemon.model.decide import Decision
from ytaudio_daemon.model.gates import Gate, GateName, outage_gate
from ytaudio_daemon.model.outage import (
    HOLD_S,
    Outage,
    OutageState,
    failure_signature,
    suspect,
)

DRM = failure_for("drm")
RELOAD = failure_for("no_answer")


def confirmed(failure: Failure, began_s: float = 0.0) -> Outage:
    return Outage(
        state=OutageState.CONFIRMED,
        signature=failure_signature(failure),
        message=failure.message,
        began_at=NOW.wall + began_s,
        changed_at=NOW.wall + 50,
        probe_at=NOW.wall + 110,
    )


def fail(
    ledger: Ledger, failure: Failure, at: float, *, for_good: bool = False
) -> Claim:
    """Claim the next job and have its attempt fail, charged."""
    claim = claimed(ledger, later(at))
    decision = Decision(
        to=JobState.FAILED if for_good else JobState.WAITING,
        failure=failure,
        retry_at=None if for_good else NOW.wall + 5000,
        is_charged=True,
    )
    with ledger.write() as db:
        assert transitions.record_failure(
            db, claim.fence, Outcome(failure=failure), decision, later(at), NO_LIMIT
        )
    return claim


def settle(ledger: Ledger, outage: Outage, limit: int = 500) -> bool:
    with ledger.write() as db:
        settled = outages.refund_attempts(db, outage, later(60), limit)
        counters_match(db)
    return settled


def found(ledger: Ledger) -> list[tuple[str, JobState, int]]:
    with ledger.read() as db:
        return [(j.video_id, j.state, j.charged) for j in queries.find_jobs(db)]


def test_an_outage_is_read_as_it_was_saved(ledger: Ledger) -> None:
    outage = replace(confirmed(DRM), rounds=3, is_settled=True)
    with ledger.write() as db:
        assert outages.find_outage(db) is None
        outages.save_outage(db, confirmed(RELOAD))
        outages.save_outage(db, outage)
        assert outages.find_outage(db) == outage
        outages.delete_outage(db)
        assert outages.find_outage(db) is None


def test_while_the_probe_is_awaited_nothing_is_claimed(ledger: Ledger) -> None:
    drop(ledger, "party", links("a"))
    suspected = replace(
        confirmed(DRM), state=OutageState.SUSPECTED, changed_at=NOW.wall
    )
    with ledger.write() as db:
        outages.save_outage(db, suspected)
    assert claim_now(ledger, later(HOLD_S - 1)) is None
    assert claim_now(ledger, later(HOLD_S)) is not None


def test_failed_jobs_are_queued_again_and_charges_given_back(ledger: Ledger) -> None:
    drop(ledger, "party", links("a", "b", "c", "d"))
    fail(ledger, DRM, 1, for_good=True)
    fail(ledger, DRM, 2)
    fail(ledger, RELOAD, 3)
    assert settle(ledger, confirmed(DRM))
    assert found(ledger) == [
        ("a", JobState.QUEUED, 0),
        ("b", JobState.WAITING, 0),
        ("c", JobState.WAITING, 1),
        ("d", JobState.QUEUED, 0),
    ]
    with ledger.read() as db:
        job = queries.find_jobs(db)[0]
        assert (job.error, job.finalized_at) == (None, None)
        assert queries.job_events(db, job.id)[-1]["reason"] == "outage"
    assert settle(ledger, confirmed(DRM)), "once more changes nothing"
    assert [charged for _, _, charged in found(ledger)] == [0, 0, 1, 0]


def test_what_failed_before_it_began_stands(ledger: Ledger) -> None:
    drop(ledger, "party", links("a"))
    fail(ledger, DRM, 1, for_good=True)
    assert settle(ledger, confirmed(DRM, began_s=10))
    assert found(ledger) == [("a", JobState.FAILED, 1)]


def test_an_ended_session_keeps_its_failures_but_not_their_charges(
    ledger: Ledger,
) -> None:
    drop(ledger, "party", links("a"))
    claim = fail(ledger, DRM, 1, for_good=True)
    with ledger.write() as db:
        session = sessions.session_by_id(db, claim.session_id)
        assert expiry.expire(db, session, later(2), on_expiry="keep")
    assert settle(ledger, confirmed(DRM))
    assert found(ledger) == [("a", JobState.FAILED, 0)]


def test_a_job_that_a_person_has_retried_is_not_given_more_than_it_paid(
    ledger: Ledger,
) -> None:
    drop(ledger, "party", links("a"))
    claim = fail(ledger, DRM, 1, for_good=True)
    with ledger.write() as db:
        assert transitions.retry(db, claim.job_id, later(2))
    assert settle(ledger, confirmed(DRM))
    assert found(ledger) == [("a", JobState.QUEUED, 0)]


def test_many_jobs_are_settled_a_batch_at_a_time(ledger: Ledger) -> None:
    drop(ledger, "party", links(*"abcde"))
    for at in range(5):
        fail(ledger, DRM, at, for_good=True)
    assert not settle(ledger, confirmed(DRM), limit=3)
    assert not settle(ledger, confirmed(DRM), limit=2)
    assert settle(ledger, confirmed(DRM), limit=3)
    assert {state for _, state, _ in found(ledger)} == {JobState.QUEUED}


def test_when_it_is_over_those_that_wait_for_it_are_due(ledger: Ledger) -> None:
    drop(ledger, "party", links("a", "b"))
    fail(ledger, RELOAD, 1)
    fail(ledger, DRM, 2)
    with ledger.write() as db:
        assert outages.make_due(db, confirmed(RELOAD), later(60)) == 1
        assert transitions.requeue_due(db, later(60), 86_400) == 1
    assert [state for _, state, _ in found(ledger)] == [
        JobState.QUEUED,
        JobState.WAITING,
    ]


def test_all_technical_failures_are_of_one_outage(ledger: Ledger) -> None:
    """YouTube answers one request in this way and the next in another."""
    drop(ledger, "party", links(*"abcd"))
    for at, code in enumerate(("no_answer", "media_refused", "unknown", "drm"), 1):
        fail(ledger, failure_for(code, f"Text {at}"), at, for_good=True)
    assert settle(ledger, confirmed(RELOAD))
    states = [(state, charged) for _, state, charged in found(ledger)]
    assert states == [(JobState.QUEUED, 0)] * 3 + [(JobState.FAILED, 1)]


def test_what_an_account_fetched_is_not_known_to_work_for_the_probe(
    ledger: Ledger,
) -> None:
    drop(ledger, "party", links("open", "closed"))
    for outcome in (song(), replace(song(), with_cookies=True)):
        claim = claimed(ledger)
        with ledger.write() as db:
            assert transitions.complete(db, claim.fence, outcome, later(1), NO_LIMIT)
    with ledger.read() as db:
        assert outages.known_videos(db, 3) == ["open"]
        both = outages.known_videos(db, 3, with_cookies=True)
    assert set(both) == {"open", "closed"}


def test_the_latest_ends_rouse_a_suspicion_and_one_fetched_file_clears_it(
    ledger: Ledger,
) -> None:
    drop(ledger, "party", links(*"abcde"))
    for at in range(1, 5):
        fail(ledger, DRM, at)
    with ledger.read() as db:
        ends = outages.recent_ends(db, later(10))
        assert [end.video_id for end in ends] == ["d", "c", "b", "a"]
        assert suspect(ends, None, later(10).wall)
        assert not outages.recent_ends(db, later(-10)), "the clock went back"
    claim = claimed(ledger, later(11))
    with ledger.write() as db:
        transitions.begin_publish(
            db, claim.fence, output_path="/x", sha256="ab", now=later(12)
        )
        transitions.complete(db, claim.fence, song(), later(12), NO_LIMIT)
        assert outages.recent_ends(db, later(13))[0].signature is None
        assert outages.known_videos(db, 3) == ["e"]
        # One whose file was there already proves nothing.
        db.execute(
            sa.update(attempts)
            .where(attempts.c.kind == "completed")
            .values(downloaded_bytes=0)
        )
        assert outages.recent_ends(db, later(13))[0].signature == ""


def shut_for(ledger: Ledger, failure: Failure) -> Gate:
    """Confirm an outage and close its gate, as a round of probes does."""
    shut = outage_gate(None, "YouTube has an outage.", NOW.wall + 50)
    with ledger.write() as db:
        outages.save_outage(db, confirmed(failure))
        gates.close_gate(db, shut)
    return shut


def test_an_attempt_that_ends_in_the_outage_is_not_charged(
    ledger: Ledger, tmp_path: Path
) -> None:
    drop(ledger, "party", links("alike", "other"))
    alike, other = claimed(ledger), claimed(ledger)
    shut = shut_for(ledger, RELOAD)
    settings = roomy_settings(tmp_path)
    with ledger.write() as db:
        for claim, failure in ((alike, RELOAD), (other, failure_for("cut_short"))):
            outcome = Outcome(failure=failure)
            assert record_failure(db, claim, outcome, later(60), settings)
        jobs = queries.find_jobs(db)
    assert [job.charged for job in jobs] == [0, 1]
    assert jobs[0].retry_at == shut.until


@pytest.mark.parametrize(
    ("outcome", "claimed_s", "ends_it"),
    [
        (song(), 55, True),
        (song(), 45, False),  # began before, and may have all that it needs
        (replace(song(), downloaded_bytes=0), 55, False),
    ],
)
def test_a_song_that_was_fetched_in_it_ends_it(
    ledger: Ledger,
    outcome: Outcome,
    claimed_s: float,
    ends_it: bool,  # noqa: FBT001 - a column of the table
) -> None:
    shut_for(ledger, RELOAD)
    with ledger.write() as db:
        end_outage_if_proven(db, outcome, NOW.wall + claimed_s, later(70))
        found = outages.find_outage(db), gates.find_gate(db, GateName.OUTAGE)
    assert (found == (None, None)) is ends_it
