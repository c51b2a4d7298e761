"""Copies of the ledger: whole while others write, proven, and put in its place."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.acceptance.rig import wait_until
from tests.integration.ledger_rig import drop, later, links, states
from ytaudio_daemon.errors import LedgerError, LedgerFullError, LedgerTooNewError
from ytaudio_daemon.ledger import Ledger, audit, backup, meta, restoring
from ytaudio_daemon.ledger.migrate import migrate


def path_of(ledger: Ledger) -> Path:
    assert ledger.path is not None
    return ledger.path


@contextmanager
def opened(path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{path}")
    try:
        yield ledger
    finally:
        ledger.close()


def flaws(ledger: Ledger) -> list[str]:
    with ledger.read() as db:
        return [flaw.check for flaw in audit.find_flaws(db)]


def put_back(file: Path, ledger: Path) -> Path | None:
    """Restore a copy as the command does."""
    with (
        file.open("rb") as source,
        restoring.verified_copy(source, file, ledger) as copied,
    ):
        return restoring.replace_ledger(
            copied, ledger, Path("/srv/downloads"), later(0).wall
        )


# ---------------------------------------------------------------------------- copying


def test_a_copy_holds_all_and_is_for_its_owner_alone(
    sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    drop(sqlite_ledger, "party", links("A", "B"))
    target = tmp_path / "new" / "copy.sqlite3"
    assert backup.back_up(path_of(sqlite_ledger), target) == target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(target.parent.iterdir()) == [target]
    with opened(target) as copy:
        assert states(copy) == ["queued", "queued"]
        assert flaws(copy) == []


def test_nothing_is_written_over(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    with pytest.raises(FileExistsError):
        backup.back_up(path_of(sqlite_ledger), target)
    assert target.read_text() == "mine"


def test_a_copy_that_does_not_fit_is_not_begun(
    sqlite_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "FREE_SPACE_MARGIN", 1 << 60)
    with pytest.raises(LedgerFullError, match="are free"):
        backup.back_up(path_of(sqlite_ledger), tmp_path / "b" / "copy.sqlite3")
    assert list((tmp_path / "b").iterdir()) == []


def test_damage_is_found_and_no_copy_appears(
    sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    drop(sqlite_ledger, "party", links("A", "B"))
    sqlite_ledger.close()
    with path_of(sqlite_ledger).open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096 * 3)
    with pytest.raises(LedgerError, match="damaged"):
        backup.back_up(path_of(sqlite_ledger), tmp_path / "b" / "copy.sqlite3")
    assert list((tmp_path / "b").iterdir()) == []


class Writer(threading.Thread):
    """Goes on making drops, as a daemon would, until it is told to end."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self.done = 0
        self.ended = threading.Event()
        self.trouble: Exception | None = None

    def run(self) -> None:
        try:
            while not self.ended.is_set():
                drop(self._ledger, f"s{self.done}", links("A", "B"))
                self.done += 1
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.trouble = error


