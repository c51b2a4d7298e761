"""A new layout for what the library has: only what is untouched, whatever dies between."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.collections_rig import PLAYLIST, listed, video
from tests.integration.intake_rig import STRUCK
from tests.integration.library_rig import ALBUM, LibraryHouse, album
from tests.odd_file_systems import odd_disk
from ytaudio_daemon.folders.library_moves import LayoutState
from ytaudio_daemon.ledger import sessions
from ytaudio_daemon.operations.relayout import Relayout, RelayoutStep
from ytaudio_daemon.system import failpoints

TAGS = {"artist": "Nina Simone", "date": "1965-10-01"}
PICTURE = b"\xff\xd8\xff picture \xff\xd9"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LibraryHouse]:
    made = LibraryHouse(tmp_path)
    yield made
    made.close()


def relayout(
    house: LibraryHouse, *, applies: bool = True, session_id: int | None = None
) -> list[RelayoutStep]:
    work = Relayout(
        ledger=house.ledger,
        layout=house.layout,
        library=house.library,
        rules=house.settings.library.rules,
        session_id=session_id,
    )
    return list(work.run(applies=applies))


def singles(house: LibraryHouse, *titles: str) -> None:
    links = (f"https://youtu.be/{video(n)}\n" for n, _ in enumerate(titles, 1))
    house.drop(content="".join(links))
    house.take()
    for title in titles:
        house.complete(title, tags=TAGS)
    house.show()
    house.configure(YTAUDIO_LIBRARY_SINGLE="{artist}/{year} {title}")


def test_a_dry_run_moves_nothing(house: LibraryHouse) -> None:
    singles(house, "A", "B")
    steps = relayout(house, applies=False)
    assert [(step.path, step.new_path) for step in steps] == [
        ("A.mp3", "Nina Simone/1965 A.mp3"),
        ("B.mp3", "Nina Simone/1965 B.mp3"),
    ]
    assert house.files() == ["A.mp3", "B.mp3"]
    assert house.ask("SELECT name FROM shelf") == [("A.mp3",), ("B.mp3",)]


def test_what_is_untouched_moves_and_moves_back(house: LibraryHouse) -> None:
    singles(house, "A", "B")
    relayout(house)
    assert house.files() == ["Nina Simone/1965 A.mp3", "Nina Simone/1965 B.mp3"]
    assert {step.layout_state for step in relayout(house)} == {LayoutState.IN_PLACE}
    house.configure(YTAUDIO_LIBRARY_SINGLE="{title}")
    relayout(house)
    assert house.files() == ["A.mp3", "B.mp3"]
    assert not (house.shelf / "Nina Simone").exists()
    house.show()
    assert house.files() == ["A.mp3", "B.mp3"]


def test_a_dry_run_says_the_names_that_files_will_get(house: LibraryHouse) -> None:
    singles(house, "Song", "SONG", "Other")
    (house.shelf / "other.mp3").write_text("a person's own")
    for layout in ("All/{title}", "{title}", "all/{artist} {title}"):
        house.configure(YTAUDIO_LIBRARY_SINGLE=layout)
        said = [step.new_path for step in relayout(house, applies=False)]
        assert said == [step.new_path for step in relayout(house)]
        assert len({name.casefold() for name in said if name}) == len(said)


def changed(file: Path) -> None:
    file.write_text("retagged")


def renamed(file: Path) -> None:
    file.rename(file.with_name("mine.mp3"))


def removed(file: Path) -> None:
    file.unlink()


def swapped_for_a_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/etc/passwd")


@pytest.mark.parametrize("touch", [changed, renamed, removed, swapped_for_a_link])
def test_what_a_person_has_touched_stays(
    house: LibraryHouse, touch: Callable[[Path], None]
) -> None:
    singles(house, "A", "B")
    touch(house.shelf / "A.mp3")
    before = sorted(path.name for path in house.shelf.iterdir())
    first, second = relayout(house)
    assert first.layout_state is LayoutState.KEPT
    assert second.layout_state is LayoutState.TO_MOVE
    after = sorted(path.name for path in house.shelf.iterdir())
    assert after == sorted({*before} - {"B.mp3"} | {"Nina Simone"})


def test_a_name_that_is_taken_is_not_written_over(house: LibraryHouse) -> None:
    singles(house, "A")
    mine = house.shelf / "Nina Simone" / "1965 A.mp3"
    mine.parent.mkdir()
    mine.write_text("mine")
    relayout(house)
    assert mine.read_text() == "mine"
    assert house.files() == [
        f"Nina Simone/1965 A [{video(1)}].mp3",
        "Nina Simone/1965 A.mp3",
    ]
    (step,) = relayout(house)
    assert step.layout_state is LayoutState.IN_PLACE


def test_no_link_is_followed_out_of_the_sessions_folder(
    house: LibraryHouse, tmp_path: Path
) -> None:
    singles(house, "A")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (house.shelf / "Nina Simone").symlink_to(elsewhere)
    relayout(house)
    assert list(elsewhere.iterdir()) == []
    assert (house.shelf / "Nina Simone (2)" / "1965 A.mp3").exists()
    assert relayout(house)[0].layout_state is LayoutState.IN_PLACE


def relayout_and_die_at(house: LibraryHouse, step: str) -> None:
    house.ledger.close()
    pid = os.fork()
    if pid == 0:
        failpoints.on_failpoint(
            lambda name, _: os._exit(STRUCK) if name == step else None
        )
        try:
            relayout(house)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == STRUCK


@pytest.mark.parametrize("step", ["library.moved", "library.relaid"])
def test_killed_at_any_step_it_goes_on_where_it_was(
    house: LibraryHouse, step: str
) -> None:
    singles(house, "A", "B", "C")
    relayout_and_die_at(house, step)
    relayout(house)
    wanted = [f"Nina Simone/1965 {title}.mp3" for title in "ABC"]
    assert house.files() == wanted
    assert house.ask("SELECT name FROM shelf ORDER BY name") == [
        (path,) for path in wanted
    ]
    house.show()
    assert house.files() == wanted


def test_a_playlist_follows_its_songs(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, listed([1, 2]))
    house.complete("A", tags=TAGS)
    house.complete("B", tags=TAGS)
    house.show()
    house.configure(YTAUDIO_LIBRARY_PLAYLIST="{artist}/{title}")
    relayout(house)
    house.show()
    assert house.files() == ["Nina Simone/A.mp3", "Nina Simone/B.mp3", "Songs.m3u8"]
    assert "\nNina Simone/B.mp3\n" in (house.shelf / "Songs.m3u8").read_text()


@pytest.mark.parametrize("step", ["", "library.moved", "library.relaid"])
def test_a_cover_goes_with_its_album(house: LibraryHouse, step: str) -> None:
    house.collect_list(ALBUM, album(1, 2))
    for title in "AB":
        song = house.complete(title, tags=TAGS)
        (song.parents[1] / "cover.jpg").write_bytes(PICTURE)
    house.show()
    old = house.shelf / "Nina Simone" / "1965 - Pastel Blues"
    assert (old / "cover.jpg").exists()
    house.configure(YTAUDIO_LIBRARY_ALBUM="Albums/{album}/{title}")
    if step:
        relayout_and_die_at(house, step)
    relayout(house)
    assert (house.shelf / "Albums/Pastel Blues/cover.jpg").read_bytes() == PICTURE
    assert not old.parent.exists()
    ((cover,),) = house.ask("SELECT cover FROM library_collections")
    assert cover == "Albums/Pastel Blues/cover.jpg"


def test_on_exfat_after_another_mount(tmp_path: Path) -> None:
    """Inodes there are other ones at each mount, and times are rounded."""
    with odd_disk("exfat", tmp_path) as disk:
        house = LibraryHouse(tmp_path, YTAUDIO_PATHS_LIBRARY=str(disk / "library"))
        house.collect_list(PLAYLIST, listed([1, 2, 3]))
        house.complete("Song", tags=TAGS)
        house.complete("SONG", tags=TAGS)
        house.complete("Other", tags=TAGS)
        house.show()
        with house.ledger.write() as db:
            db.exec_driver_sql("UPDATE shelf SET identity = '1:2:3'")
        assert {each.layout_state for each in relayout(house)} == {LayoutState.IN_PLACE}
        (house.shelf / "Songs" / "03 Other.mp3").write_text("mine")
        house.configure(YTAUDIO_LIBRARY_PLAYLIST="{artist}/{title}")
        relayout(house)
        house.show()
        assert house.files() == [
            f"Nina Simone/SONG [{video(2)}].mp3",
            "Nina Simone/Song.mp3",
            "Songs.m3u8",
            "Songs/03 Other.mp3",
        ]
        names = [line for line in played(house) if not line.startswith("#")]
        assert sorted(names) == sorted(house.files(".mp3"))
        house.close()


def played(house: LibraryHouse) -> list[str]:
    return (house.shelf / "Songs.m3u8").read_text().splitlines()


def test_only_one_sessions_files(house: LibraryHouse) -> None:
    singles(house, "A")
    with house.ledger.read() as db:
        alice = sessions.active_session(db, "alice")
    assert alice is not None
    assert relayout(house, session_id=alice.id + 1) == []
    assert len(relayout(house, session_id=alice.id)) == 1


def test_a_sessions_own_wrong_layout_fails_its_files_alone(house: LibraryHouse) -> None:
    singles(house, "A")
    (house.inbox / "defaults.toml").write_text('[library]\nsingle = "{titel}"\n')
    (step,) = relayout(house)
    assert step.layout_state is None
    assert "did you mean {title}?" in step.error
    assert house.files() == ["A.mp3"]


def test_a_crash_and_a_removed_file_are_told_apart(house: LibraryHouse) -> None:
    """A file that only looks like ours where it belongs is somebody else's."""
    singles(house, "A")
    (house.shelf / "A.mp3").unlink()
    other = house.shelf / "Nina Simone" / "1965 A.mp3"
    other.parent.mkdir()
    other.write_text("mine")
    (step,) = relayout(house)
    assert step.layout_state is LayoutState.KEPT
    assert other.read_text() == "mine"
