"""`ytaudio ledger`: who may, when it refuses, what it says."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.forms import assert_described
from tests.integration.cli_rig import Rig, complete, now, record, write
from tests.others import NOBODY, let_others_in, needs_root
from ytaudio_daemon.dropfile import DropKind, parse
from ytaudio_daemon.errors import LedgerFullError
from ytaudio_daemon.folders.prepare import lock_state
from ytaudio_daemon.ledger import backup as ledger_backup
from ytaudio_daemon.ledger import sessions
from ytaudio_daemon.ledger.enqueue import JobOptions, NewVideo, enqueue_link
from ytaudio_daemon.ledger.migrate import HEAD
from ytaudio_daemon.model import Options
from ytaudio_daemon.model.quota import Quota


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    ledger = made.ledger()
    with ledger.write() as db:
        record(db, "party", "AB!")
        complete(db, tmp_path / "audio" / "a.mp3")
    ledger.close()
    yield made
    made.close()


def backup(rig: Rig) -> Path:
    ran = rig.call("ledger", "backup", "--json")
    assert ran.code == 0, ran.err
    return Path(ran.json["file"])


def test_a_backup_goes_to_its_folder_and_says_so(rig: Rig) -> None:
    ran = rig.call("ledger", "backup")
    assert ran.code == 0
    (file,) = (rig.layout.state / "backups").iterdir()
    assert ran.out.startswith(f"{file} (")
    assert f"schema {HEAD}, proven" in ran.out


def test_a_backup_as_json(rig: Rig) -> None:
    file = rig.root / "mine.sqlite3"
    document = rig.call("ledger", "backup", str(file), "--json").json
    assert_described(document)
    assert document == {
        "schema": "ytaudio.ledger-backup/1",
        "ledger": str(rig.layout.state / "ledger.sqlite3"),
        "file": str(file),
        "size_bytes": file.stat().st_size,
        "revision": HEAD,
    }
    again = rig.call("ledger", "backup", str(file))
    assert (again.code, "exists already" in again.err) == (2, True)


def test_without_a_ledger_there_is_nothing_to_copy(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for verb in ("backup", "check"):
        ran = rig.call("ledger", verb)
        assert (ran.code, "no ledger yet" in ran.err) == (1, True)


def test_check_is_sound_or_lists_what_is_not(rig: Rig) -> None:
    assert rig.call("ledger", "check").out.endswith(f"is sound, schema {HEAD}\n")
    ledger = rig.ledger()
    with ledger.write() as db:
        db.exec_driver_sql("UPDATE totals SET queued = 9")
    ledger.close()
    ran = rig.call("ledger", "check")
    assert ran.code == 1
    assert ran.out == "counters: the whole ledger counts 9 queued jobs and has 1\n"
    document = rig.call("ledger", "check", "--json").json
    assert_described(document)
    assert document["sound"] is False
    assert [flaw["check"] for flaw in document["flaws"]] == ["counters"]
    assert list((rig.layout.state / "backups").iterdir()) == [], "no copy stays"


def test_a_ledger_that_is_damaged_is_told_by_check(rig: Rig) -> None:
    with (rig.layout.state / "ledger.sqlite3").open("r+b") as file:
        file.seek(4096 * 6)
        file.write(b"\xff" * 4096)
    ran = rig.call("ledger", "check")
    assert (ran.code, ran.out.startswith("integrity: ")) == (1, True)


def test_a_ledger_that_cannot_be_looked_at_is_not_called_damaged(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LedgerFullError("a copy needs more room than there is")

    monkeypatch.setattr(ledger_backup, "require_free_space", refuse)
    ran = rig.call("ledger", "check")
    assert ran.code == 1
    assert "not sound" not in ran.out + ran.err
    assert "more room" in ran.err


@needs_root
def test_a_restore_needs_the_folder_where_the_old_ledger_goes(rig: Rig) -> None:
    file = backup(rig)
    let_others_in(rig.root)
    shutil.chown(rig.layout.state, NOBODY, NOBODY)
    ran = rig.run("ledger", "restore", str(file))
    assert ran.code == 2, ran
    assert f"sudo chown nobody: {rig.layout.state / 'backups'}" in ran.err


def test_a_restore_refuses_while_a_daemon_holds_the_state(rig: Rig) -> None:
    file = backup(rig)
    lock = lock_state(rig.layout)
    try:
        ran = rig.call("ledger", "restore", str(file))
    finally:
        os.close(lock)
    assert ran.code == 1
    assert f"a daemon (pid {os.getpid()})" in ran.err
    assert "hint: Stop the daemon: " in ran.err


def test_a_restore_refuses_while_a_program_has_the_ledger_open(rig: Rig) -> None:
    file = backup(rig)
    holder = rig.start("serve", "--port", "0")
    assert holder.stdout is not None
    assert "serving" in holder.stdout.readline()
    ran = rig.call("ledger", "restore", str(file))
    assert (ran.code, f"in use by process {holder.pid}" in ran.err) == (1, True)


def test_a_restore_names_the_drops_filed_since(rig: Rig) -> None:
    file = backup(rig)
    known = rig.layout.inbox / "party" / "processed"
    known.mkdir(parents=True)
    for name in ("songs.txt", "later one.txt", "later one.txt.receipt.txt"):
        (known / name).write_text("x")
    at_root = rig.layout.inbox / "rejected"
    at_root.mkdir()
    (at_root / "junk.txt").write_text("x")
    write(rig.layout.session_status("gone"), {"schema": "x"})
    ran = rig.call("ledger", "restore", str(file))
    assert ran.code == 0, ran.err
    lines = [line.strip() for line in ran.out.splitlines() if "mv -n" in line]
    assert lines == [
        f"mv -n {at_root}/junk.txt {rig.layout.inbox}/",
        f"mv -n '{known}/later one.txt' {known.parent}/",
    ]
    assert not rig.layout.session_status("gone").exists(), "it is written anew"
    document = rig.call("ledger", "restore", str(file), "--json").json
    assert_described(document)
    assert [drop["session"] for drop in document["unknown_drops"]] == [
        "default",
        "party",
    ]
    assert Path(document["kept_aside"]).is_file()


def test_the_ledger_itself_is_no_copy_of_it(rig: Rig) -> None:
    ran = rig.call("ledger", "restore", str(rig.layout.state / "ledger.sqlite3"))
    assert (ran.code, "is the ledger itself" in ran.err) == (2, True)


def test_a_file_that_is_not_there(rig: Rig) -> None:
    ran = rig.call("ledger", "restore", str(rig.root / "nothing"))
    assert (ran.code, "No such file" in ran.err) == (1, True)


@needs_root
def test_somebody_else_gets_the_line_that_works(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_to_all = rig.root / "tmp"
    open_to_all.mkdir()
    open_to_all.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(open_to_all))
    file = backup(rig)
    shutil.copy(file, rig.root / "open.sqlite3")
    (rig.root / "open.sqlite3").chmod(0o644)
    let_others_in(rig.root)
    for words in (("backup",), ("restore", str(rig.root / "open.sqlite3"))):
        ran = rig.call_as(NOBODY, "ledger", *words)
        assert (ran.code, "hint: sudo -u root ytaudio" in ran.err) == (2, True), ran
    assert rig.call_as(NOBODY, "ledger", "check").code == 0, "who may read may check"


@needs_root
def test_what_root_restores_belongs_to_the_daemon(rig: Rig) -> None:
    """The copy may lie where only root can read."""
    file = backup(rig)
    secret = rig.root / "secret"
    secret.mkdir(mode=0o700)
    shutil.move(file, secret / "copy.sqlite3")
    shutil.chown(rig.layout.state, NOBODY, NOBODY)
    for path in rig.layout.state.rglob("*"):
        shutil.chown(path, NOBODY, NOBODY)
    let_others_in(rig.root)
    ran = rig.run("ledger", "restore", str(secret / "copy.sqlite3"))
    assert ran.code == 0, ran.err
    for path in rig.layout.state.rglob("*"):
        assert path.stat().st_uid == NOBODY, path


@needs_root
@pytest.mark.parametrize(
    ("trap", "code", "told"),
    [("link", 2, "hint: sudo chown nobody: "), ("pipe", 1, "is not a plain file")],
)
def test_root_reads_no_more_than_the_daemon_where_the_daemon_may_write(
    rig: Rig, trap: str, code: int, told: str
) -> None:
    secret = rig.root / "secret.sqlite3"
    shutil.move(backup(rig), secret)
    secret.chmod(0o600)
    let_others_in(rig.root)
    laid = rig.layout.state / "backups" / "ledger-20261127T000000Z.sqlite3"
    laid.symlink_to(secret) if trap == "link" else os.mkfifo(laid)
    for path in (rig.layout.state, *rig.layout.state.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    ran = rig.run("ledger", "restore", str(laid))
    assert (ran.code, told in ran.err) == (code, True), ran


@pytest.mark.parametrize(
    ("words", "tool"),
    [
        (("backup",), "pg_dump --format=custom"),
        (("restore", "x.dump"), "pg_restore --clean"),
    ],
)
def test_postgresql_has_tools_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], tool: str
) -> None:
    url = "postgresql://ann:secret@db.example/yt?sslmode=require"
    monkeypatch.setenv("YTAUDIO_DATABASE_URL", url)
    ran = Rig(tmp_path).call("ledger", *words)
    assert ran.code == 2
    assert tool in ran.err
    assert "postgresql://ann@db.example/yt?sslmode=require" in ran.err
    assert "secret" not in ran.err


@pytest.mark.postgres
def test_check_works_on_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_template: str
) -> None:
    from tests.integration.ledger_fixtures import MIGRATED, _database, _empty  # noqa: PLC0415 - its own words

    _empty(postgres_template)
    monkeypatch.setenv("YTAUDIO_DATABASE_URL", _database(postgres_template, MIGRATED))
    (tmp_path / "state").mkdir()
    ran = Rig(tmp_path).call("ledger", "check", "--json")
    assert ran.code == 0, ran
    assert json.loads(ran.out)["sound"] is True


def give(rig: Rig, session: str, video: str, **options: Any) -> None:
    """Give a link as a client of the API does: no drop has it."""
    with closing(rig.ledger()) as ledger, ledger.write() as db:
        opened = sessions.open_session(db, session, now())
        enqueue_link(
            db,
            opened.id,
            NewVideo(
                video_id=video,
                job_options=JobOptions.from_options(Options(**options)),
            ),
            quota=Quota(),
            now=now(),
            file_is_gone=lambda _path: False,
        )


def test_a_restore_lists_links_given_to_the_api_since_as_lines_to_drop(
    rig: Rig,
) -> None:
    give(rig, "anna", "AAAAAAAAAAA")
    assert rig.call("ledger", "backup", str(rig.root / "copy")).code == 0
    give(rig, "anna", "BBBBBBBBBBB", format="opus", bitrate=None)
    give(rig, "new", "CCCCCCCCCCC")
    ran = rig.call("ledger", "restore", str(rig.root / "copy"), "--json")
    lost = ran.json["lost_links"]
    assert [each["session"] for each in lost] == ["anna", "new"]
    (line,) = parse(lost[0]["line"].encode(), DropKind.TEXT)
    assert line.code is None
    assert line.link is not None
    assert (line.link.video_id, line.layer["format"]) == ("BBBBBBBBBBB", "opus")

    give(rig, "anna", "DDDDDDDDDDD")
    told = rig.call("ledger", "restore", str(rig.root / "copy"))
    assert "1 link given to the API since then it does not know." in told.out
    assert f"  # {rig.layout.inbox}/anna/\n  https://" in told.out


def test_a_ledger_that_cannot_be_read_is_replaced_all_the_same(rig: Rig) -> None:
    give(rig, "anna", "AAAAAAAAAAA")
    assert rig.call("ledger", "backup", str(rig.root / "copy")).code == 0
    (rig.layout.state / "ledger.sqlite3").write_bytes(b"SQLite format 3\0" + b"?" * 999)
    ran = rig.call("ledger", "restore", str(rig.root / "copy"))
    assert ran.code == 0
    assert "links that were given to the API since then cannot be listed" in ran.err
