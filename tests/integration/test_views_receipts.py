"""Receipts: every line and its result, for people and for programs."""

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tests.integration import one_drop
from tests.integration.ledger_rig import ASK, claimed
from tests.integration.views_rig import Rig, new_rig, video
from tests.others import NOBODY, needs_root
from ytaudio_daemon import dropfile
from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.ledger import Ledger, archive, drops, queries, sessions, transitions
from ytaudio_daemon.model import FINALIZED, Options
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.views import receipt, receipt_folders, receipts, unfinished_lines

BAD = drops.NewLine(line=7, text="banana", code="not_a_url", message="this is no link")


@pytest.fixture
def rig(ledger: Ledger, tmp_path: Path) -> Rig:
    return new_rig(ledger, tmp_path)


@pytest.fixture
def lite(sqlite_ledger: Ledger, tmp_path: Path) -> Rig:
    return new_rig(sqlite_ledger, tmp_path)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a hundred lines for many."""
    monkeypatch.setattr(receipts, "LONG_RECEIPT_LINES", 100)
    monkeypatch.setattr(receipt, "LONG_RECEIPT_LINES", 100)
    monkeypatch.setattr(receipt, "PAGE_LINES", 50)
    monkeypatch.setattr(receipt, "COUNT_LINES", 70)
    monkeypatch.setattr(unfinished_lines, "BATCHES_LINES", (1, 50))


def test_a_receipt_tells_of_every_line(rig: Rig) -> None:
    rig.drop(video(1), video(1), video(2), BAD)
    rig.complete(title="Grün")
    rig.fail()
    rig.refresh()
    receipt = rig.receipt()
    found = [(line["line"], line["result"], line["state"]) for line in receipt["lines"]]
    assert found == [
        (1, "accepted", "completed"),
        (2, "duplicate", "completed"),
        (3, "accepted", "failed"),
        (7, "rejected", None),
    ]
    assert receipt["counts"] == {
        "lines": 4,
        "accepted": 2,
        "duplicate": 1,
        "rejected": 1,
        "completed": 2,
        "failed": 1,
        "cancelled": 0,
        "unfinished": 0,
        "unavailable": 0,
        "archived": 0,
        "switched_off": 0,
    }
    text = rig.beside("receipt").read_text()
    for words in ("Grün.mp3", "done (duplicate)", "It broke.", "this is no link"):
        assert words in text
    assert "\r" not in text


def test_a_receipt_follows_its_jobs(lite: Rig) -> None:
    lite.drop(video(1))
    lite.refresh()
    assert "waiting for its turn" in lite.beside("receipt").read_text()
    lite.complete()
    lite.refresh()
    assert "waiting for its turn" not in lite.beside("receipt").read_text()


def test_a_receipt_goes_on_in_the_folder_that_its_session_was_renamed_to(
    lite: Rig,
) -> None:
    lite.drop(video(1), video(2))
    beside = lite.beside("receipt")
    beside.with_name("songs.txt").touch()
    lite.refresh()
    folder = lite.layout.inbox / "music"
    other = lite.layout.inbox / "other" / "processed"
    other.mkdir(parents=True)
    (other / beside.name).write_text("Receipt for songs.txt\n\nof somebody else")
    folder.rename(lite.layout.inbox / "tunes")
    folder.mkdir()  # the next drop of the session makes it again
    renamed = lite.layout.inbox / "tunes" / "processed" / beside.name

    lite.complete()
    lite.refresh()
    assert "1  done" in renamed.read_text()
    lite.restart()
    lite.fail()
    lite.refresh()

    assert "waiting for its turn" not in renamed.read_text()
    assert renamed.with_name("songs.txt.failed.txt").exists()
    assert (other / beside.name).read_text().endswith("of somebody else")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("state", ["filed", "rejected"])
def test_the_first_receipt_goes_to_the_folder_that_its_session_was_renamed_to(
    lite: Rig, state: str
) -> None:
    refused = drops.NewLine(line=1, text="x", code="not_a_url", message="no link")
    content = b"the list"
    digest = hashlib.sha256(content).hexdigest()
    lite.drop(refused, state=state, sha256=digest)
    target, ending = {
        "filed": ("processed", "receipt"),
        "rejected": ("rejected", "reason"),
    }[state]
    folder = lite.layout.inbox / "music"
    (folder / target / "songs.txt").write_bytes(content)
    twin = lite.layout.inbox / "a twin" / target
    twin.mkdir(parents=True)
    (twin / "songs.txt").write_bytes(content)
    (twin / f"songs.txt.{ending}.txt").write_text("of its own session")
    other = lite.layout.inbox / "another list" / target
    other.mkdir(parents=True)
    (other / "songs.txt").write_bytes(b"other links")
    folder.rename(lite.layout.inbox / "tunes")

    lite.refresh()

    renamed = lite.layout.inbox / "tunes" / target
    assert "songs.txt" in (renamed / f"songs.txt.{ending}.txt").read_text()
    assert (twin / f"songs.txt.{ending}.txt").read_text() == "of its own session"
    assert [path.name for path in other.iterdir()] == ["songs.txt"]


def test_a_drop_that_is_nowhere_is_not_searched_for_again_and_again(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[str] = []

    def count(*_: object) -> None:
        searches.append("")

    monkeypatch.setattr(receipt_folders, "find_receipt", count)
    lite.drop(video(1), video(2), video(3))
    lite.refresh()
    (lite.layout.inbox / "music").rename(lite.layout.inbox.parent / "away")
    for _ in range(3):
        lite.complete()
        lite.refresh(1)
    assert len(searches) == 1


def test_what_failed_can_be_dropped_again_as_it_is(rig: Rig) -> None:
    options = Options(format="opus", bitrate=None, tags={"title": 'A "B" c'})
    asked = drops.NewLine(
        line=1,
        text="x",
        video_id=video(1),
        job_options=drops.JobOptions.from_options(options),
    )
    again = f"https://www.youtube.com/watch?v={video(5)} format=mp3"
    limit = drops.NewLine(
        line=8, text="y", code="session_job_limit", message="too many", again=again
    )
    rig.drop(
        asked,
        drops.NewLine(line=2, text="", video_id=video(2), job_options=ASK),
        BAD,
        limit,
    )
    rig.complete()
    assert not rig.beside("failed").exists()
    rig.refresh()
    with rig.ledger.write() as db:  # the first is done; now it shall fail
        transitions.retry(db, 1, rig.now)
    rig.fail()
    rig.refresh()
    text = rig.beside("failed").read_bytes()
    entries = list(dropfile.parse(text, dropfile.DropKind.TEXT))
    assert [entry.code for entry in entries] == [None, None]
    assert [entry.link.video_id for entry in entries if entry.link] == [
        video(1),
        video(5),
    ]
    assert entries[0].layer == {
        "format": "opus",
        "quality": "bestaudio",
        "filename": "%(title)s",
        "tag.title": 'A "B" c',
    }
    assert b"# line 7: this is no link.\n# banana" in text


def test_the_failed_file_goes_when_nothing_is_left_in_it(lite: Rig) -> None:
    lite.drop(video(1))
    claim = lite.fail()
    lite.refresh()
    assert "It broke. Wait." in lite.beside("failed").read_text()
    with lite.ledger.write() as db:
        transitions.retry(db, claim.job_id, lite.now)
    lite.refresh()
    assert not lite.beside("failed").exists()


def test_cancelled_by_a_person_is_no_failure_but_expiry_is(lite: Rig) -> None:
    lite.drop(video(1), video(2))
    with lite.ledger.write() as db:
        transitions.cancel(db, 1, lite.now, reason="cancelled", quota=Quota(max_jobs=0))
        transitions.cancel(
            db, 2, lite.now, reason="session_expired", quota=Quota(max_jobs=0)
        )
    lite.refresh()
    text = lite.beside("failed").read_text()
    assert video(1) not in text
    assert video(2) in text


def test_a_rejected_drop_gets_its_reason(lite: Rig) -> None:
    lite.drop(BAD, state="rejected", reason="there is no link in it")
    lite.refresh()
    folder = lite.layout.inbox / "music" / "rejected"
    text = (folder / "songs.txt.reason.txt").read_text()
    assert "there is no link in it" in text
    assert "this is no link" in text
    assert lite.receipt()["reason"] == "there is no link in it"
    assert [path.name for path in folder.iterdir()] == ["songs.txt.reason.txt"]


def test_an_empty_rejected_drop_gets_its_reason_too(lite: Rig) -> None:
    lite.drop(state="rejected", reason="it is binary")
    lite.refresh()
    assert lite.receipt()["lines"] == []
    path = lite.layout.inbox / "music" / "rejected" / "songs.txt.reason.txt"
    assert "it is binary" in path.read_text()


def test_a_kept_drop_has_a_receipt_for_programs_only(lite: Rig) -> None:
    lite.drop(video(1), state="kept")
    lite.refresh()
    assert lite.receipt()["state"] == "kept"
    assert list((lite.layout.inbox / "music" / "processed").iterdir()) == []


def test_the_newest_content_of_a_kept_drop_has_the_receipt(lite: Rig) -> None:
    lite.drop(video(1), state="kept")
    lite.refresh()
    lite.drop(video(2), state="kept")
    lite.refresh()
    lite.complete()  # the first content's job
    lite.refresh()
    assert [line["text"] for line in lite.receipt()["lines"]] == [video(2)]


def test_a_drop_at_the_inbox_root_has_its_receipt_there(rig: Rig) -> None:
    rig.drop(video(1), session="default", at_root=True)
    rig.refresh()
    assert (rig.layout.inbox / "processed" / "songs.txt.receipt.txt").exists()
    assert rig.receipt(session="default")["session"] == "default"


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.txt", b"a" * 226 + b".txt", "ä".encode() * 110 + b".txt"]
)
def test_any_file_name_can_have_a_receipt(rig: Rig, name: bytes) -> None:
    rig.drop(video(1), name=name)
    rig.refresh()
    assert rig.receipt(name)["counts"]["lines"] == 1
    folder = rig.layout.inbox / "music" / "processed"
    found = [os.fsencode(path.name) for path in folder.iterdir()]
    assert found == [name + b".receipt.txt"]
    assert rig.views.problems() == []


@pytest.mark.parametrize("foreign", ["file", "link", "folder"])
def test_a_file_that_is_not_ours_is_never_written_over(lite: Rig, foreign: str) -> None:
    lite.drop(video(1))
    path, other = lite.beside("receipt"), lite.layout.inbox / "secret"
    other.write_text("mine")
    if foreign == "file":
        path.write_text("mine")
    elif foreign == "link":
        path.symlink_to(other)
    else:
        path.mkdir()
    lite.refresh()
    assert path.is_dir() or path.read_text() == "mine"
    assert path.is_symlink() == (foreign == "link")
    assert [p.code for p in lite.views.problems()] == ["receipt_unwritable"]
    assert lite.receipt()["counts"]["lines"] == 1
    path.rmdir() if foreign == "folder" else path.unlink()
    lite.refresh(31)
    assert lite.views.problems() == []
    assert path.read_text().startswith("Receipt for songs.txt")


def test_a_link_for_a_folder_leads_nowhere(lite: Rig) -> None:
    lite.drop(video(1))
    folder = lite.layout.inbox / "music" / "processed"
    elsewhere = lite.layout.inbox.parent / "elsewhere"
    elsewhere.mkdir()
    folder.rmdir()
    folder.symlink_to(elsewhere)
    lite.refresh()
    assert list(elsewhere.iterdir()) == []
    assert [p.code for p in lite.views.problems()] == ["receipt_unwritable"]


def test_a_folder_the_user_removed_needs_no_receipt(lite: Rig) -> None:
    lite.drop(video(1))
    (lite.layout.inbox / "music" / "processed").rmdir()
    lite.refresh()
    assert lite.views.problems() == []
    assert lite.receipt()["counts"]["lines"] == 1


@pytest.mark.usefixtures("small_pages")
def test_a_long_receipt_is_written_at_intake_and_at_the_end_only(lite: Rig) -> None:
    lite.drop(*(video(n) for n in range(150)))
    lite.refresh()
    assert lite.receipt()["counts"]["unfinished"] == 150
    assert len(lite.receipt()["lines"]) == 150
    first = lite.beside("receipt").stat().st_ino
    lite.complete()
    lite.refresh()
    assert lite.beside("receipt").stat().st_ino == first
    finish_all(lite)
    lite.refresh()
    assert lite.receipt()["counts"]["cancelled"] == 149
    assert " 149  cancelled" in lite.beside("receipt").read_text()
    states = Counter(line["state"] for line in lite.receipt()["lines"])
    assert states == {"completed": 1, "cancelled": 149}
    with lite.ledger.write() as db:
        transitions.retry(db, 70, lite.now)
    lite.refresh()
    assert lite.receipt()["counts"]["unfinished"] == 0
    lite.complete()
    lite.refresh()
    assert lite.receipt()["counts"]["completed"] == 2


@pytest.mark.usefixtures("small_pages")
def test_a_long_receipt_is_not_at_its_end_while_a_line_is_unfinished(lite: Rig) -> None:
    lite.drop(*(video(n) for n in range(150)))
    lite.refresh()
    first = lite.beside("receipt").stat().st_ino
    finish_all(lite, but=150)
    lite.refresh()
    with lite.ledger.write() as db:
        transitions.retry(db, 10, lite.now)
    lite.refresh()
    finish_all(lite, but=10)  # the last line; one before it is open again
    lite.refresh()
    assert lite.beside("receipt").stat().st_ino == first
    finish_all(lite)
    lite.refresh()
    assert lite.receipt()["counts"]["unfinished"] == 0


@pytest.mark.usefixtures("small_pages")
def test_a_long_receipts_end_is_found_after_a_restart(lite: Rig) -> None:
    lite.drop(*(video(n) for n in range(120)))
    lite.refresh()
    lite.refresh(11)
    finish_all(lite)
    lite.restart()
    assert lite.receipt()["counts"]["unfinished"] == 0


@pytest.mark.usefixtures("small_pages")
def test_a_long_receipt_is_streamed_over_many_calls(lite: Rig) -> None:
    lite.drop(*(video(n) for n in range(300)))
    lite.views = type(lite.views)(lite.ledger, lite.layout, budget_s=0.0)
    lite.pass_time()
    calls = 0
    while not lite.layout.receipt_file("music", b"songs.txt").exists():
        lite.views.refresh(lite.now, lite.live)
        calls += 1
    assert calls >= 300 / 50
    assert not list(lite.layout.inbox.rglob(".*"))


@pytest.mark.usefixtures("small_pages")
def test_what_ends_while_its_receipt_is_written_is_told_after_all(lite: Rig) -> None:
    lite.drop(*(video(n) for n in range(300)))
    lite.views = type(lite.views)(lite.ledger, lite.layout, budget_s=0.0)
    lite.pass_time()
    for _ in range(3):  # its first lines are written, as unfinished
        lite.views.refresh(lite.now, lite.live)
    assert not lite.layout.receipt_file("music", b"songs.txt").exists()
    finish_all(lite)
    lite.refresh()
    assert lite.receipt()["counts"]["cancelled"] == 300
    assert {line["state"] for line in lite.receipt()["lines"]} == {"cancelled"}


@pytest.mark.usefixtures("small_pages")
def test_a_long_receipt_goes_on_after_the_ledger_could_not_be_read(lite: Rig) -> None:
    lite.drop(*(video(n) for n in range(300)))
    lite.views = type(lite.views)(lite.ledger, lite.layout, budget_s=0.0)
    for _ in range(7):
        lite.views.refresh(lite.now, lite.live)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(lite.ledger), "read", refuse_to_read)
        with pytest.raises(LedgerBusyError):
            lite.views.refresh(lite.now, lite.live)
    lite.refresh()
    assert [line["line"] for line in lite.receipt()["lines"]] == [*range(1, 301)]
    assert lite.receipt()["counts"]["unfinished"] == 300


@pytest.mark.usefixtures("small_pages")
def test_a_half_written_receipt_leaves_nothing_behind(lite: Rig) -> None:
    lite.drop(*(video(n) for n in range(300)))
    lite.views = type(lite.views)(lite.ledger, lite.layout, budget_s=0.0)
    for _ in range(3):
        lite.views.refresh(lite.now, lite.live)
    lite.views.close()
    assert not [p for p in lite.layout.inbox.rglob("*") if p.is_file()]
    assert not list(lite.layout.status.rglob("receipts/music/.*"))


def test_receipts_for_programs_go_after_their_retention(lite: Rig) -> None:
    lite.drop(video(1))
    lite.refresh()
    path = lite.layout.receipt_file("music", b"songs.txt")
    assert path.exists()
    lite.pass_time(31 * 86400)
    lite.restart()
    assert not path.exists()
    assert lite.beside("receipt").exists()


def test_a_drop_under_way_has_no_receipt_yet(lite: Rig) -> None:
    with lite.ledger.write() as db:
        row = sessions.open_session(db, "music", lite.now)
        drop = one_drop.open_drop(db, row.id, b"songs.txt", "00", 1, lite.now)
        line = drops.NewLine(line=1, text="x", video_id=video(1), job_options=ASK)
        one_drop.record_batch(
            db,
            drop,
            [line],
            quota=Quota(max_jobs=0),
            now=lite.now,
            file_is_gone=lambda _: True,
        )
    claimed(lite.ledger)
    lite.refresh()
    assert not lite.layout.receipt_file("music", b"songs.txt").exists()


def refuse_to_read(_: Ledger) -> NoReturn:
    msg = "busy"
    raise LedgerBusyError(msg)


def finish_all(rig: Rig, but: int = 0) -> None:
    """Cancel everything that is not finished, except one job."""
    with rig.ledger.write() as db:
        session = sessions.active_session(db, "music")
        assert session is not None
        for row in queries.find_jobs(db, session_id=session.id, limit=5000):
            if row.state not in FINALIZED and row.id != but:
                transitions.cancel(
                    db, row.id, rig.now, reason="cancelled", quota=Quota(max_jobs=0)
                )


@needs_root
def test_an_inbox_that_may_not_be_written_is_a_problem_that_heals(
    sqlite_template: Path,
) -> None:
    """Permissions do not hold root back, so this runs as nobody."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.joinpath("ledger").write_bytes(sqlite_template.read_bytes())
        rig = new_rig(Ledger(f"sqlite:///{root}/ledger"), root / "tree")
        rig.drop(video(1))
        locked = rig.layout.inbox / "music" / "processed"
        for path in (root, *root.rglob("*")):
            if path != locked:
                os.chown(path, NOBODY, NOBODY)
        with as_nobody():
            rig.refresh()
            found = rig.views.problems()
            assert rig.receipt()["counts"]["lines"] == 1
        assert [problem.code for problem in found] == ["receipt_unwritable"]
        assert str(locked.parent) in found[0].message
        os.chown(locked, NOBODY, NOBODY)
        with as_nobody():
            rig.refresh(31)
            assert rig.views.problems() == []
        assert rig.beside("receipt").exists()
        rig.ledger.close()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Go on as an unprivileged user for a while."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def archived(rig: Rig, *videos: str) -> None:
    had = [ArchivedVideo(each, FoundIn.ARCHIVE_FILE) for each in videos]
    with rig.ledger.write() as db:
        archive.add_videos(db, archive.ALL_SESSIONS, had, rig.now)


