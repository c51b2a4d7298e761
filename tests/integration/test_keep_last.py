"""keep_last removes what the subscription brought, and nothing that a person wants."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli_rig import Rig
from tests.integration.collections_rig import (
    OTHER,
    PLAYLIST,
    CollectionsHouse,
    in_feed,
    listed,
    video,
)
from ytaudio_daemon import operations
from ytaudio_daemon.folders import old_files
from ytaudio_daemon.folders.library import LibraryFile
from ytaudio_daemon.folders.library_moves import LayoutState, layout_state
from ytaudio_daemon.ledger import audit
from ytaudio_daemon.model.subscription import REMOVED_REMARK
from ytaudio_daemon.operations.relayout import Relayout

INTERVAL_S = 6.6 * 3600.0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CollectionsHouse]:
    """Open a house whose subscription has brought four songs, and keeps two."""
    made = CollectionsHouse(tmp_path)
    made.lane.lists[PLAYLIST] = listed([1])
    made.drop(
        content=f"{PLAYLIST} follow=6h keep_last=2\nhttps://youtu.be/{video(9)}\n"
    )
    made.take()
    made.list_all()
    for number in range(2, 6):
        made.lane.feeds[PLAYLIST] = in_feed(*range(number, 0, -1))
        made.let_pass(INTERVAL_S)
        made.look()
    made.finish_jobs()
    yield made
    with made.ledger.read() as db:
        assert list(audit.find_flaws(db)) == []
    made.close()


def folder(house: CollectionsHouse) -> Path:
    """Return the library's folder of the collection."""
    assert house.layout.library is not None
    return house.layout.library / "alice" / "Songs"


def library(house: CollectionsHouse) -> list[str]:
    """Return the songs of the collection that are in the library; one is no part of it."""
    assert (folder(house).parent / "Song 9.mp3").exists()
    return sorted(path.name for path in folder(house).glob("*.mp3"))


def results(house: CollectionsHouse) -> list[str]:
    """Return the names of the finished files below downloads, without the trash."""
    found = house.layout.downloads.glob("*/*/audio/*.mp3")
    return sorted(path.name for path in found if ".trash" not in path.parts)


def job_id(house: CollectionsHouse, number: int) -> str:
    query = f"SELECT uuid FROM jobs WHERE video_id = '{video(number)}'"
    return str(house.ask(query)[0][0])


def songs(*numbers: int) -> list[str]:
    return [f"{number:02} Song {number}.mp3" for number in numbers]


def files(*numbers: int) -> list[str]:
    return [f"Song {number}.mp3" for number in numbers]


def test_the_latest_files_stay_and_older_ones_go_with_what_they_used(
    house: CollectionsHouse,
) -> None:
    assert library(house) == songs(2, 3, 4, 5)
    house.remove_old_files()
    assert library(house) == songs(4, 5)
    assert results(house) == files(4, 5, 9)
    assert house.ask("SELECT used_bytes FROM sessions") == [(33,)]
    assert house.ask("SELECT DISTINCT state FROM jobs") == [("completed",)]
    house.show()
    assert library(house) == songs(4, 5), "they do not come back"


def test_the_playlist_names_no_file_that_was_removed(house: CollectionsHouse) -> None:
    house.remove_old_files()
    house.let_pass(60)
    house.show()
    lines = folder(house).with_suffix(".m3u8").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        f"Songs/{name}" for name in songs(4, 5)
    ]
    assert [line for line in lines if line.endswith(REMOVED_REMARK)] == [
        f"# {number} Song {number}: {REMOVED_REMARK}" for number in (2, 3)
    ]


def test_a_new_layout_says_nothing_of_files_that_were_removed(
    house: CollectionsHouse,
) -> None:
    house.remove_old_files()
    assert house.layout.library is not None
    work = Relayout(
        ledger=house.ledger,
        layout=house.layout,
        library=house.layout.library,
        rules=house.settings.library.rules,
    )
    steps = list(work.run(applies=False))
    assert {step.layout_state for step in steps} == {LayoutState.IN_PLACE}
    assert len(steps) == 3


def relayout(house: CollectionsHouse) -> Relayout:
    """Return the move to a layout that has the songs in the session's folder."""
    assert house.layout.library is not None
    return Relayout(
        ledger=house.ledger,
        layout=house.layout,
        library=house.layout.library,
        rules=replace(house.settings.library.rules, playlist="{title}"),
    )


def songs_in_session(house: CollectionsHouse) -> list[str]:
    """Return the names of the songs that are in the session's own folder."""
    return sorted(path.name for path in folder(house).parent.glob("*.mp3"))


@pytest.mark.parametrize("comes_first", [True, False])
def test_files_that_a_new_layout_moves_meanwhile_go_all_the_same(
    house: CollectionsHouse, monkeypatch: pytest.MonkeyPatch, *, comes_first: bool
) -> None:
    is_untouched = old_files.is_untouched

    def is_untouched_meanwhile(*place: Any) -> bool:
        monkeypatch.setattr(old_files, "is_untouched", is_untouched)
        found = None if comes_first else is_untouched(*place)
        assert [*relayout(house).run(applies=True)]
        return is_untouched(*place) if found is None else found

    monkeypatch.setattr(old_files, "is_untouched", is_untouched_meanwhile)
    house.remove_old_files()
    house.remove_old_files()
    assert songs_in_session(house) == files(4, 5, 9)
    assert results(house) == files(4, 5, 9)


