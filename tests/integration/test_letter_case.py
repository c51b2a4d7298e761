"""On a real exFAT disk `Hello` and `HELLO` are one name: nobody's files are mixed up."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.intake_rig import LINKS, House
from tests.odd_file_systems import odd_disk
from ytaudio_daemon.cli.commands.inbox_writer import write_drop
from ytaudio_daemon.cli.commands.status_documents import read_session_document
from ytaudio_daemon.doctor.folder_checks import check_tree_folders
from ytaudio_daemon.errors import UnknownSessionError, UsageError
from ytaudio_daemon.ledger import expiry, sessions
from ytaudio_daemon.maintenance.session_removal import SessionRemover
from ytaudio_daemon.operations.session_changes import create_session


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with odd_disk("exfat", tmp_path) as disk:
        paths = {f"YTAUDIO_PATHS_{name}": str(disk / name.lower()) for name in TREES}
        made = House(tmp_path / "house", **paths)
        yield made
        made.close()


TREES = ("INBOX", "DOWNLOADS", "LIBRARY")


def test_a_session_cannot_be_given_the_folder_of_another(house: House) -> None:
    (house.layout.inbox / "Hello").mkdir()
    with pytest.raises(UsageError, match="does not distinguish 'HELLO'"):
        write_drop(house.layout, "HELLO", "a.txt", LINKS.encode())
    with pytest.raises(UsageError, match="does not distinguish 'HELLO'"):
        create_session(house.ledger.write, house.layout, "HELLO")  # type: ignore[arg-type]
    assert list((house.layout.inbox / "Hello").iterdir()) == []
    write_drop(house.layout, "Hello", "a.txt", LINKS.encode())
    house.take()
    assert house.ask("SELECT name FROM sessions") == [("Hello",)]


def test_drops_of_one_name_keep_both_their_receipts(house: House) -> None:
    for name in ("Songs.txt", "SONGS.txt", "songs.TXT"):
        house.drop(name)
        house.take()
    filed = [row[0] for row in house.ask("SELECT filed_name FROM drops ORDER BY id")]
    assert filed == [b"Songs.txt", b"SONGS.2.txt", b"songs.3.TXT"]
    house.show()
    receipts = list((house.inbox / "processed").glob("*.receipt.txt"))
    assert len(receipts) == len(filed)


def test_our_own_folders_are_known_however_they_are_written(house: House) -> None:
    house.drop()
    house.take()
    (house.inbox / "processed").rename(house.inbox / "x")
    (house.inbox / "x").rename(house.inbox / "Processed")
    house.take()
    assert house.ask("SELECT count(*) FROM drops") == [(1,)]
    assert house.intake.ignored_files.ignored == {}
    house.drop("more.txt")
    house.take()
    assert (house.inbox / "Processed" / "more.txt").exists()


def test_the_end_of_a_session_leaves_its_namesakes_library_alone(house: House) -> None:
    library = house.layout.library
    assert library is not None
    (library / "Hello").mkdir()
    with house.ledger.write() as db:
        ended, _ = (
            sessions.open_session(db, name, house.now) for name in ("Hello", "HELLO")
        )
        assert expiry.expire(db, ended, house.now, on_expiry="delete")
    (library / "Hello" / "nobody's").mkdir()
    for session, title in (
        (ended, "mine"),
        (ended, "Songs/01 mine"),
        (ended, "Mixed/01 mine"),
        (None, "Mixed/02 theirs"),
        (None, "theirs"),
    ):
        shelved = library / "Hello" / f"{title}.mp3"
        shelved.parent.mkdir(exist_ok=True)
        shelved.write_text(title * 10)
        if session is not None:
            job = title.partition("/")[0]
            audio = house.layout.audio_file(session.uuid, job, "mine.mp3")
            audio.parent.mkdir(parents=True)
            audio.write_bytes(shelved.read_bytes())
            times = (time.time(), 1_700_000_000.0)
            for path in (audio, shelved):
                os.utime(path, times)

    assert SessionRemover(house.ledger, house.layout).remove_expired(house.now) is None

    left = (path.relative_to(library / "Hello") for path in library.glob("Hello/**/*"))
    assert sorted(map(str, left)) == [
        "Mixed",
        "Mixed/02 theirs.mp3",
        "nobody's",
        "theirs.mp3",
    ]
    trashed = (path.name for path in library.glob(".trash/**/*.mp3"))
    assert sorted(trashed) == ["01 mine.mp3", "01 mine.mp3", "mine.mp3"]


def test_a_status_folder_that_mixes_sessions_up_is_named_by_doctor(
    tmp_path: Path,
) -> None:
    with odd_disk("exfat", tmp_path) as disk:
        house = House(tmp_path / "house", YTAUDIO_PATHS_STATUS=str(disk / "status"))
        house.drop()
        house.take()
        house.show()
        found = [f.name for f in check_tree_folders(house.layout)]
        shown = read_session_document(house.layout.status, "alice")
        with pytest.raises(UnknownSessionError, match="shows 'alice'") as caught:
            read_session_document(house.layout.status, "ALICE")
        house.close()
        assert "status_letter_case" in found
        assert shown["session"]["name"] == "alice"
        assert "ytaudio jobs --session ALICE" in caught.value.hint
    house = House(tmp_path / "another")
    house.drop()
    house.take()
    house.show()
    found = [f.name for f in check_tree_folders(house.layout)]
    house.close()
    assert "status_letter_case" not in found
