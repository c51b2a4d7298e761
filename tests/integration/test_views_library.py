"""The library: once each, never over anything that is not ours."""

import errno
import hashlib
import os
import shutil
from pathlib import Path

import pytest

from tests.integration.views_rig import Rig, new_rig, video
from ytaudio_daemon.folders import library, library_copy, published, safe_open
from ytaudio_daemon.ledger import Ledger, expiry, queries, sessions, transitions
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.library_template import LibraryPlace
from ytaudio_daemon.model.line_rules import RetryRefusal
from ytaudio_daemon.operations import job_changes
from ytaudio_daemon.views import Views
from ytaudio_daemon.views.write_errors import LIBRARY_UNWRITABLE


@pytest.fixture
def rig(ledger: Ledger, tmp_path: Path) -> Rig:
    return new_rig(ledger, tmp_path)


@pytest.fixture
def lite(sqlite_ledger: Ledger, tmp_path: Path) -> Rig:
    return new_rig(sqlite_ledger, tmp_path)


def shelf(rig: Rig, session: str = "music") -> Path:
    assert rig.layout.library is not None
    return rig.layout.library / session


def names(rig: Rig) -> list[str]:
    return sorted(path.name for path in shelf(rig).iterdir())


def test_a_finished_file_gets_a_second_name(rig: Rig) -> None:
    rig.drop(video(1))
    claim = rig.complete()
    rig.refresh()
    result = rig.layout.audio_file(claim.session_uuid, claim.uuid, "Song.mp3")
    assert (shelf(rig) / "Song.mp3").samefile(result)
    assert rig.views.problems() == []


@pytest.mark.parametrize("planted", ["folder", "file", "link"])
def test_what_was_planted_at_its_temporary_name_holds_no_song_back(
    lite: Rig, planted: str
) -> None:
    lite.drop(video(1))
    claim = lite.complete()
    shelf(lite).mkdir(parents=True)
    known = shelf(lite) / f".{claim.uuid}.tmp"
    if planted == "folder":
        known.mkdir()
        (known / "mine").write_text("mine")
    elif planted == "file":
        known.write_text("mine")
    else:
        known.symlink_to(lite.layout.state)
    lite.refresh()
    assert (shelf(lite) / "Song.mp3").read_bytes() == b"audio"
    assert lite.views.problems() == []
    left = [] if planted != "folder" else [known.name]
    assert names(lite) == [*left, "Song.mp3"]


def test_two_songs_of_one_name(lite: Rig) -> None:
    lite.drop(video(1), video(2))
    lite.complete()
    lite.complete(b"other")
    lite.refresh()
    assert names(lite) == [f"Song [{video(2)}].mp3", "Song.mp3"]


def test_a_users_own_file_keeps_its_name(lite: Rig) -> None:
    shelf(lite).mkdir(parents=True)
    for name in ("Song.mp3", f"Song [{video(1)}].mp3"):
        (shelf(lite) / name).write_text("mine")
    lite.drop(video(1))
    lite.complete()
    lite.refresh()
    assert (shelf(lite) / "Song.mp3").read_text() == "mine"
    assert (shelf(lite) / f"Song [{video(1)}] (2).mp3").read_bytes() == b"audio"


def test_what_the_user_deleted_stays_deleted(rig: Rig) -> None:
    rig.drop(video(1))
    rig.complete()
    rig.refresh()
    rig.refresh(11)
    (shelf(rig) / "Song.mp3").unlink()
    with rig.ledger.write() as db:  # even when the event is shown once more
        from ytaudio_daemon.ledger import meta  # noqa: PLC0415 - for this test alone

        meta.save_views_cursor(db, 0)
    rig.restart()
    assert names(rig) == []


