"""Small receipts, many at once: the same files as one by one, with fewer statements."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.integration.views_rig import Rig, new_rig, video
from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.ledger import Ledger, drops
from ytaudio_daemon.ledger.schema import switched_off_links
from ytaudio_daemon.views import receipt, small_receipts

BAD = drops.NewLine(line=1, text="banana", code="not_a_url", message="this is no link")


@pytest.fixture
def rig(ledger: Ledger, tmp_path: Path) -> Rig:
    return new_rig(ledger, tmp_path)


@pytest.fixture
def lite(sqlite_ledger: Ledger, tmp_path: Path) -> Rig:
    return new_rig(sqlite_ledger, tmp_path)


def drop_all_kinds(rig: Rig) -> None:
    """Record drops that are small, long, rejected, kept, superseded and at the root."""
    rig.drop(video(1), video(2), BAD._replace(line=3), name=b"mixed.txt")
    rig.drop(*(video(n) for n in range(100, 140)), name=b"long.txt")
    rig.drop(BAD, name=b"bad.txt", state="rejected", reason="no line was usable")
    rig.drop(video(3), name=b"stays.txt", state="kept", sha256="01")
    rig.drop(video(4), name=b"stays.txt", state="kept", sha256="02")
    rig.drop(video(5), name=b"root.txt", session="default", at_root=True)
    rig.drop(video(5), name=b"sub/again.txt", session="default")
    commented = rig.drop(video(6), name=b"commented.txt")
    with rig.ledger.write() as db:
        row = {"drop_id": commented.id, "line": 2, "number": 1}
        db.execute(sa.insert(switched_off_links), row)
    rig.complete(title="Song")
    rig.fail()


def written(rig: Rig) -> dict[Path, bytes]:
    """Return the content of all receipts."""
    return {
        path: path.read_bytes()
        for root in (rig.layout.inbox, rig.layout.status / "receipts")
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_together_they_are_what_they_are_one_by_one(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_all_kinds(rig)
    rig.refresh()
    together = written(rig)
    assert len(together) == 14
    for path in together:
        path.unlink()
    monkeypatch.setattr(small_receipts, "MAX_LINES", -1)
    rig.restart()
    assert written(rig) == together


def test_a_receipt_that_a_later_drop_has_taken_over_is_not_written(lite: Rig) -> None:
    lite.drop(video(1), name=b"stays.txt", state="kept", sha256="01")
    lite.drop(video(2), video(3), name=b"stays.txt", state="kept", sha256="02")
    lite.refresh()
    assert lite.receipt(b"stays.txt")["counts"]["lines"] == 2


def test_a_hundred_receipts_take_a_few_statements(lite: Rig) -> None:
    for number in range(100):
        lite.drop(video(number), name=b"%d.txt" % number)
    asked: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_receipts, "BATCH_S", 60.0)
        engine = lite.ledger.sa_engine
        sa.event.listen(
            engine, "before_cursor_execute", lambda *args: asked.append(args[2])
        )
        lite.refresh()
    assert len(list((lite.layout.status / "receipts").rglob("*.json"))) == 100
    assert (
        len([each for each in asked if "lines" in each and "drop_id IN" in each]) < 10
    )


def test_a_batch_whose_time_is_up_goes_on_in_order(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_receipts, "BATCH_S", 0.0)
    for number in range(5):
        lite.drop(video(number), name=b"%d.txt" % number)
    lite.views = type(lite.views)(lite.ledger, lite.layout, budget_s=0.0)
    lite.pass_time()
    found: list[list[str]] = []
    for _ in range(5):
        lite.views.refresh(lite.now, lite.live)
        folder = lite.layout.receipts("music")
        found.append(sorted(path.name for path in folder.glob("*.json")))
    assert found == [[f"{n}.txt.json" for n in range(upto)] for upto in range(1, 6)]


def test_one_that_cannot_be_made_keeps_no_other_of_its_batch_back(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        lite.drop(video(number), name=b"%d.txt" % number)
    write_whole = receipt.ReceiptWriter.write_whole

    def fail_at_one(writer: receipt.ReceiptWriter, lines: list[object]) -> None:
        if writer.drop.name == b"1.txt":
            raise ValueError("a mistake")
        write_whole(writer, lines)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(receipt.ReceiptWriter, "write_whole", fail_at_one)
    lite.refresh()
    folder = lite.layout.receipts("music")
    assert sorted(p.name for p in folder.iterdir()) == ["0.txt.json", "2.txt.json"]
    monkeypatch.undo()
    lite.refresh(31)
    assert lite.receipt(b"1.txt")["counts"]["lines"] == 1


def test_a_batch_that_cannot_be_read_is_read_one_by_one(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a row that is no row")

    monkeypatch.setattr(small_receipts, "read_small_receipts", fail)
    lite.drop(video(1), name=b"a.txt")
    lite.drop(video(2), name=b"b.txt")
    lite.refresh()
    assert len(list(lite.layout.receipts("music").iterdir())) == 2


def test_a_batch_stays_due_while_the_ledger_cannot_be_read(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LedgerBusyError("busy")

    lite.drop(video(1), name=b"a.txt")
    monkeypatch.setattr(small_receipts, "read_small_receipts", refuse)
    lite.pass_time()
    with pytest.raises(LedgerBusyError):
        lite.views.refresh(lite.now, lite.live)
    monkeypatch.undo()
    lite.refresh(0)
    assert lite.receipt(b"a.txt")["counts"]["lines"] == 1


def test_receipts_go_on_in_a_status_folder_that_was_removed(lite: Rig) -> None:
    lite.drop(video(1), name=b"a.txt")
    lite.refresh()
    lite.refresh()
    for path in sorted(lite.layout.status.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    lite.layout.status.rmdir()
    lite.drop(video(2), name=b"b.txt")
    lite.refresh()
    assert len(list(lite.layout.receipts("music").iterdir())) == 2
    assert lite.views.problems() == []
