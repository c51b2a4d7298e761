"""What `wait` and `show` count in the ledger, on SQLite and PostgreSQL."""

from pathlib import Path

from tests.integration import cli_rig, one_drop
from ytaudio_daemon.ledger import Ledger, queries, sessions, work_counts
from ytaudio_daemon.ledger.work_counts import WorkCounts


def test_a_session_and_a_drop_are_counted(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.write() as db:
        first = cli_rig.record(db, "party", "ABC!!")
        last = work_counts.newest_drop_id(db)
        cli_rig.complete(db, tmp_path / "a.mp3")
        cli_rig.fail(db)
        second = cli_rig.record(db, "party", "CD", content=b"other")
        session = sessions.active_session(db, "party")
        assert session is not None
        name = b"songs.txt"
        assert work_counts.recorded_drop_id(db, "party", name, last) == second.id
        assert work_counts.recorded_drop_id(db, "party", name, second.id) is None
        one = work_counts.count_drop(db, first.id)
        both = work_counts.count_session(db, session.id)
        later = work_counts.count_drop(db, second.id)
    assert one == WorkCounts(unfinished=1, completed=1, failed=1, rejected=2)
    assert later == WorkCounts(unfinished=2), "C is met again, D is new"
    assert both == WorkCounts(unfinished=2, completed=1, failed=1, rejected=2)
    assert (later + one).unfinished == 3
    assert not later.all_completed
    assert WorkCounts(completed=2).all_completed


def test_a_file_that_was_no_drop_counts_as_one_refusal(ledger: Ledger) -> None:
    moment = cli_rig.now()
    with ledger.write() as db:
        session = sessions.open_session(db, "party", moment)
        drop = one_drop.open_drop(db, session.id, b"x.txt", "h", 1, moment)
        one_drop.finish_recording(db, drop, "it is binary", moment)
        assert work_counts.count_session(db, session.id) == WorkCounts(rejected=1)
        assert work_counts.count_drop(db, drop.id) == WorkCounts(rejected=1)


def test_places_in_the_queue_go_by_priority_then_age(ledger: Ledger) -> None:
    with ledger.write() as db:
        cli_rig.record(db, "party", "ABCD", max_jobs=2)
        cli_rig.record(db, "other", "Z")
        found = queries.find_jobs(db)
        places = {row.video_id[0]: work_counts.queue_position(db, row) for row in found}
        assert places == {"A": 1, "B": 2, "C": 3, "D": 4, "Z": 1}
        cli_rig.record(db, "party", "E", max_jobs=9, content=b"urgent", priority=5)
        found = queries.find_jobs(db)
        places = {row.video_id[0]: work_counts.queue_position(db, row) for row in found}
    assert places == {"E": 1, "A": 2, "B": 3, "C": 4, "D": 5, "Z": 1}