def test_what_the_user_deleted_comes_back_when_its_link_is_given_again(
    rig: Rig,
) -> None:
    rig.drop(video(1), video(2))
    rig.complete()
    rig.complete(b"other", title="Other")
    rig.refresh()
    (shelf(rig) / "Song.mp3").unlink()
    (shelf(rig) / "Other.mp3").write_text("retagged by the user")

    rig.drop(video(1), video(2), name=b"again.txt")
    rig.refresh()

    assert names(rig) == ["Other.mp3", "Song.mp3"]
    assert (shelf(rig) / "Song.mp3").read_bytes() == b"audio"
    assert (shelf(rig) / "Other.mp3").read_text() == "retagged by the user"
    with rig.ledger.read() as db:
        assert {job.state for job in queries.find_jobs(db)} == {JobState.COMPLETED}
    (shelf(rig) / "Song.mp3").unlink()
    rig.refresh(11)
    rig.restart()
    assert names(rig) == ["Other.mp3"], (
        "it comes back once for each time it is asked for"
    )


def test_what_the_user_deleted_comes_back_by_a_retry(rig: Rig) -> None:
    rig.drop(video(1))
    rig.complete()
    rig.refresh()
    (shelf(rig) / "Song.mp3").unlink()

    with rig.ledger.write() as db:
        (job,) = queries.find_jobs(db)
        refusal = job_changes.retry_job(db, job, rig.now)
    rig.refresh()

    assert refusal is RetryRefusal.FILE_EXISTS
    assert names(rig) == ["Song.mp3"]


@pytest.mark.parametrize("linked", [True, False])
def test_a_crash_before_the_note_makes_no_second_file(
    lite: Rig, monkeypatch: pytest.MonkeyPatch, *, linked: bool
) -> None:
    if not linked:
        cannot_link(monkeypatch)
    lite.drop(video(1))
    lite.refresh(11)
    lite.complete()
    lite.refresh()
    lite.views = Views(lite.ledger, lite.layout)  # crashed before the cursor was kept
    lite.refresh()
    assert names(lite) == ["Song.mp3"]


def test_run_again_replaces_our_own_old_file(rig: Rig) -> None:
    rig.drop(video(1))
    old = rig.complete()
    rig.refresh(11)
    rig.layout.audio_file(old.session_uuid, old.uuid, "Song.mp3").unlink()
    rig.drop(video(1), name=b"again.txt")
    rig.complete(b"better")
    rig.refresh(11)
    assert names(rig) == ["Song.mp3"]
    assert (shelf(rig) / "Song.mp3").read_bytes() == b"better"


def test_run_again_under_another_title_removes_the_old_name(lite: Rig) -> None:
    lite.drop(video(1))
    old = lite.complete()
    lite.refresh()
    lite.layout.audio_file(old.session_uuid, old.uuid, "Song.mp3").unlink()
    lite.drop(video(1), name=b"again.txt")
    lite.complete(b"better", title="Renamed")
    lite.refresh()
    assert names(lite) == ["Renamed.mp3"]


def test_run_again_leaves_a_file_the_user_changed(lite: Rig) -> None:
    lite.drop(video(1))
    old = lite.complete()
    lite.refresh()
    result = lite.layout.audio_file(old.session_uuid, old.uuid, "Song.mp3")
    result.unlink()
    (shelf(lite) / "Song.mp3").write_text("retagged by the user")
    lite.drop(video(1), name=b"again.txt")
    lite.complete(b"better")
    lite.refresh()
    assert (shelf(lite) / "Song.mp3").read_text() == "retagged by the user"
    assert (shelf(lite) / f"Song [{video(1)}].mp3").read_bytes() == b"better"


