"""Sessions as rows: one active of a name, expiry on the daemon's own clock."""

import pytest

from tests.integration import one_drop
from tests.integration.ledger_rig import NOW, claimed, drop, later, links
from ytaudio_daemon.ledger import (
    Ledger,
    bulk_cancel,
    expiry,
    meta,
    sessions,
    transitions,
)
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

TTL = 86400.0
TEN_YEARS = 10 * 365 * 86400.0


def _open(ledger: Ledger, name: str | None = "alice") -> sessions.Session:
    with ledger.write() as db:
        return sessions.open_session(db, name, NOW)


def _due(ledger: Ledger, now: Now, ttl_s: float = TTL) -> list[str]:
    with ledger.read() as db:
        return [s.name for s in expiry.due_to_expire(db, now, ttl_s=ttl_s)]


def test_a_session_waits_for_its_drop_to_be_filed(ledger: Ledger) -> None:
    # A crash came in between: the next session of that name would take it anew.
    with ledger.write() as db:
        row = sessions.open_session(db, "alice", NOW)
        taken = one_drop.open_drop(db, row.id, b"songs.txt", "00", 1, NOW)
        one_drop.finish_recording(db, taken, None, NOW)
    assert _due(ledger, later(2 * TTL)) == []
    with ledger.write() as db:
        one_drop.mark_filed(db, taken, "filed", b"songs.txt", NOW)
    assert _due(ledger, later(3 * TTL)) == ["alice"]


def test_opening_twice_gives_the_same_session(ledger: Ledger) -> None:
    first = _open(ledger)
    assert _open(ledger) == first
    with ledger.read() as db:
        assert sessions.find_session(db, first.uuid) == first
        assert sessions.find_session(db, "alice") == first
        assert sessions.session_by_id(db, first.id) == first
        assert sessions.find_session(db, "nobody") is None
        assert sessions.active_session(db, "nobody") is None


def test_a_session_without_a_name_is_called_by_its_uuid(ledger: Ledger) -> None:
    session = _open(ledger, None)
    assert session.name == session.uuid


def test_an_expired_session_makes_room_for_one_of_the_same_name(
    ledger: Ledger,
) -> None:
    old = _open(ledger)
    with ledger.write() as db:
        assert expiry.expire(db, old, NOW, on_expiry="keep")
        assert not expiry.expire(db, old, NOW, on_expiry="keep"), "once"
        assert sessions.session_by_id(db, old.id).state is SessionState.EXPIRED
        new = sessions.open_session(db, "alice", later(1))
        assert sessions.find_session(db, "alice") == new, "of several the newest"
        listed = sessions.list_sessions(db, state=SessionState.ACTIVE)
    assert new.uuid != old.uuid
    assert listed == [new]


@pytest.mark.parametrize(("seconds", "due"), [(TTL - 1, []), (TTL, ["alice"])])
def test_time_to_live_counts_from_the_last_activity(
    ledger: Ledger, seconds: float, due: list[str]
) -> None:
    _open(ledger)
    assert _due(ledger, later(seconds)) == due
    assert _due(ledger, later(seconds), ttl_s=0) == [], "0 = for ever"


def test_touching_starts_it_over(ledger: Ledger) -> None:
    session = _open(ledger)
    with ledger.write() as db:
        sessions.touch_session(db, session, later(TTL - 1))
    assert _due(ledger, later(TTL)) == []
    assert _due(ledger, later(2 * TTL)) == ["alice"]


@pytest.mark.parametrize("own", [60.0, 0.0])
def test_a_sessions_own_time_to_live_wins(ledger: Ledger, own: float) -> None:
    session = _open(ledger)
    with ledger.write() as db:
        sessions.set_limits(db, session, NOW, ttl_s=own)
    assert _due(ledger, later(60)) == (["alice"] if own else [])
    assert _due(ledger, later(TTL)) == (["alice"] if own else [])


@pytest.mark.parametrize("years", [-10, 10])
def test_a_wall_clock_that_jumps_expires_nothing(ledger: Ledger, years: int) -> None:
    _open(ledger)
    jumped = Now(wall=NOW.wall + years * TEN_YEARS / 10, uptime_s=NOW.uptime_s + 60)
    assert _due(ledger, jumped) == []
    with ledger.read() as db:
        assert expiry.stale_sessions(db, jumped, max_pending_s=TTL) == []


