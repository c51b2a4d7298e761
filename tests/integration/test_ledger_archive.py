"""The archive in the ledger, on both databases, and what it does to links."""

from pathlib import Path

from tests.integration.intake_rig import House
from tests.integration.ledger_rig import (
    ASK,
    GIVE_UP,
    NO_LIMIT,
    NOW,
    claimed,
    counters_match,
    drop,
    later,
    link,
    recorded_lines,
    states,
)
from tests.integration.ledger_rig import FAILED as FAILED_OUTCOME
from ytaudio_daemon.ledger import (
    Ledger,
    archive,
    expiry,
    pruning,
    sessions,
    transitions,
)
from ytaudio_daemon.ledger.archive import ALL_SESSIONS, AddedCounts
from ytaudio_daemon.ledger.enqueue import EnqueueResult, NewVideo, enqueue_link
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn
from ytaudio_daemon.model.line_rules import LinkAction

A, B, C = "AAAAAAAAAAA", "BBBBBBBBBBB", "CCCCCCCCCCC"
SINCE = "in the archive since 2027-01-15"


def had(*videos: str, path: bytes | None = None) -> list[ArchivedVideo]:
    return [ArchivedVideo(video, FoundIn.ARCHIVE_FILE, path) for video in videos]


def add(
    ledger: Ledger,
    videos: list[ArchivedVideo],
    session: str = ALL_SESSIONS,
    after: float = 0,
) -> AddedCounts:
    with ledger.write() as db:
        return archive.add_videos(db, session, videos, later(after))


def entries(ledger: Ledger) -> list[tuple[str, str, float, bytes | None]]:
    with ledger.read() as db:
        page = archive.archive_page(db, None, ("", ""), 100)
    return [(each.video_id, each.session, each.added_at, each.path) for each in page]


def test_what_is_added_again_stays_with_its_first_day(ledger: Ledger) -> None:
    assert add(ledger, had(A, B)) == AddedCounts(added=2)
    assert add(ledger, had(B, C, C), after=60) == AddedCounts(added=1, known=2)
    assert entries(ledger) == [
        (A, "", NOW.wall, None),
        (B, "", NOW.wall, None),
        (C, "", NOW.wall + 60, None),
    ]


def test_an_entry_learns_its_file_and_where_that_moved(ledger: Ledger) -> None:
    add(ledger, had(A))
    first = had(A, path=b"/music/\xff.mp3")
    assert add(ledger, first, after=9) == AddedCounts(known=1, moved=1)
    assert add(ledger, first, after=9) == AddedCounts(known=1)
    assert add(ledger, had(A), after=9) == AddedCounts(known=1)
    assert entries(ledger) == [(A, "", NOW.wall, b"/music/\xff.mp3")]
    assert add(ledger, had(A, path=b"/new.mp3")) == AddedCounts(known=1, moved=1)
    assert entries(ledger)[0][3] == b"/new.mp3"


def test_a_link_in_the_archive_is_a_duplicate_that_says_since_when(
    ledger: Ledger,
) -> None:
    add(ledger, had(A))
    recorded = drop(ledger, "music", [link(1, A), link(2, A), link(3, B)])
    with ledger.read() as db:
        found = recorded_lines(db, recorded.id)
        counters_match(db)
    assert [(row.result, row.code, row.job_id is None) for row in found] == [
        ("duplicate", "in_archive", True),
        ("duplicate", "in_archive", True),
        ("accepted", None, False),
    ]
    assert found[0].message == f"{SINCE}; again=yes downloads it anyway"
    assert found[0].again is None
    assert states(ledger) == ["queued"]


def test_the_archive_of_a_session_is_nobody_elses(ledger: Ledger) -> None:
    add(ledger, had(A), "music")
    drop(ledger, "music", [link(1, A)])
    drop(ledger, "talks", [link(1, A)])
    assert states(ledger) == ["queued"]
    with ledger.read() as db:
        assert archive.find_archived(db, "talks", [A]) == {}
        assert archive.find_archived(db, "music", [A, B]) == {A: NOW.wall}


def test_the_oldest_day_counts_where_a_video_is_in_it_twice(ledger: Ledger) -> None:
    add(ledger, had(A), "music", after=86_400)
    add(ledger, had(A))
    with ledger.read() as db:
        assert archive.find_archived(db, "music", [A]) == {A: NOW.wall}


def test_again_downloads_it_all_the_same_and_a_failure_can_be_dropped_again(
    ledger: Ledger,
) -> None:
    add(ledger, had(A))
    drop(ledger, "music", [link(1, A)._replace(ignores_archive=True)], now=later(5))
    claim = claimed(ledger, later(6))
    with ledger.write() as db:
        assert transitions.record_failure(
            db, claim.fence, FAILED_OUTCOME, GIVE_UP, later(7), NO_LIMIT
        )
    assert states(ledger) == ["failed"]
    drop(ledger, "music", [link(1, A)], now=later(8))  # as `.failed.txt` has it
    assert states(ledger) == ["queued"]


