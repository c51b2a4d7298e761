"""Recording drops on both databases: one job an audio, every line a row, resumable."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.integration import one_drop
from tests.integration.ledger_rig import (
    FAILED,
    GIVE_UP,
    NO_LIMIT,
    NOW,
    cancel_running,
    claimed,
    counters_match,
    drop,
    link,
    links,
    recorded_lines,
    song,
    states,
)
from ytaudio_daemon.ledger import (
    Ledger,
    drop_queries,
    drops,
    queries,
    receipts,
    sessions,
    transitions,
)
from ytaudio_daemon.ledger.enqueue import random_uuid
from ytaudio_daemon.ledger.schema import lines as lines_table
from ytaudio_daemon.model import JobState, LinePart, Options
from ytaudio_daemon.model.quota import Quota

FLAC = drops.JobOptions.from_options(Options(format="flac", bitrate=None))
URGENT = drops.JobOptions.from_options(Options(priority=5))
REFUSED = drops.NewLine(line=9, text="hello", code="not_a_url", message="No link.")


def _results(ledger: Ledger, recorded: drops.Drop) -> list[tuple[str, int | None]]:
    with ledger.read() as db:
        return [(row.result, row.job_id) for row in recorded_lines(db, recorded.id)]


def _finish(ledger: Ledger, to: JobState) -> None:
    """Bring the only queued job to its end."""
    got = claimed(ledger)
    with ledger.write() as db:
        if to is JobState.CANCELLED:
            cancel_running(db, got.fence)
        elif to is JobState.FAILED:
            transitions.record_failure(
                db, got.fence, FAILED, GIVE_UP, NOW, Quota(max_jobs=0)
            )
        else:
            transitions.begin_publish(
                db, got.fence, output_path="/songs/a", sha256="ab", now=NOW
            )
            transitions.complete(db, got.fence, song(), NOW, Quota(max_jobs=0))


def test_every_line_ends_as_one_of_three(ledger: Ledger) -> None:
    recorded = drop(ledger, "alice", [*links("a", "b", "a"), REFUSED])
    assert _results(ledger, recorded) == [
        ("accepted", 1),
        ("accepted", 2),
        ("duplicate", 1),
        ("rejected", None),
    ]
    assert (recorded.accepted, recorded.duplicate, recorded.rejected) == (2, 1, 1)
    assert recorded.cursor == LinePart(9)
    with ledger.read() as db:
        (*_, refused) = recorded_lines(db, recorded.id)
        counters_match(db)
    assert (refused.code, refused.message) == ("not_a_url", "No link.")


def test_what_was_asked_comes_back_with_the_claim(ledger: Ledger) -> None:
    drop(ledger, "alice", [link(1, "a", FLAC)])
    got = claimed(ledger)
    assert Options.from_json(got.options) == Options(format="flac", bitrate=None)
    assert got.video_id == "a"


@pytest.mark.parametrize(
    ("ask", "expected"),
    [(FLAC, "accepted"), (URGENT, "duplicate")],
    ids=["another format is another audio", "priority is not"],
)
def test_what_makes_audio_the_same(
    ledger: Ledger, ask: drops.JobOptions, expected: str
) -> None:
    recorded = drop(ledger, "alice", [link(1, "a"), link(2, "a", ask)])
    assert [result for result, _ in _results(ledger, recorded)] == [
        "accepted",
        expected,
    ]


def test_sessions_do_not_share_jobs(ledger: Ledger) -> None:
    first = drop(ledger, "alice", links("a"))
    second = drop(ledger, "bob", links("a"))
    assert _results(ledger, first) == [("accepted", 1)]
    assert _results(ledger, second) == [("accepted", 2)]


@pytest.mark.parametrize("state", ["queued", "running", "completed"])
def test_a_later_drop_of_the_same_audio_is_a_duplicate(
    ledger: Ledger, state: str
) -> None:
    drop(ledger, "alice", links("a"))
    if state == "running":
        claimed(ledger)
    elif state == "completed":
        _finish(ledger, JobState.COMPLETED)
    again = drop(ledger, "alice", links("a", "a"), file_is_gone=lambda _: False)
    assert _results(ledger, again) == [("duplicate", 1), ("duplicate", 1)]
    assert states(ledger) == [state]


def test_a_line_keeps_a_job_that_is_being_cancelled(ledger: Ledger) -> None:
    drop(ledger, "alice", links("a"))
    got = claimed(ledger)
    with ledger.write() as db:
        transitions.cancel(db, got.job_id, NOW, reason="cancelled", quota=NO_LIMIT)
    again = drop(ledger, "alice", links("a", "a"))
    assert _results(ledger, again) == [("accepted", 1), ("duplicate", 1)]
    with ledger.read() as db:
        assert not queries.job_by_id(db, got.job_id).cancel_requested
        (line, _) = recorded_lines(db, again.id)
    assert line.message == "runs again: its cancellation is withdrawn"
    assert states(ledger) == ["running"]


@pytest.mark.parametrize(
    "end", [JobState.FAILED, JobState.CANCELLED, JobState.COMPLETED]
)
def test_a_line_runs_a_job_again_that_has_no_file(
    ledger: Ledger, end: JobState
) -> None:
    drop(ledger, "alice", links("a"))
    _finish(ledger, end)
    asked: list[str] = []
    again = drop(
        ledger,
        "alice",
        links("a", "a"),
        file_is_gone=lambda path: not asked.append(path),  # type: ignore[func-returns-value]  # records and says yes
    )
    assert _results(ledger, again) == [("accepted", 1), ("duplicate", 1)]
    assert states(ledger) == ["queued"]
    assert asked == (["/songs/a"] if end is JobState.COMPLETED else [])
    with ledger.read() as db:
        assert recorded_lines(db, again.id)[0].message is not None
        counters_match(db)


def test_a_job_that_runs_again_takes_a_place_of_the_quota(ledger: Ledger) -> None:
    drop(ledger, "alice", links("a"))
    _finish(ledger, JobState.FAILED)
    drop(ledger, "alice", links("a", "b"), quota=Quota(max_jobs=1))
    assert states(ledger) == ["queued", "held"]


# ------------------------------------------------------------------------------ quota


def test_over_the_quota_lines_are_held_in_order(ledger: Ledger) -> None:
    drop(ledger, "alice", links("a", "b", "c"), quota=Quota(max_jobs=2))
    assert states(ledger) == ["queued", "queued", "held"]
    drop(ledger, "bob", links("a"), quota=Quota(max_jobs=2))
    assert states(ledger)[-1] == "queued"


def test_over_the_quota_lines_are_refused_where_it_says_reject(
    ledger: Ledger,
) -> None:
    strict = Quota(max_jobs=2, reject_over=True)
    first = drop(ledger, "alice", links("a", "a", "b", "c"), quota=strict)
    kinds = [result for result, _ in _results(ledger, first)]
    assert kinds == ["accepted", "duplicate", "accepted", "rejected"]
    _finish(ledger, JobState.FAILED)
    second = drop(ledger, "alice", links("d"), quota=strict)
    with ledger.read() as db:
        (line,) = recorded_lines(db, second.id)
    assert (line.result, line.code) == ("rejected", "session_job_limit")
    assert "2 jobs in its life" in str(line.message)


# ----------------------------------------------------------------- crashes and cursors


def test_a_kill_between_batches_resumes_behind_the_cursor(ledger: Ledger) -> None:
    with ledger.write() as db:
        session = sessions.open_session(db, "alice", NOW)
        opened = one_drop.open_drop(db, session.id, b"songs.txt", "00", 1, NOW)
        _record(db, opened, links("a", "b"))
    with ledger.write() as db:
        known = one_drop.open_drop(db, session.id, b"songs.txt", "00", 1, NOW)
        assert (known.id, known.cursor, known.accepted) == (opened.id, LinePart(2), 2)
        done = _record(db, known, [link(3, "c"), link(4, "a")])
    assert (done.cursor, done.accepted, done.duplicate) == (LinePart(4), 3, 1)


def test_a_batch_is_recorded_whole_or_not_at_all(ledger: Ledger) -> None:
    def die_midway() -> None:
        with ledger.write() as db:
            _record(db, opened, links("a", "b"))
            raise KeyboardInterrupt

    with ledger.write() as db:
        session = sessions.open_session(db, "alice", NOW)
        opened = one_drop.open_drop(db, session.id, b"songs.txt", "00", 1, NOW)
    with pytest.raises(KeyboardInterrupt):
        die_midway()
    with ledger.read() as db:
        unfiled = drop_queries.unfiled_drops(db)
        assert unfiled["alice", b"songs.txt", "00"] == opened
        assert recorded_lines(db, opened.id) == []
        counters_match(db)
    assert states(ledger) == []


def _record(
    db: sa.Connection, opened: drops.Drop, lines: list[drops.NewLine]
) -> drops.Drop:
    return one_drop.record_batch(
        db, opened, lines, quota=NO_LIMIT, now=NOW, file_is_gone=lambda _: False
    )


def test_a_filed_drop_that_comes_again_is_a_new_one(ledger: Ledger) -> None:
    first = drop(ledger, "alice", links("a"))
    second = drop(ledger, "alice", links("a"))
    assert first.id != second.id


def test_names_that_are_not_utf8_come_back_as_they_were(ledger: Ledger) -> None:
    name = b"caf\xe9 \xff.txt"
    with ledger.write() as db:
        session = sessions.open_session(db, "alice", NOW)
        opened = one_drop.open_drop(db, session.id, name, "00", 1, NOW)
        _record(db, opened, links("a"))
        one_drop.mark_filed(db, opened, "kept", name, NOW)
        kept = receipts.receipt_head(db, opened.id)
        [(file, newest)] = drop_queries.kept_files(db).items()
        assert (file, newest.sha256) == (("alice", False, name), "00")
    assert kept is not None
    assert (kept.name, kept.filed_name) == (name, name)
    shown = claimed(ledger).source_file
    assert shown == "caf\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}.txt"


def test_a_thousand_lines_at_once(ledger: Ledger) -> None:
    videos = [f"video{n % 900:06}" for n in range(1000)]
    recorded = drop(ledger, "alice", links(*videos))
    assert (recorded.accepted, recorded.duplicate) == (900, 100)
    again = drop(ledger, "alice", links(*videos))
    assert (again.accepted, again.duplicate) == (0, 1000)
    with ledger.read() as db:
        counters_match(db)
        numbers = db.execute(
            sa.select(lines_table.c.job_id)
            .where(lines_table.c.drop_id == recorded.id)
            .order_by(lines_table.c.line)
        ).scalars()
        assert list(numbers)[:900] == sorted(range(1, 901)), "in the file's order"


def test_two_connections_with_the_same_audio_make_one_job(
    ledger: Ledger, open_again: Callable[[], Ledger]
) -> None:
    """Both know nothing of the other until its transaction is over."""
    with ledger.write() as db:
        sessions.open_session(db, "alice", NOW)
    ledgers = [ledger, open_again()]
    start = threading.Barrier(2)
    videos = [f"v{n}" for n in range(50)]
    errors: list[Exception] = []

    def take(mine: Ledger, number: int) -> None:
        try:
            for turn in range(5):
                some = videos[turn * 10 : turn * 10 + 10]
                start.wait(timeout=60)
                _drop_of(mine, number, turn, some)
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)
            start.abort()

    threads = [
        threading.Thread(target=take, args=(mine, number))
        for number, mine in enumerate(ledgers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert states(ledger) == ["queued"] * 50
    with ledger.read() as db:
        counters_match(db)
        results = db.execute(sa.select(lines_table.c.result)).scalars().all()
    assert sorted(results) == ["accepted"] * 50 + ["duplicate"] * 50


def _drop_of(ledger: Ledger, number: int, turn: int, videos: list[str]) -> None:
    with ledger.write() as db:
        session = sessions.open_session(db, "alice", NOW)
        name = f"{number}-{turn}.txt".encode()
        opened = one_drop.open_drop(db, session.id, name, "00", 1, NOW)
        _record(db, opened, links(*videos))


def test_uuids_are_random_and_well_formed() -> None:
    import uuid  # noqa: PLC0415 - the library's is only the judge here

    made = {random_uuid("a7") for _ in range(1000)}
    assert len(made) == 1000
    for text in made:
        assert str(uuid.UUID(text)) == text
        assert uuid.UUID(text).version == 4
        assert uuid.UUID(text).variant == uuid.RFC_4122
        assert text.startswith("a7")
