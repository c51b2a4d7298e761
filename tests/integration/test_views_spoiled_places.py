"""What somebody spoiled in one place keeps nothing else back: songs, status files."""

import errno
import os
from pathlib import Path

import pytest

from tests.integration.views_rig import Rig, new_rig, video
from ytaudio_daemon.folders import published, safe_open
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.views.write_errors import LIBRARY_UNWRITABLE


@pytest.fixture
def lite(sqlite_ledger: Ledger, tmp_path: Path) -> Rig:
    return new_rig(sqlite_ledger, tmp_path)


def names(rig: Rig) -> list[str]:
    assert rig.layout.library is not None
    return sorted(path.name for path in (rig.layout.library / "music").iterdir())


@pytest.mark.parametrize("planted", ["link", "file", "pipe"])
@pytest.mark.parametrize("what", ["folder", "audio"])
def test_a_result_that_was_swapped_holds_no_other_song_back(
    lite: Rig, what: str, planted: str
) -> None:
    """Whoever may write in downloads laid something else in the place of one song."""
    for number in range(3):
        lite.drop(video(number), name=b"%d.txt" % number)
        claim = lite.complete(b"%d" % number, title=f"Song {number}")
        if number == 0:
            audio = lite.layout.audio_file(claim.session_uuid, claim.uuid, "Song 0.mp3")
            swapped = audio.parents[1] if what == "folder" else audio
            swapped.rename(swapped.with_name("taken"))
            plant(swapped, planted, lite.layout.state)
    lite.refresh()
    assert names(lite) == ["Song 1.mp3", "Song 2.mp3"]
    assert lite.views.problems() == []


def plant(place: Path, kind: str, target: Path) -> None:
    if kind == "link":
        place.symlink_to(target)
    elif kind == "file":
        # A file is no folder; in the place of audio it is a folder that is no file.
        place.write_text("mine") if not place.suffix else place.mkdir()
    else:
        os.mkfifo(place)


def test_a_song_that_cannot_be_read_keeps_no_other_of_its_session_back(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_open = safe_open.open_regular_file

    def opened(folder: int, name: str) -> int:
        if name.startswith("Bad"):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return plain_open(folder, name)

    monkeypatch.setattr(published, "open_regular_file", opened)
    for number, title in enumerate(("Bad", "Song 1", "Song 2")):
        lite.drop(video(number), name=b"%d.txt" % number)
        lite.complete(b"%d" % number, title=title)
    lite.refresh()
    lite.refresh(32)
    assert names(lite) == ["Song 1.mp3", "Song 2.mp3"]
    assert [problem.code for problem in lite.views.problems()] == [LIBRARY_UNWRITABLE]


def test_a_folder_at_one_sessions_status_file_keeps_no_other_status_back(
    lite: Rig,
) -> None:
    planted = lite.layout.session_status("alice")
    (planted / "mine").mkdir(parents=True)
    for number, session in enumerate(("alice", "bob")):
        lite.drop(video(number), session=session, name=b"%d.txt" % number)
    lite.refresh()
    assert lite.layout.session_status("bob").is_file()
    lite.complete(b"done")
    lite.drop(video(9), session="bob", name=b"9.txt")
    lite.refresh(2)
    assert video(9) in lite.layout.session_status("bob").read_text()
    [problem] = lite.views.problems()
    assert str(planted) in problem.message
    (planted / "mine").rmdir()
    planted.rmdir()
    lite.refresh(31)
    assert planted.is_file()
    assert lite.views.problems() == []


def test_a_receipt_that_cannot_be_written_keeps_no_other_of_its_folder_back(
    lite: Rig,
) -> None:
    processed = lite.layout.inbox / "music" / "processed"
    (processed / "a.txt.receipt.txt" / "mine").mkdir(parents=True)
    for number, name in enumerate((b"a.txt", b"b.txt")):
        lite.drop(video(number), name=name)
    lite.refresh()
    lite.refresh(31)
    assert (processed / "b.txt.receipt.txt").is_file()
    [problem] = lite.views.problems()
    assert "'a.txt.receipt.txt' is not ours" in problem.message