def test_a_receipt_says_since_when_the_archive_has_a_video(rig: Rig) -> None:
    archived(rig, video(1))
    rig.drop(video(1), video(2), BAD)
    rig.complete(title="Two")
    rig.refresh()
    receipt = rig.receipt()
    counts = receipt["counts"]
    assert (counts["duplicate"], counts["archived"], counts["completed"]) == (1, 1, 1)
    first = receipt["lines"][0]
    assert (first["code"], first["job"]) == ("in_archive", None)
    text = rig.beside("receipt").read_text()
    assert "            1  in the archive\n" in text
    assert "      1  in the archive (duplicate)      " in text
    assert "         in the archive since 2027-01-15; again=yes downloads it" in text
    assert video(1) not in rig.beside("failed").read_text()


@pytest.mark.usefixtures("small_pages")
def test_a_long_receipt_counts_what_the_archive_has(rig: Rig) -> None:
    archived(rig, *(video(number) for number in range(1, 101)))
    rig.drop(*(video(number) for number in range(1, 151)))
    for _ in range(50):
        rig.complete()
    rig.refresh()
    counts = rig.receipt()["counts"]
    assert (counts["archived"], counts["completed"], counts["unfinished"]) == (
        100,
        50,
        0,
    )
    assert "          100  in the archive\n" in rig.beside("receipt").read_text()