def test_a_file_that_is_being_removed_is_not_moved(house: CollectionsHouse) -> None:
    """The remover has marked it after the new layout has read the page."""
    steps = relayout(house).run(applies=True)
    next(steps)
    house.remove_old_files()
    assert LayoutState.KEPT not in {step.layout_state for step in steps}
    house.remove_old_files()
    assert songs_in_session(house) == files(4, 5, 9)
    assert results(house) == files(4, 5, 9)


def test_a_file_that_goes_just_before_it_is_moved_is_passed_over(
    house: CollectionsHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state_before(file: LibraryFile, *about: Any) -> tuple[LayoutState, str]:
        found = layout_state(file, *about)
        if file.name.endswith("Song 2.mp3"):
            house.remove_old_files()
        return found

    monkeypatch.setattr(operations.relayout, "layout_state", state_before)
    steps = list(relayout(house).run(applies=True))
    assert {step.error for step in steps} == {""}
    assert songs_in_session(house) == files(4, 5, 9)


def test_what_a_line_had_asked_for_before_the_list_was_followed_stays(
    house: CollectionsHouse,
) -> None:
    house.lane.lists[OTHER] = listed([20, 21])
    house.drop("other.txt", OTHER)
    house.take()
    house.list_all()
    house.finish_jobs()
    house.let_pass(60)
    house.drop("followed.txt", f"{OTHER} follow=6h keep_last=1\n")
    house.take()
    house.list_all()
    for number in (22, 23):
        house.lane.feeds[OTHER] = in_feed(*range(number, 19, -1))
        house.let_pass(INTERVAL_S)
        house.look()
    house.finish_jobs()
    house.remove_old_files()
    assert [name for name in results(house) if name.startswith("Song 2")] == files(
        20, 21, 23
    )


def test_pinned_moved_and_changed_files_stay(
    house: CollectionsHouse, tmp_path: Path
) -> None:
    rig = Rig(tmp_path)
    (folder(house) / "02 Song 2.mp3").rename(folder(house) / "My favourite.mp3")
    assert rig.call("pin", job_id(house, 3)).out.endswith(" pinned\n")
    assert rig.call("pin", job_id(house, 3)).out.endswith(" pinned already\n")
    house.remove_old_files()
    assert library(house) == [*songs(3, 4, 5), "My favourite.mp3"]
    assert results(house) == files(2, 3, 4, 5, 9)
    assert rig.call("unpin", job_id(house, 3)).out.endswith(" no longer pinned\n")
    house.restart()
    house.remove_old_files()
    assert library(house) == [*songs(4, 5), "My favourite.mp3"]
    assert results(house) == files(2, 4, 5, 9)


@pytest.mark.parametrize(
    "step", ["subscription.file_marked", "subscription.file_removed"]
)
@pytest.mark.parametrize("count", [1, 2])
def test_a_daemon_killed_while_it_removes_goes_on_and_removes_no_more(
    house: CollectionsHouse, step: str, count: int
) -> None:
    house.die_removing_at(step, count)
    house.remove_old_files()
    assert library(house) == songs(4, 5)
    assert results(house) == files(4, 5, 9)
    removal = house.ask("SELECT removal FROM entries WHERE job_id IS NOT NULL")
    assert [each for (each,) in removal].count("removed") == 2


def test_what_was_removed_is_not_fetched_again_with_the_collection(
    house: CollectionsHouse, tmp_path: Path
) -> None:
    house.remove_old_files()
    house.lane.lists[PLAYLIST] = listed([5, 4, 3, 2, 1])
    house.drop("again.txt", f"{PLAYLIST} follow=6h keep_last=2\n")
    house.take()
    house.list_all()
    assert house.ask("SELECT DISTINCT state FROM jobs") == [("completed",)]
    rig = Rig(tmp_path)
    assert rig.call("retry", job_id(house, 2)).out.endswith(" queued again\n")
    house.finish_jobs()
    house.remove_old_files()
    assert library(house) == songs(2, 4, 5), "a person asked for it"


def test_a_file_that_is_not_in_the_library_yet_goes_later(
    house: CollectionsHouse,
) -> None:
    with house.ledger.write() as db:
        kept = db.exec_driver_sql("SELECT * FROM shelf").all()
        db.exec_driver_sql("DELETE FROM shelf")
    house.remove_old_files()
    assert library(house) == songs(2, 3, 4, 5)
    with house.ledger.write() as db:
        for row in kept:
            db.exec_driver_sql(
                f"INSERT INTO shelf VALUES ({', '.join('?' * len(row))})", tuple(row)
            )
    house.remove_old_files()
    assert library(house) == songs(4, 5)
