"""Playlists and covers in the library: whole, up to date, never over a person's own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.collections_rig import OTHER, PLAYLIST, listed
from tests.integration.library_rig import ALBUM, LibraryHouse, album
from ytaudio_daemon.ledger import expiry, meta, sessions, transitions
from ytaudio_daemon.maintenance.session_removal import SessionRemover
from ytaudio_daemon.model.m3u_playlist import is_untouched

PICTURE = b"\xff\xd8\xff picture \xff\xd9"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LibraryHouse]:
    made = LibraryHouse(tmp_path)
    yield made
    made.close()


def lines(house: LibraryHouse, name: str = "Songs.m3u8") -> list[str]:
    return (house.shelf / name).read_text().splitlines()[:-1]


def give_up(house: LibraryHouse, video_id: str) -> None:
    ((job_id,),) = house.ask(f"SELECT id FROM jobs WHERE video_id = '{video_id}'")
    quota = house.settings.sessions.quota
    with house.ledger.write() as db:
        transitions.cancel(
            db, int(str(job_id)), house.now, reason="cancelled", quota=quota
        )


def test_a_collection_has_a_playlist_in_its_order(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, listed([5, 6, 7], unavailable=[6]))
    house.complete("B")
    house.show()
    assert lines(house) == [
        "#EXTM3U",
        "#PLAYLIST:Songs",
        "#EXTINF:3,B",
        "Songs/01 B.mp3",
        "# 2 Song 6: not available: private",
        "# 3 Song 7: not here yet",
    ]
    house.complete("A")
    house.show()
    assert lines(house)[-3:] == [
        "# 2 Song 6: not available: private",
        "#EXTINF:3,A",
        "Songs/03 A.mp3",
    ]
    assert house.files() == ["Songs.m3u8", "Songs/01 B.mp3", "Songs/03 A.mp3"]


def test_a_list_is_not_named_before_its_title_is_known(house: LibraryHouse) -> None:
    house.lane.lists[PLAYLIST] = listed([5])
    house.drop(content=f"{PLAYLIST}\n")
    house.take()
    house.lister.start_listings(house.now)
    house.show()
    house.list_all()
    house.complete("A")
    house.show()
    assert house.files() == ["Songs.m3u8", "Songs/01 A.mp3"]


def test_a_list_without_a_title_is_called_by_its_id(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, [replace(listed([5])[0], title="")])
    house.show()
    house.complete("A")
    house.show()
    (folder, playlist) = sorted(path.name for path in house.shelf.iterdir())
    assert playlist == f"{folder}.m3u8"
    assert folder.startswith("PL")


def test_what_is_gone_or_given_up_is_a_comment(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, listed([5, 6, 7]))
    house.complete("A")
    house.complete("B")
    give_up(house, "v0000000007")
    with house.ledger.write() as db:
        db.exec_driver_sql("UPDATE entries SET gone_at = 1e9 WHERE position = 1")
    house.show()
    (house.shelf / "Songs" / "02 B.mp3").unlink()
    with house.ledger.write() as db:
        meta.save_views_cursor(db, 0)
    house.show()
    assert lines(house)[2:] == [
        "# 1 A: not in the list since 2001-09-09: Songs/01 A.mp3",
        "# 2 B: moved or removed here",
        "# 3 Song 7: cancelled",
    ]


def test_a_long_list_is_written_whole(house: LibraryHouse) -> None:
    house.configure(YTAUDIO_COLLECTIONS_MAX_ITEMS="2000")
    house.collect_list(PLAYLIST, listed(range(1, 1302)))
    house.complete("A")
    house.show()
    shown = lines(house)
    assert len(shown) == 2 + 2 + 1300
    assert shown[-1] == "# 1301 Song 1301: not here yet"


@pytest.mark.parametrize("change", ["edited", "removed", "moved"])
def test_a_playlist_that_a_person_has_touched_is_theirs(
    house: LibraryHouse, change: str
) -> None:
    house.collect_list(PLAYLIST, listed([5, 6]))
    house.complete("A")
    house.show()
    file = house.shelf / "Songs.m3u8"
    if change == "edited":
        file.write_text("#EXTM3U\nSongs/01 A.mp3\n")
    elif change == "removed":
        file.unlink()
    else:
        file.rename(house.shelf / "Mine.m3u8")
    before = {path: (house.shelf / path).read_bytes() for path in house.files(".m3u8")}
    house.complete("B")
    house.show()
    assert house.files(".m3u8") == [*before]
    assert all((house.shelf / path).read_bytes() == before[path] for path in before)


def test_a_removed_playlist_comes_back_when_its_link_is_given_again(
    house: LibraryHouse,
) -> None:
    house.collect_list(PLAYLIST, listed([5]))
    house.complete("A")
    house.show()
    (house.shelf / "Songs.m3u8").unlink()
    house.collect_list(PLAYLIST, listed([5]))
    house.show()
    assert "Songs/01 A.mp3" in lines(house)


def test_a_persons_playlist_of_that_name_stays(house: LibraryHouse) -> None:
    house.shelf.mkdir(parents=True)
    (house.shelf / "SONGS.m3u8").write_text("mine")
    house.collect_list(PLAYLIST, listed([5]))
    house.complete("A")
    house.show()
    assert (house.shelf / "SONGS.m3u8").read_text() == "mine"
    assert "Songs/01 A.mp3" in lines(house, "Songs (2).m3u8")


@pytest.mark.parametrize("planted", ["link", "folder"])
def test_what_stands_at_a_playlists_name_is_left_alone(
    house: LibraryHouse, tmp_path: Path, planted: str
) -> None:
    house.shelf.mkdir(parents=True)
    (tmp_path / "elsewhere").write_text("mine")
    place = house.shelf / "Songs.m3u8"
    if planted == "link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.mkdir()
    house.collect_list(PLAYLIST, listed([5]))
    house.complete("A")
    assert house.problems() == []
    assert (tmp_path / "elsewhere").read_text() == "mine"
    assert "Songs/01 A.mp3" in lines(house, "Songs (2).m3u8")


def test_a_list_without_a_song_has_no_playlist(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, listed([5]))
    give_up(house, "v0000000005")
    house.show()
    assert not house.shelf.exists()


def test_two_lists_of_one_title_have_two_playlists(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, listed([1]))
    house.collect_list(OTHER, listed([2]))
    house.complete("A")
    house.complete("B")
    house.show()
    assert house.files(".m3u8") == ["Songs (2).m3u8", "Songs.m3u8"]
    assert "Songs (2)/01 B.mp3" in lines(house, "Songs (2).m3u8")


def test_playlists_may_be_switched_off_for_a_session(house: LibraryHouse) -> None:
    (house.inbox / "defaults.toml").write_text("library = {playlists = false}\n")
    house.collect_list(PLAYLIST, listed([1]))
    house.complete("A")
    assert house.shelved() == ["Songs/01 A.mp3"]


@pytest.mark.parametrize("step", ["library.playlist_written", "library.cover_added"])
def test_a_daemon_killed_behind_a_file_of_a_collection_makes_no_second_one(
    house: LibraryHouse, step: str
) -> None:
    house.collect_list(ALBUM, album(1, 2))
    with_cover(house.complete("A"))
    house.show_and_die_at(step)
    house.complete("B")
    house.show()
    assert house.files() == [
        "Pastel Blues.m3u8",
        "Pastel Blues/A.mp3",
        "Pastel Blues/B.mp3",
        "Pastel Blues/cover.jpg",
    ]
    ((owner,),) = house.ask("SELECT uuid FROM collections")
    content = (house.shelf / "Pastel Blues.m3u8").read_bytes()
    assert is_untouched(content, str(owner))
    assert house.ask("SELECT playlist FROM library_collections") == [
        ("Pastel Blues.m3u8",)
    ]


def with_cover(song: Path) -> None:
    (song.parents[1] / "cover.jpg").write_bytes(PICTURE)


def test_an_album_has_its_cover_once(house: LibraryHouse) -> None:
    house.collect_list(ALBUM, album(1, 2, 3))
    house.complete("A")
    house.show()
    assert not (house.shelf / "Pastel Blues" / "cover.jpg").exists()
    with_cover(house.complete("B"))
    house.show()
    cover = house.shelf / "Pastel Blues" / "cover.jpg"
    assert cover.read_bytes() == PICTURE
    cover.unlink()
    with_cover(house.complete("C"))
    house.show()
    assert not cover.exists(), "what a person removed stays removed"


def test_a_persons_cover_stays(house: LibraryHouse) -> None:
    mine = house.shelf / "Pastel Blues" / "Cover.PNG"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    house.collect_list(ALBUM, album(1))
    with_cover(house.complete("A"))
    house.show()
    assert [path.name for path in mine.parent.glob("?over*")] == ["Cover.PNG"]
    assert mine.read_bytes() == b"mine"


def test_a_cover_may_be_switched_off(house: LibraryHouse) -> None:
    house.configure(YTAUDIO_LIBRARY_COVER="false")
    house.collect_list(ALBUM, album(1))
    with_cover(house.complete("A"))
    house.show()
    assert not list(house.shelf.rglob("cover*"))


def test_the_end_of_a_session_takes_its_own_from_a_folder_that_is_shared(
    house: LibraryHouse,
) -> None:
    house.collect_list(ALBUM, album(1))
    with_cover(house.complete("A"))
    house.collect_list(PLAYLIST, listed([5]))
    house.complete("B")
    house.show()
    (house.shelf / "Songs.m3u8").write_text("mine now")
    with house.ledger.write() as db:
        old = sessions.active_session(db, "alice")
        assert old is not None
        expiry.expire(db, old, house.now, on_expiry="delete")
    house.drop(name="new.txt")
    house.take()
    house.complete("C")
    house.show()
    assert len(house.files()) == 6
    assert SessionRemover(house.ledger, house.layout).remove_expired(house.now) is None
    assert house.files() == ["C.mp3", "Songs.m3u8"]
    assert not (house.shelf / "Pastel Blues").exists()


def test_a_playlist_has_no_cover(house: LibraryHouse) -> None:
    house.collect_list(PLAYLIST, listed([1]))
    with_cover(house.complete("A"))
    house.show()
    assert not list(house.shelf.rglob("cover*"))