def test_a_failed_job_stays_failed_once_the_archive_has_its_video(
    ledger: Ledger,
) -> None:
    drop(ledger, "music", [link(1, A)])
    claim = claimed(ledger)
    with ledger.write() as db:
        assert transitions.record_failure(
            db, claim.fence, FAILED_OUTCOME, GIVE_UP, NOW, NO_LIMIT
        )
    add(ledger, had(A), after=60)
    recorded = drop(ledger, "music", [link(1, A)], now=later(61))
    assert (recorded.accepted, recorded.duplicate) == (0, 1)
    assert states(ledger) == ["failed"]


def post(ledger: Ledger, video: str, *, again: bool = False) -> EnqueueResult:
    with ledger.write() as db:
        session = sessions.open_session(db, "music", NOW)
        return enqueue_link(
            db,
            session.id,
            NewVideo(video_id=video, job_options=ASK, ignores_archive=again),
            quota=NO_LIMIT,
            now=later(1),
            file_is_gone=lambda _: False,
        )


def test_a_client_is_told_that_the_archive_has_it(ledger: Ledger) -> None:
    add(ledger, had(A))
    assert post(ledger, A) == EnqueueResult(
        action=LinkAction.ARCHIVED, code="in_archive", message=SINCE
    )
    assert states(ledger) == []
    assert post(ledger, A, again=True).action is LinkAction.QUEUE


def test_what_is_forgotten_is_downloaded_again(ledger: Ledger) -> None:
    add(ledger, had(A, B))
    add(ledger, had(A), "music")
    with ledger.write() as db:
        found = archive.entries_of_videos(db, [""], [A, C])
        assert [entry.key for entry in found] == [(A, "")]
        archive.delete_entries(db, found)
    assert [entry[:2] for entry in entries(ledger)] == [(A, "music"), (B, "")]
    drop(ledger, "talks", [link(1, A), link(2, B)])
    assert states(ledger) == ["queued"]


def test_pages_meet_every_entry_once_in_order(ledger: Ledger) -> None:
    videos = [f"v{number:010}" for number in range(25)]
    add(ledger, had(*videos))
    add(ledger, had(*videos[::2]), "music")
    found, key = [], ("", "")
    with ledger.read() as db:
        while page := archive.archive_page(db, None, key, 4):
            found += [entry.key for entry in page]
            key = found[-1]
        assert archive.count_entries(db, None) == 38
        assert archive.count_entries(db, ["music"]) == 13
    assert found == sorted(
        [*((v, "") for v in videos), *((v, "music") for v in videos[::2])]
    )


def test_the_newest_entries_come_first(ledger: Ledger) -> None:
    add(ledger, had(B, A))
    add(ledger, had(C), after=5)
    with ledger.read() as db:
        newest = archive.newest_entries(db, None, 2)
    assert [entry.video_id for entry in newest] == [C, A]


def test_an_archive_of_more_than_one_querys_keys_is_looked_up_whole(
    ledger: Ledger,
) -> None:
    videos = [f"v{number:010}" for number in range(1203)]
    add(ledger, had(*videos))
    with ledger.read() as db:
        assert set(archive.find_archived(db, "music", videos)) == set(videos)
        assert archive.count_entries(db, None) == 1203


def test_the_archive_outlives_the_session_and_holds_for_the_next_of_its_name(
    sqlite_ledger: Ledger,
) -> None:
    add(sqlite_ledger, had(A), "music")
    with sqlite_ledger.write() as db:
        old = sessions.open_session(db, "music", NOW)
        assert expiry.expire(db, old, NOW, on_expiry="delete")
        pruning.delete_events(db, old.id)
        pruning.delete_session(db, sessions.session_by_id(db, old.id))
    drop(sqlite_ledger, "music", [link(1, A)])
    assert states(sqlite_ledger) == []


def test_the_defaults_of_a_session_ignore_the_archive_and_a_line_may_not(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    with house.ledger.write() as db:
        archive.add_videos(db, ALL_SESSIONS, had(A, B), house.now)
    (house.inbox / "defaults.toml").write_text('again = "yes"\n')
    house.drop(content=f"https://youtu.be/{A}\nhttps://youtu.be/{B} again=no\n")
    house.take()
    found = house.ask("SELECT line, result, code FROM lines ORDER BY line")
    house.close()
    assert found == [(1, "accepted", None), (2, "duplicate", "in_archive")]
