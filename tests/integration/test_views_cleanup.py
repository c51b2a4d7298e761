"""Documents of sessions that the ledger has forgotten do not stay behind."""

from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from tests.integration.views_rig import Rig, new_rig, video
from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.ledger import Ledger, expiry, pruning, receipts, sessions
from ytaudio_daemon.views import ViewSettings


@pytest.fixture
def rig(sqlite_ledger: Ledger, tmp_path: Path) -> Rig:
    return new_rig(sqlite_ledger, tmp_path)


def forget(rig: Rig, name: str) -> None:
    """End a session and delete it from the ledger, as the pruner does."""
    with rig.ledger.write() as db:
        session = sessions.active_session(db, name)
        assert session is not None
        assert expiry.expire(db, session, rig.now, on_expiry="keep")
        while pruning.delete_lines(db, pruning.next_drop_ids(db, session.id, 0)):
            pass
        pruning.delete_jobs(db, session.id)
        pruning.delete_drops(db, session.id)
        pruning.delete_events(db, session.id)
        pruning.delete_session(db, session)


def documents(rig: Rig) -> set[str]:
    status = rig.layout.status
    found = {str(path.relative_to(status)) for path in status.rglob("*")}
    return found - {"daemon.json", "sessions", "receipts"}


def test_a_forgotten_sessions_documents_go_and_its_neighbours_stay(rig: Rig) -> None:
    for session, number in (("music", 1), ("other", 2)):
        rig.drop(video(number), session=session)
        rig.complete(title=session)
    rig.refresh()
    mine = {"sessions/other.json", "receipts/other", "receipts/other/songs.txt.json"}
    assert documents(rig) > mine
    forget(rig, "music")
    rig.refresh()
    assert documents(rig) > mine, "it takes a look through all of them"
    rig.views.request_scan(rig.now)
    rig.refresh()
    assert documents(rig) == mine
    assert rig.beside("receipt").exists(), "what lies in the inbox is the person's"
    assert (rig.layout.library or Path()).joinpath("music", "music.mp3").exists()


def test_a_scan_that_the_ledger_interrupts_starts_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.drop(video(1))
    rig.complete()
    rig.refresh()
    forget(rig, "music")
    rig.views.request_scan(rig.now)
    with monkeypatch.context() as patch:
        patch.setattr(receipts, "receipt_heads", refuse_to_read)
        with pytest.raises(LedgerBusyError):
            rig.refresh()
    rig.refresh()
    assert documents(rig) == set()


def refuse_to_read(*_: object) -> NoReturn:
    msg = "busy"
    raise LedgerBusyError(msg)


def test_a_namesake_keeps_the_name(rig: Rig) -> None:
    rig.drop(video(1))
    rig.complete()
    rig.refresh()
    forget(rig, "music")
    rig.drop(video(1), name=b"again.txt")
    rig.refresh()
    rig.views.request_scan(rig.now)
    rig.refresh()
    assert rig.session()["session"]["counts"]["queued"] == 1
    assert rig.receipt(b"again.txt")["counts"]["accepted"] == 1


def test_an_empty_folder_of_receipts_goes(rig: Rig) -> None:
    rig.drop(video(1))
    rig.complete()
    rig.refresh()
    rig.views.view_settings = ViewSettings(receipts_s=100.0)
    rig.pass_time(200)
    rig.restart()
    assert documents(rig) == {"sessions/music.json"}


def test_a_clock_years_ahead_takes_no_receipt(rig: Rig) -> None:
    rig.drop(video(1))
    rig.complete()
    rig.refresh()
    rig.now = replace(rig.now, wall=rig.now.wall + 1e8)
    rig.restart()
    assert rig.receipt()["counts"]["accepted"] == 1


def test_strangers_in_the_status_folder_do_no_harm(rig: Rig) -> None:
    rig.drop(video(1))
    rig.refresh()
    folder = rig.layout.session_status("x").parent
    (folder / "README").write_text("mine")
    (folder / "folder.json").mkdir()
    (rig.layout.receipts("x") / "deep").mkdir(parents=True)
    rig.restart()
    assert (folder / "README").exists()
    assert (rig.layout.receipts("x") / "deep").exists()
    assert rig.session()


def test_an_unused_session_without_a_name_leaves_no_document(rig: Rig) -> None:
    with rig.ledger.write() as db:
        opened = [sessions.open_session(db, name, rig.now) for name in (None, "named")]
    unused, named = opened
    rig.drop(video(1), session="used")
    rig.complete()
    rig.refresh()
    theirs = {"sessions/named.json", "sessions/used.json"}
    assert documents(rig) > theirs | {f"sessions/{unused.name}.json"}

    with rig.ledger.write() as db:
        for session in (unused, named, sessions.active_session(db, "used")):
            assert session is not None
            assert expiry.expire(db, session, rig.now, on_expiry="keep")
    rig.refresh()

    assert theirs == {d for d in documents(rig) if d.startswith("sessions/")}
    rig.views.request_scan(rig.now)
    rig.refresh()
    assert f"sessions/{unused.name}.json" not in documents(rig)
