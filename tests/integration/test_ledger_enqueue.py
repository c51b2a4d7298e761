"""One link posted by a client, on both databases."""

import pytest

from tests.integration.ledger_rig import (
    ASK,
    GIVE_UP,
    NOW,
    claimed,
    counters_match,
    drop,
    later,
    links,
    song,
    states,
)
from tests.integration.ledger_rig import FAILED as FAILED_OUTCOME
from ytaudio_daemon.errors import SessionExpiredError
from ytaudio_daemon.ledger import Ledger, expiry, queries, sessions, transitions
from ytaudio_daemon.ledger.enqueue import EnqueueResult, NewVideo, enqueue_link
from ytaudio_daemon.model.line_rules import LinkAction
from ytaudio_daemon.model.quota import Quota

TWO = Quota(max_jobs=2)


def enqueue_video(
    ledger: Ledger, video: str, quota: Quota = TWO, *, file_is_gone: bool = False
) -> EnqueueResult:
    """Ask for a video in the session "alice"."""
    with ledger.write() as db:
        session = sessions.open_session(db, "alice", NOW)
        answer = enqueue_link(
            db,
            session.id,
            NewVideo(video_id=video, job_options=ASK),
            quota=quota,
            now=NOW,
            file_is_gone=lambda _: file_is_gone,
        )
        counters_match(db)
    return answer


def complete_next(ledger: Ledger) -> None:
    claim = claimed(ledger)
    with ledger.write() as db:
        assert transitions.begin_publish(
            db, claim.fence, output_path="/x", sha256="ab", now=NOW
        )
        assert transitions.complete(db, claim.fence, song(), NOW, TWO)


def test_a_link_becomes_a_job_that_can_be_claimed(ledger: Ledger) -> None:
    answer = enqueue_video(ledger, "AAAAAAAAAAA")
    assert answer.action is LinkAction.QUEUE
    claim = claimed(ledger)
    assert (claim.job_id, claim.source_file) == (answer.job_id, None)
    with ledger.read() as db:
        events = queries.job_events(db, claim.job_id)
    assert [event["reason"] for event in events] == ["asked_for", "claimed"]


def test_the_same_audio_is_one_job_whoever_asked_first(ledger: Ledger) -> None:
    drop(ledger, "alice", links("AAAAAAAAAAA"))
    assert enqueue_video(ledger, "AAAAAAAAAAA").action is LinkAction.DUPLICATE
    complete_next(ledger)
    assert enqueue_video(ledger, "AAAAAAAAAAA").action is LinkAction.DUPLICATE
    assert (
        enqueue_video(ledger, "AAAAAAAAAAA", file_is_gone=True).action
        is LinkAction.RETRY
    )
    assert states(ledger) == ["queued"]


def test_what_failed_runs_again_with_the_same_id(ledger: Ledger) -> None:
    first = enqueue_video(ledger, "AAAAAAAAAAA")
    claim = claimed(ledger)
    with ledger.write() as db:
        transitions.record_failure(db, claim.fence, FAILED_OUTCOME, GIVE_UP, NOW, TWO)
    again = enqueue_video(ledger, "AAAAAAAAAAA")
    assert (again.action, again.job_id) == (LinkAction.RETRY, first.job_id)


def test_a_job_that_is_being_cancelled_goes_on(ledger: Ledger) -> None:
    first = enqueue_video(ledger, "AAAAAAAAAAA")
    claim = claimed(ledger)
    with ledger.write() as db:
        transitions.cancel(db, claim.job_id, NOW, reason="cancelled", quota=TWO)
    assert (
        enqueue_video(ledger, "AAAAAAAAAAA").action is LinkAction.WITHDRAW_CANCELLATION
    )
    assert enqueue_video(ledger, "AAAAAAAAAAA") == EnqueueResult(
        action=LinkAction.DUPLICATE, job_id=first.job_id
    )
    with ledger.write() as db:
        assert not transitions.cancel_running(db, claim.fence, NOW, TWO)
    assert states(ledger) == ["running"]


def test_what_is_over_the_quota_is_refused_not_held(ledger: Ledger) -> None:
    for video in ("AAAAAAAAAAA", "BBBBBBBBBBB"):
        assert enqueue_video(ledger, video).action is LinkAction.QUEUE
    refused = enqueue_video(ledger, "CCCCCCCCCCC")
    assert (refused.action, refused.code) == (
        LinkAction.REFUSE,
        "session_job_limit",
    )
    assert "2 unfinished" in refused.message
    assert states(ledger) == ["queued", "queued"]
    complete_next(ledger)
    assert enqueue_video(ledger, "CCCCCCCCCCC").action is LinkAction.QUEUE


def test_a_quota_for_life_and_one_of_bytes(ledger: Ledger) -> None:
    strict = Quota(max_jobs=1, reject_over=True)
    assert enqueue_video(ledger, "AAAAAAAAAAA", strict).action is LinkAction.QUEUE
    complete_next(ledger)
    assert "in its life" in enqueue_video(ledger, "BBBBBBBBBBB", strict).message
    small = Quota(max_jobs=0, max_bytes=1000)
    assert enqueue_video(ledger, "BBBBBBBBBBB", small).code == "session_byte_limit"


def test_an_expired_session_takes_nothing(ledger: Ledger) -> None:
    with ledger.write() as db:
        session = sessions.open_session(db, "alice", NOW)
        sessions.require_active(db, session.id)
        assert expiry.expire(db, session, later(1), on_expiry="keep")
        with pytest.raises(SessionExpiredError):
            sessions.require_active(db, session.id)
