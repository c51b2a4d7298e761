"""What CLI, REST and Python API change, on both databases."""

from functools import partial
from pathlib import Path

import pytest

from tests.integration.ledger_rig import (
    ASK,
    FAILED,
    GIVE_UP,
    NO_LIMIT,
    NOW,
    claimed,
    counters_match,
    drop,
    links,
    song,
    states,
)
from ytaudio_daemon.errors import IllegalMoveError, SessionExpiredError, UsageError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, expiry, queries, sessions, transitions
from ytaudio_daemon.ledger.enqueue import NewVideo
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.job import CancelResult
from ytaudio_daemon.model.line_rules import LinkAction, RetryRefusal
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.operations import job_changes, session_changes
from ytaudio_daemon.operations.links import enqueue_link
from ytaudio_daemon.operations.transaction import OpenWrite, write_and_wake, write_now


@pytest.fixture
def open_write(ledger: Ledger) -> OpenWrite:
    return partial(write_now, ledger)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(
        inbox=tmp_path / "inbox",
        downloads=tmp_path / "downloads",
        library=None,
        status=tmp_path / "status",
        state=tmp_path / "state",
    )
    made.inbox.mkdir()
    made.wake_dir.mkdir(parents=True)
    return made


def active(ledger: Ledger) -> Session:
    with ledger.read() as db:
        found = sessions.active_session(db, "alice")
    assert found is not None
    return found


def end(ledger: Ledger, file: Path | None) -> None:
    """Complete the next job with that file, or fail it."""
    claim = claimed(ledger)
    with ledger.write() as db:
        if file is None:
            transitions.record_failure(db, claim.fence, FAILED, GIVE_UP, NOW, NO_LIMIT)
            return
        transitions.begin_publish(
            db, claim.fence, output_path=str(file), sha256="ab", now=NOW
        )
        transitions.complete(db, claim.fence, song(), NOW, NO_LIMIT)


def test_a_link_is_enqueued_until_the_session_has_ended(
    ledger: Ledger, open_write: OpenWrite
) -> None:
    drop(ledger, "alice", links("a"))
    session = active(ledger)
    enqueue = partial(
        enqueue_link,
        new=NewVideo(video_id="b", job_options=ASK),
        quota=Quota(max_jobs=2),
    )
    with open_write() as (db, now):
        assert enqueue(db, session.id, now=now).action is LinkAction.QUEUE
        assert enqueue(db, session.id, now=now).action is LinkAction.DUPLICATE
    job_changes.cancel_session_jobs(open_write, session.id, NO_LIMIT)
    with open_write() as (db, now):
        assert expiry.expire(db, session, now, on_expiry="keep")
        with pytest.raises(SessionExpiredError):
            enqueue(db, session.id, now=now)


def test_a_jobs_uuid_can_be_chosen(open_write: OpenWrite) -> None:
    chosen = "00000000-0000-4000-8000-000000000001"
    with open_write() as (db, now):
        session = sessions.open_session(db, "alice", now)
        enqueue_link(
            db,
            session.id,
            NewVideo(video_id="a", job_options=ASK, uuid=chosen),
            quota=NO_LIMIT,
            now=now,
        )
        found = queries.find_job_by_uuid(db, chosen)
        assert found is not None
        assert found.options == ASK.options
        assert found == queries.find_job_by_audio(db, session.id, "a", ASK.profile)
        counters_match(db)


def test_cancelling_says_what_became_of_the_job(
    ledger: Ledger, open_write: OpenWrite
) -> None:
    drop(ledger, "alice", links("a", "b", "c"))
    publishing = claimed(ledger)
    running = claimed(ledger)
    with open_write() as (db, now):
        transitions.begin_publish(
            db, publishing.fence, output_path="/x", sha256="ab", now=now
        )
        results = [
            job_changes.cancel_job(db, job_id, now, NO_LIMIT)
            for job_id in (publishing.job_id, running.job_id, 3, 3)
        ]
    assert results == [
        CancelResult.PUBLISHING,
        CancelResult.REQUESTED,
        CancelResult.CANCELLED,
        CancelResult.CANCELLED,
    ]
    assert [result.is_too_late for result in results] == [True, False, False, False]


def test_all_unfinished_jobs_of_one_session_are_cancelled(
    ledger: Ledger, open_write: OpenWrite
) -> None:
    drop(ledger, "alice", links(*(f"v{n}" for n in range(300))))
    drop(ledger, "bob", links("a"))
    number = job_changes.cancel_session_jobs(open_write, active(ledger).id, NO_LIMIT)
    assert number == 300
    assert states(ledger) == ["cancelled"] * 300 + ["queued"]


