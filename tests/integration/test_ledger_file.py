"""The ledger's file and server: built, refused, guarded, and in trouble."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.integration.ledger_rig import NOW, drop, links, states
from tests.others import NOBODY, needs_root
from ytaudio_daemon.errors import (
    LedgerBusyError,
    LedgerError,
    LedgerFullError,
    LedgerGoneError,
    LedgerTooNewError,
    LedgerTooOldError,
    LedgerUnreachableError,
)
from ytaudio_daemon.ledger import Ledger, database, queries, sessions
from ytaudio_daemon.ledger.migrate import (
    HEAD,
    SCRIPTS,
    check_integrity,
    migrate,
    require_current,
)
from ytaudio_daemon.ledger.schema import metadata
from ytaudio_daemon.settings.value_types import redact_credentials


@contextmanager
def opened(where: Path | str, busy_timeout_s: float = 5.0) -> Iterator[Ledger]:
    """Open a ledger by path or URL and close it again."""
    url = where if isinstance(where, str) else f"sqlite:///{where}"
    ledger = Ledger(url, busy_timeout_s)
    try:
        yield ledger
    finally:
        ledger.close()


# -------------------------------------------------------------------------- migration


def test_head_is_alembics_head() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_heads() == [HEAD]


@pytest.mark.postgres
def test_migrations_build_what_the_schema_says(empty_postgres: str) -> None:
    with opened(empty_postgres) as ledger:
        migrate(ledger)
        with ledger.read() as db:
            context = MigrationContext.configure(db, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []


def test_migrations_build_sqlite_letter_by_letter(
    sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    """Alembic compares neither partial indexes nor defaults nor AUTOINCREMENT."""
    with opened(tmp_path / "other.sqlite3") as other:
        with other.write() as db:
            metadata.create_all(db)
        assert _definitions(sqlite_ledger) == _definitions(other)


def _definitions(ledger: Ledger) -> set[str]:
    query = "SELECT sql FROM sqlite_master WHERE tbl_name <> 'alembic_version'"
    with ledger.read() as db:
        found = db.exec_driver_sql(query).scalars().all()
    plain = {" ".join(sql.replace("\t", " ").split()) for sql in found if sql}
    plain = {
        sql.replace(" ,", ",").replace("( ", "(").replace(" )", ")") for sql in plain
    }
    return {_with_keys_behind(sql) for sql in plain}


def _with_keys_behind(sql: str) -> str:
    """Return a table's definition with the foreign keys of added columns at its end."""
    inline = re.findall(r"(\w+) INTEGER (REFERENCES \w+ \(\w+\))", sql)
    head, end, options = sql.rpartition(")")
    for column, target in inline:
        head = head.replace(f"{column} INTEGER {target}", f"{column} INTEGER")
        head += f", FOREIGN KEY({column}) {target}"
    return head + end + options


@pytest.mark.postgres
def test_migrations_build_the_same_indexes_on_postgresql(empty_postgres: str) -> None:
    with opened(empty_postgres) as ledger:
        migrate(ledger)
        migrated = _postgres_indexes(ledger)
        with ledger.write() as db:
            metadata.drop_all(db)
            metadata.create_all(db)
        assert _postgres_indexes(ledger) == migrated


def _postgres_indexes(ledger: Ledger) -> set[str]:
    query = (
        "SELECT indexdef FROM pg_indexes"
        " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    with ledger.read() as db:
        return set(db.exec_driver_sql(query).scalars())


def test_migrating_again_changes_nothing(sqlite_ledger: Ledger) -> None:
    assert sqlite_ledger.path is not None
    before = sqlite_ledger.path.read_bytes()
    migrate(sqlite_ledger)
    require_current(sqlite_ledger)
    check_integrity(sqlite_ledger)
    assert sqlite_ledger.path.read_bytes() == before


KILLED_MIDWAY = """
import os, signal, sys
import sqlalchemy as sa
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.migrate import migrate

ledger = Ledger(sys.argv[1])
seen = 0

@sa.event.listens_for(ledger.sa_engine, "after_cursor_execute")
def _die(*args):
    global seen
    seen += args[2].lstrip().startswith("CREATE")
    if seen == 9:
        os.kill(os.getpid(), signal.SIGKILL)

migrate(ledger)
"""


def _kill_midway(url: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_MIDWAY, url], check=False)
    assert done.returncode == -signal.SIGKILL