def test_unfinished_work_is_never_cut_off_by_the_clock(ledger: Ledger) -> None:
    drop(ledger, "alice", links("a"))
    assert _due(ledger, later(100 * TTL)) == []
    with ledger.write() as db:
        (stuck,) = expiry.stale_sessions(db, later(14 * TTL), max_pending_s=14 * TTL)
        assert stuck.unfinished == 1
        assert not expiry.expire(db, stuck, NOW, on_expiry="keep"), (
            "work came in between"
        )
        transitions.cancel(
            db, 1, later(14 * TTL), reason="session_expired", quota=Quota(max_jobs=0)
        )
        assert expiry.expire(db, stuck, NOW, on_expiry="keep")


def test_sessions_whose_jobs_are_being_stopped_hide_no_other_stale_one(
    ledger: Ledger,
) -> None:
    """Their host may be gone, and then they stay so."""
    late = later(14 * TTL)
    for number in range(expiry.MAX_STALE):
        drop(ledger, f"gone-{number}", links("a"))
        claimed(ledger)
    drop(ledger, "alice", links("a"))
    with ledger.write() as db:
        for job_id in range(1, expiry.MAX_STALE + 1):
            transitions.cancel(
                db, job_id, NOW, reason="session_expired", quota=Quota(max_jobs=1)
            )
        stale = expiry.stale_sessions(db, late, max_pending_s=14 * TTL)
    assert [session.name for session in stale] == ["alice"]


def test_giving_up_lets_no_held_job_in_and_comes_to_its_end(ledger: Ledger) -> None:
    one = Quota(max_jobs=1)
    drop(ledger, "alice", links("a", "b", "c"), quota=one)
    late = later(14 * TTL)
    with ledger.write() as db:
        (stuck,) = expiry.stale_sessions(db, late, max_pending_s=14 * TTL)
        done = bulk_cancel.cancel_batch(
            db, stuck.id, late, reason="session_expired", quota=one, limit=1
        )
        assert (done.cancelled, done.is_complete) == (1, False)
        # Held ones first: had the queued one gone, another would have come in.
        (left,) = expiry.stale_sessions(db, late, max_pending_s=14 * TTL)
        assert (left.counts[JobState.QUEUED], left.counts[JobState.HELD]) == (1, 1)
        # Done in pieces: the first must not count as activity, or the rest would wait.
        done = bulk_cancel.cancel_batch(
            db, stuck.id, late, reason="session_expired", quota=one
        )
        assert (done.cancelled, done.is_complete) == (2, True)
    assert _due(ledger, late) == ["alice"]


def test_a_running_job_counts_as_unfinished(ledger: Ledger) -> None:
    drop(ledger, "alice", links("a"))
    claimed(ledger)
    assert _due(ledger, later(100 * TTL)) == []


def test_limits_can_be_given_back(ledger: Ledger) -> None:
    session = _open(ledger)
    with ledger.write() as db:
        sessions.set_limits(db, session, NOW, max_jobs=3, on_expiry="delete")
        limited = sessions.session_by_id(db, session.id)
        sessions.set_limits(db, session, NOW, max_jobs=None, on_expiry=None)
        assert sessions.session_by_id(db, session.id) == session
    assert (limited.max_jobs, limited.on_expiry) == (3, "delete")


@pytest.mark.parametrize(
    ("own", "config", "removed"),
    [
        (None, "keep", False),
        (None, "delete", True),
        ("keep", "delete", False),
        ("delete", "keep", True),
    ],
)
def test_files_go_only_where_expiry_says_so(
    ledger: Ledger,
    own: str | None,
    config: str,
    removed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    session = _open(ledger)
    with ledger.write() as db:
        sessions.set_limits(db, session, NOW, on_expiry=own)
        limited = sessions.session_by_id(db, session.id)
        assert expiry.sessions_to_remove(db) == []
        assert expiry.expire(db, limited, NOW, on_expiry=config)
        waiting = expiry.sessions_to_remove(db)
        assert [s.id for s in waiting] == ([session.id] if removed else [])
        for one in waiting:
            expiry.mark_removed(db, one)
        assert expiry.sessions_to_remove(db) == []


def test_the_diary_keeps_name_age_and_cursor(ledger: Ledger) -> None:
    with ledger.write() as db:
        name = meta.state_id(db)
        meta.save_uptime(db, 12.5)
        meta.save_uptime(db, 3.0)
        meta.save_views_cursor(db, 7)
    with ledger.write() as db:
        assert meta.state_id(db) == name
        assert meta.uptime_s(db) == 12.5, "it never goes back"
        assert meta.views_cursor(db) == 7