def test_where_links_cannot_be_made_it_is_copied_in_pieces(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_link(monkeypatch)
    monkeypatch.setattr(library_copy, "COPY_BLOCK", 1000)
    lite.drop(video(1))
    claim = lite.complete(os.urandom(10_500))
    lite.views = Views(lite.ledger, lite.layout, budget_s=0.0)
    calls = 0
    while not (shelf(lite) / "Song.mp3").exists():
        lite.views.refresh(lite.now, lite.live)
        calls += 1
        assert calls < 100
    assert calls > 10
    result = lite.layout.audio_file(claim.session_uuid, claim.uuid, "Song.mp3")
    copy = shelf(lite) / "Song.mp3"
    assert copy.read_bytes() == result.read_bytes()
    assert copy.stat().st_ino != result.stat().st_ino
    assert names(lite) == ["Song.mp3"]


def test_audio_that_is_made_anew_while_it_is_copied_takes_the_copys_place(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_link(monkeypatch)
    monkeypatch.setattr(library_copy, "COPY_BLOCK", 1000)
    lite.drop(video(1))
    old = lite.complete(os.urandom(10_500))
    lite.views = Views(lite.ledger, lite.layout, budget_s=0.0)
    for _ in range(5):
        lite.views.refresh(lite.now, lite.live)
    lite.layout.audio_file(old.session_uuid, old.uuid, "Song.mp3").unlink()
    lite.drop(video(1), name=b"again.txt")
    lite.complete(b"better")
    lite.refresh()
    assert names(lite) == ["Song.mp3"]
    assert (shelf(lite) / "Song.mp3").read_bytes() == b"better"


def test_a_copy_that_is_broken_off_leaves_nothing(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_link(monkeypatch)
    monkeypatch.setattr(library_copy, "COPY_BLOCK", 1000)
    lite.drop(video(1))
    lite.complete(os.urandom(10_500))
    lite.views = Views(lite.ledger, lite.layout, budget_s=0.0)
    for _ in range(5):
        lite.views.refresh(lite.now, lite.live)
    assert [name for name in names(lite) if not name.startswith(".")] == []
    lite.views.close()
    assert names(lite) == []


@pytest.mark.parametrize("swapped_for", ["link", "file"])
def test_a_name_that_is_swapped_while_it_is_added_leads_nowhere(
    tmp_path: Path, swapped_for: str
) -> None:
    result, wanted = tmp_path / "downloads" / "Song.mp3", b"audio"
    shelf = tmp_path / "library" / "music"
    for folder in (result.parent, shelf):
        folder.mkdir(parents=True)
    result.write_bytes(wanted)
    (shelf / "Song.mp3").write_bytes(b"other")  # as long, so it is compared
    audio = library.PublishedAudio(
        parts=(),
        file_name="Song.mp3",
        sha256=hashlib.sha256(wanted).hexdigest(),
        job_uuid="job",
        video_id=video(1),
    )
    steps = library.add_to_library(
        result.parent,
        shelf.parent,
        "music",
        audio,
        LibraryPlace(name="Song.mp3"),
        old=None,
    )
    next(steps)
    result.rename(tmp_path / "kept")
    if swapped_for == "link":
        result.symlink_to("/etc/passwd")
    else:
        result.write_bytes(b"swapped")
    for _ in steps:
        pass
    added = shelf / f"Song [{video(1)}].mp3"
    assert not added.is_symlink()
    assert added.samefile(tmp_path / "kept")


def test_no_library_no_files(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    rig = new_rig(sqlite_ledger, tmp_path, library=False)
    rig.drop(video(1))
    rig.complete()
    rig.refresh()
    assert not (tmp_path / "library").exists()


def test_a_session_of_the_same_name_shares_the_folder(lite: Rig) -> None:
    lite.drop(video(1))
    lite.complete()
    lite.refresh()
    with lite.ledger.write() as db:
        old = sessions.active_session(db, "music")
        assert old is not None
        expiry.expire(db, old, lite.now, on_expiry="keep")
    lite.drop(video(1), name=b"again.txt")
    lite.complete(b"another")
    lite.refresh()
    assert names(lite) == [f"Song [{video(1)}].mp3", "Song.mp3"]


def test_an_unwritable_library_is_a_problem_that_heals(lite: Rig) -> None:
    assert lite.layout.library is not None
    lite.layout.library.write_text("a file stands where the folder should be")
    lite.drop(video(1))
    lite.complete()
    lite.refresh()
    assert [p.code for p in lite.views.problems()] == ["library_unwritable"]
    lite.layout.library.unlink()
    lite.refresh(31)
    assert names(lite) == ["Song.mp3"]
    assert lite.views.problems() == []


def test_a_result_that_is_gone_is_not_waited_for(lite: Rig) -> None:
    lite.drop(video(1))
    claim = lite.complete()
    lite.layout.audio_file(claim.session_uuid, claim.uuid, "Song.mp3").unlink()
    lite.refresh()
    assert lite.views.problems() == []
    with lite.ledger.write() as db:
        assert transitions.retry(db, claim.job_id, lite.now)


def test_a_song_waits_while_the_folder_of_all_results_is_away(lite: Rig) -> None:
    lite.drop(video(1))
    lite.complete()
    away = lite.layout.downloads.with_name("away")
    lite.layout.downloads.rename(away)
    lite.refresh()
    (problem,) = lite.views.problems()
    assert f"{lite.layout.downloads} is missing" in problem.message
    away.rename(lite.layout.downloads)
    lite.refresh(31)
    assert names(lite) == ["Song.mp3"]
    assert lite.views.problems() == []


def test_a_folder_that_is_removed_while_a_song_is_copied_into_it_gets_it_later(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_link(monkeypatch)
    monkeypatch.setattr(library_copy, "COPY_BLOCK", 1000)
    lite.drop(video(1))
    lite.complete(os.urandom(10_500))
    lite.views = Views(lite.ledger, lite.layout, budget_s=0.0)
    for _ in range(5):
        lite.views.refresh(lite.now, lite.live)
    shutil.rmtree(shelf(lite))
    lite.refresh()
    lite.refresh(31)
    assert names(lite) == ["Song.mp3"]
    assert lite.views.problems() == []


def test_a_link_for_the_folder_leads_nowhere(lite: Rig) -> None:
    assert lite.layout.library is not None
    lite.layout.library.mkdir()
    elsewhere = lite.layout.library.parent / "elsewhere"
    elsewhere.mkdir()
    shelf(lite).symlink_to(elsewhere)
    lite.drop(video(1))
    lite.complete()
    lite.refresh()
    assert list(elsewhere.iterdir()) == []
    assert [p.code for p in lite.views.problems()] == ["library_unwritable"]


def test_a_session_that_cannot_have_its_own_keeps_nobody_elses_back(
    lite: Rig,
) -> None:
    assert lite.layout.library is not None
    lite.layout.library.mkdir()
    shelf(lite).symlink_to(lite.layout.library.parent)
    for number, session in enumerate(("music", "bob", "bob")):
        lite.drop(video(number), session=session, name=b"%d.txt" % number)
        lite.complete(b"%d" % number, title=f"Song {number}")
        lite.refresh(31)
    assert [p.code for p in lite.views.problems()] == ["library_unwritable"]
    assert len(list(shelf(lite, "bob").iterdir())) == 2


def cannot_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """Act like a library on another disk; sharing blocks fails by itself or works."""

    def link(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", link)
    monkeypatch.setattr(library_copy, "FICLONE", 0)


@pytest.mark.parametrize(
    "error",
    [
        UnicodeEncodeError("latin-1", "日本", 0, 2, "ordinal not in range"),
        ValueError("year is out of range"),
        OverflowError("timestamp too large"),
        OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)),
    ],
)
def test_no_exception_of_one_song_leaves_the_step(
    lite: Rig, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever a name, a clock or a file system does to one job stays with that job."""
    plain_open = safe_open.open_regular_file

    def opened(folder: int, name: str) -> int:
        if name.startswith("Bad"):
            raise error
        return plain_open(folder, name)

    monkeypatch.setattr(published, "open_regular_file", opened)
    lite.drop(video(1), session="bad")
    lite.complete(title="Bad")
    lite.drop(video(2))
    lite.complete(b"other")
    lite.refresh()
    assert names(lite) == ["Song.mp3"]
    assert [problem.code for problem in lite.views.problems()] == [LIBRARY_UNWRITABLE]

    monkeypatch.undo()
    lite.refresh()
    assert [path.name for path in shelf(lite, "bad").iterdir()] == ["Bad.mp3"]
    assert lite.views.problems() == []