def test_an_upgrade_killed_midway_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    _kill_midway(f"sqlite:///{path}")
    with opened(path) as ledger:
        with ledger.read() as db:
            assert sa.inspect(db).get_table_names() == []
        migrate(ledger)
        require_current(ledger)


@pytest.mark.postgres
def test_an_upgrade_killed_midway_leaves_nothing_on_postgresql(
    empty_postgres: str,
) -> None:
    _kill_midway(empty_postgres)
    with opened(empty_postgres) as ledger:
        with ledger.read() as db:
            assert sa.inspect(db).get_table_names() == []
        migrate(ledger)
        require_current(ledger)


def test_a_newer_schema_is_refused(ledger: Ledger) -> None:
    _set_revision(ledger, "9999")
    for look in (migrate, require_current):
        with pytest.raises(LedgerTooNewError, match="9999"):
            look(ledger)
    _set_revision(ledger, HEAD)


def _set_revision(ledger: Ledger, revision: str) -> None:
    with ledger.write() as db:
        db.execute(
            sa.text("UPDATE alembic_version SET version_num = :new"), {"new": revision}
        )


def test_only_the_daemon_migrates(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "new.sqlite3") as ledger,
        pytest.raises(LedgerTooOldError, match="none"),
    ):
        require_current(ledger)


# ------------------------------------------------------------------- damaged, missing


@pytest.mark.parametrize("content", [b"not a database" * 100, b"\x00" * 8192])
def test_a_file_that_is_no_ledger_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(content)
    for look in (migrate, require_current, check_integrity):
        with opened(path) as ledger, pytest.raises(LedgerError, match="no ledger"):
            look(ledger)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_damage_inside_is_found_and_left_alone(sqlite_ledger: Ledger) -> None:
    path = sqlite_ledger.path
    assert path is not None
    drop(sqlite_ledger, "alice", links(*(f"v{n}" for n in range(300))))
    sqlite_ledger.close()
    whole = path.read_bytes()
    holed = whole[:20480] + b"\xff" * (len(whole) - 24576) + whole[-4096:]
    path.write_bytes(holed)
    with pytest.raises(LedgerError, match="damaged") as told:
        check_integrity(sqlite_ledger)
    assert "ytaudio ledger restore" in told.value.hint
    assert path.read_bytes() == holed


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "ledger.sqlite3"
    with opened(path) as ledger, pytest.raises(LedgerError, match="missing") as told:
        migrate(ledger)
    assert "folder must exist" in told.value.hint


AS_NOBODY = """
import os, sys
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.ledger import Ledger, sessions
from ytaudio_daemon.model.clock import Now

ledger = Ledger(sys.argv[1])
with ledger.read() as db:  # loads what is loaded late: nobody may not read the venv
    sessions.list_sessions(db)
ledger.close()
os.setgroups([]); os.setgid({0}); os.setuid({0})
with ledger.read() as db:
    print(len(sessions.list_sessions(db)))
try:
    with ledger.write() as db:
        sessions.open_session(db, "bob", Now(wall=1.0, uptime_s=1.0))
except LedgerError as error:
    print(type(error).__name__, error.message, error.hint)
"""


@needs_root
def test_a_file_of_somebody_else_can_be_read_but_not_written(
    sqlite_template: Path,
) -> None:
    """Under /var/tmp: pytest's own folders are closed to other users."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        path = shutil.copy(sqlite_template, Path(folder) / "ledger.sqlite3")
        Path(path).chmod(0o644)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY.format(NOBODY), f"sqlite:///{path}"],
            capture_output=True,
            text=True,
            check=True,
        )
    count, told = done.stdout.splitlines()
    assert count == "0"
    assert told.startswith("LedgerError the ledger /var/tmp/")
    assert "must be writable for this user" in told


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://x/y", "sqlite or postgresql"),
        ("nonsense", "unusable"),
    ],
)
def test_an_unusable_url_is_named(url: str, words: str) -> None:
    with pytest.raises(LedgerError, match=words):
        Ledger(url)


def test_a_network_share_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No share can be mounted here, so only the kernel's answer is invented."""
    database.refuse_network_share(tmp_path)
    assert database.file_system_magic(Path("/proc")) == 0x9FA0
    assert database.file_system_magic(tmp_path / "missing") == 0
    monkeypatch.setattr(database, "file_system_magic", lambda _: 0x6969)
    with pytest.raises(LedgerError, match="NFS") as told:
        Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3")
    assert "local folder" in told.value.hint