def test_a_session_is_retried_except_what_is_there(
    ledger: Ledger, open_write: OpenWrite, tmp_path: Path
) -> None:
    kept, gone = tmp_path / "kept.mp3", tmp_path / "gone.mp3"
    kept.touch()
    drop(ledger, "alice", links("a", "b", "c", "d"))
    for file in (kept, gone, None):
        end(ledger, file)
    session = active(ledger)
    retry = partial(job_changes.retry_session_jobs, open_write, session)
    assert retry(only_failed=True) == 1
    assert states(ledger) == ["completed", "completed", "queued", "queued"]
    assert retry() == 1
    assert states(ledger) == ["completed", "queued", "queued", "queued"]
    assert retry() == 0
    with ledger.read() as db:
        counters_match(db)


def test_more_jobs_than_one_batch_are_retried(
    ledger: Ledger, open_write: OpenWrite
) -> None:
    number = job_changes.BATCH_SIZE + 1
    drop(ledger, "alice", links(*(f"v{n}" for n in range(number))))
    session = active(ledger)
    job_changes.cancel_session_jobs(open_write, session.id, NO_LIMIT)
    assert job_changes.retry_session_jobs(open_write, session) == number


def test_a_retry_is_refused_with_its_reason(
    ledger: Ledger, open_write: OpenWrite, tmp_path: Path
) -> None:
    file = tmp_path / "song.mp3"
    file.touch()
    drop(ledger, "alice", links("a", "b"))
    end(ledger, file)
    with open_write() as (db, now):
        done, queued = queries.find_jobs(db)
        assert job_changes.retry_job(db, done, now) is RetryRefusal.FILE_EXISTS
        assert job_changes.retry_job(db, queued, now) is RetryRefusal.UNFINISHED
        file.unlink()
        assert job_changes.retry_job(db, done, now) is None
    assert states(ledger) == ["queued", "queued"]


def test_a_session_is_created_once(
    ledger: Ledger, open_write: OpenWrite, layout: Layout
) -> None:
    first = session_changes.create_session(open_write, layout, "party")
    again = session_changes.create_session(open_write, layout, "party")
    nameless = session_changes.create_session(open_write, layout)
    assert (first.is_new, again.is_new, nameless.is_new) == (True, False, True)
    assert again.session.uuid == first.session.uuid
    assert nameless.session.name == nameless.session.uuid
    folders = {folder.name for folder in layout.inbox.iterdir()}
    assert folders == {"party", nameless.session.uuid}
    with pytest.raises(UsageError):
        session_changes.create_session(open_write, layout, "../up")
    with ledger.read() as db:
        assert len(sessions.list_sessions(db)) == 2


def test_a_raised_limit_lets_held_jobs_in(
    ledger: Ledger, open_write: OpenWrite
) -> None:
    one = Quota(max_jobs=1)
    drop(ledger, "alice", links("a", "b", "c"), quota=one)
    with open_write() as (db, now):
        released = session_changes.set_limits(
            db, active(ledger), now, one, {"max_jobs": 2}
        )
    assert released == 1
    assert states(ledger) == ["queued", "queued", "held"]


def test_expiry_by_hand_cancels_and_wakes_the_daemon(
    ledger: Ledger, open_write: OpenWrite
) -> None:
    drop(ledger, "alice", links("a", "b"))
    session = active(ledger)
    woken: list[list[str]] = []
    left = session_changes.expire_session(
        open_write,
        session,
        NO_LIMIT,
        on_expiry="keep",
        wake_daemon=lambda: woken.append(states(ledger)),
    )
    assert left is None
    assert woken == [["cancelled", "cancelled"]]
    with ledger.read() as db:
        ended = sessions.session_by_id(db, session.id)
        assert ended.state is SessionState.EXPIRED
    with open_write() as (db, now), pytest.raises(IllegalMoveError):
        session_changes.touch_session(db, ended, now)


def test_a_session_whose_job_does_not_stop_stays_active(
    ledger: Ledger, open_write: OpenWrite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_changes, "STOP_TIMEOUT_S", 0.0)
    drop(ledger, "alice", links("a"))
    claimed(ledger)
    left = session_changes.expire_session(
        open_write,
        active(ledger),
        NO_LIMIT,
        on_expiry="keep",
        wake_daemon=lambda: None,
    )
    assert left is not None
    assert (left.state, left.unfinished) == (SessionState.ACTIVE, 1)


def test_the_daemon_is_woken_after_the_commit(ledger: Ledger, layout: Layout) -> None:
    with write_and_wake(ledger, layout) as (db, now):
        sessions.open_session(db, "alice", now)
        assert not list(layout.wake_dir.iterdir())
    assert [file.name for file in layout.wake_dir.iterdir()] == ["poke"]
    assert active(ledger).name == "alice"
