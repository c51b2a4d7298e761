"""The daemon and a ledger of an older program: a copy first, then the migration."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.ledger_rig import drop, links, states
from ytaudio_daemon.daemon.open_ledger import open_ledger
from ytaudio_daemon.downloader.open_ledger import open_or_create_ledger
from ytaudio_daemon.errors import LedgerFullError
from ytaudio_daemon.ledger import Ledger, backup, migrate
from ytaudio_daemon.settings import Settings, load

#: Two steps that a later program might take.
STEP = """
import sqlalchemy as sa
from alembic import op

revision = "{new}"
down_revision = "{old}"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("mood_{new}", sa.Text()))
{more}
"""
FAILS = '    raise RuntimeError("no")\n'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = load(None, {}, {"paths.root": str(tmp_path)})
    found.paths.state.mkdir()
    return found


@pytest.fixture
def old_ledger(settings: Settings) -> Path:
    """A ledger of this program, with a job in it."""
    with open_ledger(settings) as ledger:
        drop(ledger, "party", links("A"))
    return settings.paths.state / "ledger.sqlite3"


@pytest.fixture
def upgrade_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Make this the program of two revisions later."""
    scripts = tmp_path / "migrations"
    shutil.copytree(migrate.SCRIPTS, scripts)

    def upgrade(more: str = "") -> None:
        for old, new, text in ((migrate.HEAD, "8001", ""), ("8001", "8002", more)):
            step = STEP.format(old=old, new=new, more=text)
            (scripts / "versions" / f"{new}_later.py").write_text(step)
        monkeypatch.setattr(migrate, "SCRIPTS", scripts)
        monkeypatch.setattr(migrate, "HEAD", "8002")

    return upgrade


def columns(ledger: Ledger) -> set[str]:
    with ledger.read() as db:
        rows = db.exec_driver_sql("PRAGMA table_info(jobs)").all()
    return {row[1] for row in rows}


def copies(settings: Settings) -> list[Path]:
    return sorted((settings.paths.state / backup.FOLDER).glob("*"))


def test_a_new_ledger_and_one_up_to_date_need_no_copy(
    settings: Settings, old_ledger: Path
) -> None:
    with open_ledger(settings):
        pass
    assert old_ledger.exists()
    assert copies(settings) == []


def test_an_older_ledger_is_copied_then_migrated_over_two_steps(
    settings: Settings, old_ledger: Path, upgrade_program: Callable[[], None]
) -> None:
    revision = migrate.HEAD
    upgrade_program()
    with open_ledger(settings) as ledger:
        assert {"mood_8001", "mood_8002"} <= columns(ledger)
        assert states(ledger) == ["queued"]
    (copy,) = copies(settings)
    assert copy.name.startswith(f"ledger-schema-{revision}-")
    assert copy.stat().st_mode & 0o777 == 0o600
    kept = Ledger(f"sqlite:///{copy}")
    assert not {"mood_8001", "mood_8002"} & columns(kept)
    assert states(kept) == ["queued"]
    kept.close()
    assert old_ledger.exists()


def test_a_program_that_migrates_a_ledger_copies_it_too(
    settings: Settings, old_ledger: Path, upgrade_program: Callable[[], None]
) -> None:
    upgrade_program()
    with open_or_create_ledger(settings) as ledger:
        assert "mood_8002" in columns(ledger)
    (copy,) = copies(settings)
    assert copy.name.startswith("ledger-schema-")
    assert old_ledger.exists()


def test_alembic_ends_with_the_child_that_migrated(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from ytaudio_daemon.daemon.open_ledger import open_ledger
from ytaudio_daemon.ledger import sessions
from ytaudio_daemon.settings import load

settings = load(None, {{}}, {{"paths.root": {str(tmp_path)!r}}})
settings.paths.state.mkdir()
with open_ledger(settings) as ledger, ledger.read() as db:
    assert sessions.active_session(db, "nobody") is None
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_migration_that_fails_leaves_the_ledger_and_its_copy(
    settings: Settings, old_ledger: Path, upgrade_program: Callable[[str], None]
) -> None:
    revision, before = migrate.HEAD, old_ledger.read_bytes()
    upgrade_program(FAILS)
    with pytest.raises(RuntimeError, match="no"), open_ledger(settings):
        pass
    found = Ledger(f"sqlite:///{old_ledger}")
    assert "mood_8001" not in columns(found)
    found.close()
    assert [copy.name[:19] for copy in copies(settings)] == [
        f"ledger-schema-{revision}-"
    ]
    assert len(before) == old_ledger.stat().st_size


def test_without_room_for_a_copy_nothing_is_migrated(
    settings: Settings,
    old_ledger: Path,
    upgrade_program: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upgrade_program()
    monkeypatch.setattr(backup, "FREE_SPACE_MARGIN", 1 << 60)
    before = old_ledger.read_bytes()
    with (
        pytest.raises(LedgerFullError, match="needs"),
        open_ledger(settings),
    ):
        pass
    assert old_ledger.read_bytes() == before