def test_a_copy_comes_to_its_end_while_somebody_writes_all_the_time(
    sqlite_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps of one page are overtaken for ever; they have to grow."""
    with sqlite_ledger.write() as db:
        db.exec_driver_sql("CREATE TABLE ballast (x)")
        for _ in range(150):
            db.exec_driver_sql("INSERT INTO ballast VALUES (randomblob(8000))")
    monkeypatch.setattr(backup, "PAGES_PER_STEP", 1)
    writer = Writer(sqlite_ledger)
    writer.start()
    try:
        target = tmp_path / "b" / "copy.sqlite3"
        backup.back_up(path_of(sqlite_ledger), target)
        with opened(target) as copy:
            assert flaws(copy) == [], "one moment of the ledger"
    finally:
        writer.ended.set()
        writer.join()
    assert writer.trouble is None
    assert writer.done > 0


def test_the_newest_few_of_each_kind_stay(tmp_path: Path) -> None:
    folder = tmp_path / backup.FOLDER
    folder.mkdir()
    times = [1.8e9 + 1000 * n for n in range(5)]
    made = [backup.manual_backup_path(tmp_path, at) for at in times]
    old = [backup.pre_migration_backup_path(tmp_path, "0001", at) for at in times]
    aside = [backup.replaced_ledger_path(tmp_path, at) for at in times]
    for age, path in enumerate([*made, *old, *aside]):
        path.touch()
        path.with_name(path.name + "-journal").touch()
        os.utime(path, (1000.0 * age, 1000.0 * age))
    mine = folder / "my-own.sqlite3"
    mine.touch()
    left = folder / ".ledger-x.sqlite3.77.tmp"
    left.touch()
    os.utime(left, (0, 0))
    backup.remove_old_backups(tmp_path, 10 * backup.STALE_TEMP_AGE_S)
    stayed = {path for path in folder.iterdir() if not path.name.endswith("-journal")}
    assert stayed == {mine, *made, *old[-3:], *aside[-3:]}


def test_copies_by_hand_are_bounded_too(tmp_path: Path) -> None:
    made = [backup.manual_backup_path(tmp_path, 1.8e9 + 1000 * n) for n in range(20)]
    made[0].parent.mkdir()
    for age, path in enumerate(made):
        path.touch()
        os.utime(path, (1000.0 * age, 1000.0 * age))
    mine = made[0].with_name("ledger-2026-before-the-move.sqlite3")
    mine.touch()
    os.utime(mine, (0.0, 0.0))
    backup.remove_old_backups(tmp_path, 0.0)
    assert sorted(made[0].parent.iterdir()) == sorted([mine, *made[-14:]])


# -------------------------------------------------------------------------- restoring


def test_a_copy_takes_the_ledgers_place_and_the_old_one_is_kept(
    sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    live, copy = path_of(sqlite_ledger), tmp_path / "copy.sqlite3"
    drop(sqlite_ledger, "party", links("A"))
    backup.back_up(live, copy)
    drop(sqlite_ledger, "party", links("B"), now=later(60))
    sqlite_ledger.close()
    aside = put_back(copy, live)
    assert aside is not None
    with opened(live) as restored, opened(aside) as old:
        assert states(restored) == ["queued"]
        assert states(old) == ["queued", "queued"]
        with restored.read() as db:
            assert meta.restored_until(db) == later(0).wall
    assert copy.stat().st_mode & 0o777 == 0o600
    # Its readers read on, but for those who are neither owner nor of the group.
    assert live.stat().st_mode == aside.stat().st_mode & ~0o007


def test_a_damaged_ledger_gives_way(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    live, copy = path_of(sqlite_ledger), tmp_path / "copy.sqlite3"
    backup.back_up(live, copy)
    sqlite_ledger.close()
    live.write_bytes(b"rubbish")
    aside = put_back(copy, live)
    assert aside is not None
    assert aside.read_bytes() == b"rubbish"
    with opened(live) as restored:
        assert flaws(restored) == []


KILLED_IN_A_WRITE = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode=PERSIST")
db.execute("PRAGMA cache_size=1")
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE jobs SET title = 'half'")
db.execute("UPDATE events SET reason = hex(randomblob(3000))")
os.kill(os.getpid(), 9)
"""


def test_a_journal_of_the_old_ledger_is_not_played_into_the_new(
    sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    live, copy = path_of(sqlite_ledger), tmp_path / "copy.sqlite3"
    drop(sqlite_ledger, "party", links(*"ABCDEFGH"))
    backup.back_up(live, copy)
    drop(sqlite_ledger, "other", links(*"ABCDEFGH"))
    sqlite_ledger.close()
    subprocess.run([sys.executable, "-c", KILLED_IN_A_WRITE, str(live)], check=False)
    journal = live.with_name(live.name + "-journal")
    assert any(journal.read_bytes()[:8]), "it is hot"
    aside = put_back(copy, live)
    assert aside is not None
    with opened(live) as restored, opened(aside) as old:
        assert flaws(restored) == []
        assert len(states(restored)) == 8
        assert flaws(old) == [], "the old one was played back before it went"
        assert len(states(old)) == 16


def test_a_copy_by_hand_from_the_middle_of_a_write_is_refused(
    sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    live = path_of(sqlite_ledger)
    drop(sqlite_ledger, "party", links(*"ABCDEFGH"))
    sqlite_ledger.close()
    subprocess.run([sys.executable, "-c", KILLED_IN_A_WRITE, str(live)], check=False)
    with pytest.raises(LedgerError, match="in the middle of a write"):
        put_back(live, tmp_path / "other.sqlite3")


def text(path: Path) -> None:
    path.write_text("hello\n" * 500)


def no_ledger(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (x)")


def newer(path: Path) -> None:
    with opened(path) as ledger:
        migrate(ledger)
        with ledger.write() as db:
            db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")


def cut(path: Path) -> None:
    with opened(path) as ledger:
        migrate(ledger)
    os.truncate(path, 4096 * 9)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (text, LedgerError, "no ledger"),
        (Path.touch, LedgerError, "no ledger"),
        (no_ledger, LedgerError, "no ledger"),
        (newer, LedgerTooNewError, "9999"),
        (cut, LedgerError, "damaged"),
    ],
)
def test_what_is_no_copy_changes_nothing(
    sqlite_ledger: Ledger,
    tmp_path: Path,
    make: Callable[[Path], None],
    error: type[LedgerError],
    words: str,
) -> None:
    file, live = tmp_path / "file", path_of(sqlite_ledger)
    make(file)
    before = live.read_bytes()
    with pytest.raises(error, match=words):
        put_back(file, live)
    assert live.read_bytes() == before
    assert sorted(p.name for p in live.parent.glob("*.tmp*")) == []


def test_who_has_the_ledger_open_is_found(sqlite_ledger: Ledger) -> None:
    live = path_of(sqlite_ledger)
    assert restoring.pids_using(live) == []
    sleeper = subprocess.Popen(
        [sys.executable, "-c", "import sys; f = open(sys.argv[1]); input()", str(live)],
        stdin=subprocess.PIPE,
    )
    try:
        wait_until(lambda: restoring.pids_using(live) == [sleeper.pid], 20)
    finally:
        sleeper.kill()
        sleeper.communicate()


# --------------------------------------------------------------------------- checking


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        ("UPDATE sessions SET queued = queued + 1", "counters"),
        ("UPDATE totals SET failed = 3", "counters"),
        ("DELETE FROM totals", "counters"),
        ("UPDATE sessions SET used_bytes = 5", "bytes"),
        ("UPDATE drops SET state = 'lost'", "states"),
        ("UPDATE lines SET result = 'maybe'", "states"),
        ("UPDATE jobs SET finalized_at = 1", "jobs"),
        ("INSERT INTO attempts (job_id, number, host, started_at) VALUES (1, 9, 'h', 1)",
         "jobs"),
    ],
)  # fmt: skip
def test_what_cannot_be_so_is_found(ledger: Ledger, harm: str, check: str) -> None:
    drop(ledger, "party", links("A", "B"))
    assert flaws(ledger) == []
    with ledger.write() as db:
        db.exec_driver_sql(harm)
    assert set(flaws(ledger)) == {check}


def test_rows_that_point_nowhere_are_found(sqlite_ledger: Ledger) -> None:
    drop(sqlite_ledger, "party", links("A"))
    with closing(sqlite3.connect(path_of(sqlite_ledger))) as db:
        db.execute("DELETE FROM drops")
        db.commit()
    assert "foreign_keys" in flaws(sqlite_ledger)