# ------------------------------------------------------------------------ under way


def test_sqlite_is_set_up_for_safety(sqlite_template: Path) -> None:
    wanted = {"journal_mode": "persist", "synchronous": 3, "foreign_keys": 1}
    with opened(sqlite_template) as ledger, ledger.read() as db:
        found = {name: db.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
    assert found == wanted


def test_rows_of_nothing_are_refused(ledger: Ledger) -> None:
    """Foreign keys hold; a mistake of this program is not dressed up as trouble."""
    statement = "INSERT INTO attempts (job_id, number, host, started_at)"
    with pytest.raises(sa.exc.IntegrityError), ledger.write() as db:
        db.exec_driver_sql(f"{statement} VALUES (999, 1, 'x', 0)")


@pytest.mark.parametrize("deed", ["removed", "replaced"])
def test_a_file_gone_under_the_daemon_is_noticed(
    sqlite_ledger: Ledger, deed: str
) -> None:
    path = sqlite_ledger.path
    assert path is not None
    sqlite_ledger.check_not_replaced()
    sqlite_ledger.remember_inode()
    sqlite_ledger.check_not_replaced()
    with sqlite_ledger.write() as db:
        sessions.open_session(db, "alice", NOW)
    copy = shutil.copy(path, path.with_name("copy"))
    path.unlink()
    if deed == "replaced":
        Path(copy).rename(path)
    with pytest.raises(LedgerGoneError, match="deleted or replaced"):
        sqlite_ledger.check_not_replaced()


def test_a_folder_that_is_closed_says_nothing_about_the_file(
    sqlite_ledger: Ledger,
) -> None:
    """Neither gone nor there; root looks into every folder but one without end."""
    path = sqlite_ledger.path
    assert path is not None
    sqlite_ledger.remember_inode()
    aside = path.parent.rename(path.parent.with_name("aside"))
    path.parent.symlink_to(path.parent)
    with pytest.raises(LedgerUnreachableError, match="cannot be seen"):
        sqlite_ledger.check_not_replaced()
    path.parent.unlink()
    aside.rename(path.parent)
    sqlite_ledger.check_not_replaced()


def test_a_postgresql_has_no_file_to_miss(ledger: Ledger) -> None:
    ledger.remember_inode()
    ledger.check_not_replaced()


def test_a_write_waits_its_patience_and_then_says_so(
    ledger: Ledger, ledger_url: str
) -> None:
    with opened(ledger_url, busy_timeout_s=0.2) as hasty, ledger.write():
        with pytest.raises(LedgerBusyError, match="busy"), hasty.write():
            pass
        with hasty.read() as db:
            assert sessions.list_sessions(db) == []
    with opened(ledger_url, busy_timeout_s=0.2) as hasty, hasty.write() as db:
        assert sessions.open_session(db, "alice", NOW).id == 1


def test_a_full_disk_loses_nothing_and_passes(sqlite_ledger: Ledger) -> None:
    """SQLite's own page limit stands for the disk: the same SQLITE_FULL."""
    with sqlite_ledger.write() as db:
        pages = db.exec_driver_sql("PRAGMA page_count").scalar()
        db.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerFullError, match="full"):
        drop(sqlite_ledger, "alice", links(*(f"v{n}" for n in range(900))))
    assert states(sqlite_ledger) == []
    check_integrity(sqlite_ledger)
    with sqlite_ledger.write() as db:
        db.exec_driver_sql("PRAGMA max_page_count = 1000000")
    drop(sqlite_ledger, "alice", links("a"))
    assert states(sqlite_ledger) == ["queued"]


