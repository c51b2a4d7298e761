"""Where new files stand in the library: templates, folders, names that are taken."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.collections_rig import OTHER, PLAYLIST, listed, video
from tests.integration.library_rig import ALBUM, CHANNEL, LibraryHouse, album, channel
from ytaudio_daemon.folders import library_folder
from ytaudio_daemon.ledger import meta

TAGS = {
    "artist": "Nina Simone",
    "album_artist": "Nina Simone",
    "album": "Pastel Blues",
    "date": "1965-10-01",
}
AUDIO = ".mp3"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LibraryHouse]:
    made = LibraryHouse(tmp_path)
    yield made
    made.close()


@pytest.fixture
def memory_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system, to which there are no hard links."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        if Path(folder).stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("/dev/shm is no file system of its own here")
        yield Path(folder)


def test_a_single_song_stands_where_it_always_did(house: LibraryHouse) -> None:
    house.drop()
    house.take()
    house.complete("Sinnerman", tags=TAGS)
    assert house.shelved() == ["Sinnerman.mp3"]


def test_the_names_of_a_folder_are_remembered_once_however_many_songs_come(
    house: LibraryHouse,
) -> None:
    library_folder._remembered.clear()
    house.drop(content="".join(f"https://youtu.be/{video(n)}\n" for n in range(9)))
    house.take()
    for number in range(9):
        house.complete(f"Song {number}")
        house.show()
    assert len(house.files()) == 9
    assert len(library_folder._remembered) == 1


def test_the_names_that_are_remembered_are_bounded_in_all_folders_together(
    house: LibraryHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    library_folder._remembered.clear()
    monkeypatch.setattr(library_folder, "MAX_REMEMBERED_NAMES", 5)
    house.drop(content="".join(f"https://youtu.be/{video(n)}\n" for n in range(9)))
    house.take()
    for number in range(9):
        house.complete(f"Song {number}")
        house.show()
        known = [names for _, names in library_folder._remembered.values()]
        assert sum(len(names.spellings) for names in known) <= 5
    assert len(house.files()) == 9


def test_an_album_has_its_folder(house: LibraryHouse) -> None:
    house.collect_list(ALBUM, album(9, 10))
    house.complete("Sinnerman", tags=TAGS | {"track": "9/10"})
    house.complete("Strange Fruit", tags=TAGS)
    house.show()
    assert house.files(AUDIO) == [
        "Nina Simone/1965 - Pastel Blues/09 Sinnerman.mp3",
        "Nina Simone/1965 - Pastel Blues/Strange Fruit.mp3",
    ]


def test_a_playlist_has_its_folder_and_keeps_its_order(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, listed([7, 8]))
    house.complete("B")
    house.complete("A")
    house.show()
    assert house.files(AUDIO) == ["Songs/01 B.mp3", "Songs/02 A.mp3"]


def test_a_channel_has_its_folder_by_day(house: LibraryHouse) -> None:
    house.collect_list(CHANNEL, channel(1))
    house.complete("How glass is made", tags={"date": "2024-05-17"}, channel="Museum")
    house.show()
    assert house.files(AUDIO) == ["The Museum/2024-05-17 How glass is made.mp3"]


def test_a_session_may_have_its_own_layout(house: LibraryHouse) -> None:
    (house.inbox / "defaults.toml").write_text(
        'format = "opus"\n[library]\nsingle = "{artist}/{title}"\n'
    )
    house.drop()
    house.take()
    house.complete("Sinnerman", tags=TAGS)
    assert house.shelved() == ["Nina Simone/Sinnerman.mp3"]
    assert '"format": "opus"' in str(house.ask("SELECT options FROM jobs"))


def test_a_wrong_layout_of_a_session_holds_its_songs_until_it_is_put_right(
    house: LibraryHouse,
) -> None:
    house.drop()
    house.take()
    house.complete("Sinnerman", tags=TAGS)
    (house.inbox / "defaults.toml").write_text('[library]\nsingle = "{titel}"\n')
    (problem,) = house.problems()
    assert "did you mean {title}?" in problem
    assert house.files() == []
    (house.inbox / "defaults.toml").unlink()
    assert house.shelved() == ["Sinnerman.mp3"]


def test_two_playlists_of_one_title_do_not_mix(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, listed([1]))
    house.collect_list(OTHER, listed([2]))
    house.complete("A")
    house.complete("B")
    house.show()
    assert house.files(AUDIO) == ["Songs (2)/01 B.mp3", "Songs/01 A.mp3"]


def test_a_playlist_that_is_renamed_keeps_its_folder(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, listed([1, 2]))
    house.complete("A")
    house.show()
    with house.ledger.write() as db:
        db.exec_driver_sql("UPDATE collections SET title = 'Another'")
    house.complete("B")
    house.show()
    assert house.files(AUDIO) == ["Songs/01 A.mp3", "Songs/02 B.mp3"]


def test_names_that_differ_by_case_alone_are_told_apart(house: LibraryHouse) -> None:
    house.configure(YTAUDIO_LIBRARY_SINGLE="{artist}/{title}")
    house.drop(content="".join(f"https://youtu.be/{video(n)}\n" for n in (1, 2, 3)))
    house.take()
    house.complete("Song", tags={"artist": "ABBA"})
    house.complete("SONG", tags={"artist": "Abba"})
    house.complete("Straße", tags={"artist": "abba"})
    assert house.shelved() == [
        f"ABBA/SONG [{video(2)}].mp3",
        "ABBA/Song.mp3",
        "ABBA/Straße.mp3",
    ]


def test_a_crash_before_the_note_makes_no_second_file_under_another_spelling(
    house: LibraryHouse,
) -> None:
    house.drop(content="".join(f"https://youtu.be/{video(n)}\n" for n in (1, 2)))
    house.take()
    house.complete("Song")
    house.show()
    house.complete("SONG")
    house.show_and_die_at("library.linked")
    library_folder._remembered.clear()
    assert house.shelved() == [f"SONG [{video(2)}].mp3", "Song.mp3"]


def test_a_crash_before_a_file_is_recorded_leaves_one_file_by_the_next_layout(
    house: LibraryHouse,
) -> None:
    house.drop()
    house.take()
    house.complete("Song", tags=TAGS)
    house.configure(YTAUDIO_LIBRARY_SINGLE="{artist}/{title}")
    house.show_and_die_at("library.linked")
    assert house.files() == ["Nina Simone/Song.mp3"]
    (house.shelf / "link").symlink_to(house.shelf)
    house.configure(YTAUDIO_LIBRARY_SINGLE="{year}/{title}")
    house.show()
    assert house.files() == ["1965/Song.mp3"]
    assert not (house.shelf / "Nina Simone").exists()


def test_a_crash_before_a_copy_is_recorded_leaves_one_file_by_the_next_layout(
    tmp_path: Path, memory_disk: Path
) -> None:
    house = LibraryHouse(tmp_path, YTAUDIO_PATHS_LIBRARY=str(memory_disk))
    house.drop(content="".join(f"https://youtu.be/{video(n)}\n" for n in (1, 2, 3)))
    house.take()
    for title, audio in (("Song", b"one"), ("Same size", b"two")):
        house.complete(title, tags=TAGS, audio=audio)
        house.show()
    house.configure(YTAUDIO_LIBRARY_SINGLE="{artist}/{title}")
    house.complete("Third", tags=TAGS, audio=b"six")
    house.show_and_die_at("library.linked")
    assert house.files() == ["Nina Simone/Third.mp3", "Same size.mp3", "Song.mp3"]
    house.configure(YTAUDIO_LIBRARY_SINGLE="{year}/{title}")
    house.show()
    assert house.files() == ["1965/Third.mp3", "Same size.mp3", "Song.mp3"]
    house.close()


def test_a_crash_before_a_file_is_recorded_leaves_one_file_by_a_name_that_is_free(
    house: LibraryHouse,
) -> None:
    house.shelf.mkdir(parents=True)
    (house.shelf / "Song.mp3").write_text("mine")
    house.drop()
    house.take()
    result = house.complete("Song")
    house.show_and_die_at("library.linked")
    (house.shelf / "Song.mp3").unlink()
    house.show()
    (name,) = [path.name for path in house.shelf.iterdir()]
    assert name.startswith("Song [")
    assert (house.shelf / name).samefile(result)


def test_what_a_person_moved_is_not_moved_when_its_link_comes_again(
    house: LibraryHouse,
) -> None:
    house.drop()
    house.take()
    house.complete("Song")
    house.show()
    (house.shelf / "mine").mkdir()
    (house.shelf / "Song.mp3").rename(house.shelf / "mine" / "Song.mp3")
    house.drop(name="again.txt")
    house.take()
    house.show()
    assert house.files() == ["Song.mp3", "mine/Song.mp3"]


@pytest.mark.parametrize("planted", ["link", "file"])
def test_what_stands_in_a_folders_way_leads_nowhere(
    house: LibraryHouse, tmp_path: Path, planted: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    house.shelf.mkdir(parents=True)
    if planted == "link":
        (house.shelf / "Songs").symlink_to(elsewhere)
    else:
        (house.shelf / "Songs").write_text("mine")
    house.collect_list(PLAYLIST, listed([1]))
    house.complete("A")
    assert house.problems() == []
    assert (house.shelf / "Songs (2)" / "01 A.mp3").exists()
    assert list(elsewhere.iterdir()) == []


def test_run_again_under_another_name_leaves_no_old_file_and_no_empty_folder(
    house: LibraryHouse,
) -> None:
    house.configure(YTAUDIO_LIBRARY_SINGLE="{artist}/{title}")
    house.drop(content=f"https://youtu.be/{video(1)}\n")
    house.take()
    file = house.complete("Song", tags={"artist": "Wrong"})
    house.show()
    file.unlink()
    house.drop(name="again.txt", content=f"https://youtu.be/{video(1)}\n")
    house.take()
    house.complete("Song", tags={"artist": "Right"}, audio=b"better")
    assert house.shelved() == ["Right/Song.mp3"]
    assert [path.name for path in house.shelf.iterdir()] == ["Right"]


def test_what_the_user_moved_stays_moved(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, listed([1]))
    house.complete("A")
    house.show()
    (house.shelf / "Songs" / "01 A.mp3").rename(house.shelf / "mine.mp3")
    with house.ledger.write() as db:  # even when the event is shown once more
        meta.save_views_cursor(db, 0)
    house.show()
    assert house.files(AUDIO) == ["mine.mp3"]