def test_a_reader_that_stays_delays_the_commit_and_no_more(
    sqlite_ledger: Ledger,
) -> None:
    """In DELETE mode an open read transaction holds commits up."""
    assert sqlite_ledger.path is not None
    with opened(sqlite_ledger.path, busy_timeout_s=0.2) as hasty:
        with sqlite_ledger.read() as db:
            assert sessions.list_sessions(db) == []
            with pytest.raises(LedgerBusyError), hasty.write() as mine:
                sessions.open_session(mine, "alice", NOW)
        with hasty.write() as mine:
            assert sessions.list_sessions(mine) == [], "rolled back as a whole"
            sessions.open_session(mine, "alice", NOW)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("40P01", LedgerBusyError),
        ("40001", LedgerBusyError),
        ("53100", LedgerFullError),
        ("53300", LedgerUnreachableError),
        ("08006", LedgerUnreachableError),
        ("53200", LedgerUnreachableError),
        ("57014", LedgerUnreachableError),
        ("58030", LedgerUnreachableError),
        ("25006", LedgerUnreachableError),
        ("XX002", LedgerError),
    ],
)
def test_what_postgresql_says_gets_its_name(
    postgres_template: str, state: str, kind: type[LedgerError]
) -> None:
    said = f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"
    with opened(postgres_template) as ledger, pytest.raises(kind), ledger.write() as db:
        db.exec_driver_sql(said)


def test_an_error_in_the_middle_rolls_back(ledger: Ledger) -> None:
    def stumble() -> None:
        with ledger.write() as db:
            sessions.open_session(db, "alice", NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stumble()
    with ledger.read() as db:
        assert sessions.list_sessions(db) == []


def test_a_read_never_writes(ledger: Ledger) -> None:
    with ledger.read() as db:
        sessions.open_session(db, "alice", NOW)
    with ledger.read() as db:
        assert sessions.list_sessions(db) == []


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    url = f"postgresql://me:secret@/ledger?host={tmp_path}"
    with opened(url) as ledger, pytest.raises(LedgerUnreachableError) as told:
        migrate(ledger)
    assert "secret" not in told.value.message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush@h/ledger",
        "postgresql://me@h/ledger?password=hush",
        "postgresql://me@h/ledger?sslmode=require&sslpassword=hush",
        "postgresql://h/ledger?user=me&PASSWORD=hush",
        "postgresql://me@h/ledger?oauth_client_secret=hush",
        "postgresql://me@h/ledger?scram_client_key=hush",
    ],
)
def test_no_name_of_a_ledger_has_a_password(url: str) -> None:
    with opened(url) as ledger:
        names = ledger.label, ledger.url_without_password, redact_credentials(url)
    assert "hush" not in str(names)
    kept = "postgresql://h/ledger?passfile=/etc/pw"
    with opened(kept) as ledger:
        assert "passfile" in ledger.label


@pytest.mark.postgres
def test_a_lost_connection_is_named_and_made_anew(
    ledger: Ledger, open_again: Callable[[], Ledger]
) -> None:
    if ledger.is_sqlite:
        return  # it has no connection to lose

    def lose_it() -> None:
        with ledger.write() as db:
            sessions.open_session(db, "alice", NOW)
            mine = db.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            with open_again().read() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({mine})")

    with pytest.raises(LedgerUnreachableError, match="cannot be reached"):
        lose_it()
    with ledger.write() as db:
        assert sessions.list_sessions(db) == []
        sessions.open_session(db, "alice", NOW)


@pytest.mark.postgres
def test_one_daemon_a_ledger(ledger: Ledger, open_again: Callable[[], Ledger]) -> None:
    other = open_again()
    with ledger.hold_daemon_lock() as first, other.hold_daemon_lock() as second:
        assert first
        assert second is ledger.is_sqlite, "SQLite leaves that to the daemon's lock"
        drop(ledger, "alice", links("a"))
    with other.hold_daemon_lock() as later:
        assert later


@pytest.mark.parametrize("value", ["CAST(x'ff' AS TEXT)", "'no JSON'"])
def test_a_row_that_cannot_be_read_is_called_damage(
    sqlite_ledger: Ledger, value: str
) -> None:
    drop(sqlite_ledger, "alice", links("a"))
    with sqlite_ledger.write() as db:
        db.exec_driver_sql(f"UPDATE jobs SET options = {value}")
    with (
        pytest.raises(LedgerError, match="damaged") as caught,
        sqlite_ledger.read() as db,
    ):
        queries.find_jobs(db)
    assert "ytaudio ledger restore" in caught.value.hint
