"""Upgrades a ledger to this program's schema, and refuses a newer one."""

import os
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from ytaudio_daemon.errors import LedgerTooNewError, LedgerTooOldError
from ytaudio_daemon.ledger.database import Ledger
from ytaudio_daemon.ledger.error_translation import damaged_error
from ytaudio_daemon.system import install_hints

#: The newest revision in `migrations/versions`; a test compares them.
HEAD = "0013"
SCRIPTS = Path(__file__).parent / "migrations"


def migrate(ledger: Ledger) -> None:
    """Create or upgrade the schema. Only the holder of the daemon's lock may call it.

    Raises:
        LedgerTooNewError: A newer program has written this ledger.
        LedgerError: The file is no ledger, or is damaged.
    """
    found = _revision(ledger)
    if found == HEAD:
        return
    _refuse_newer(ledger, found)
    _upgrade(ledger)


def migrate_in_child(ledger: Ledger, busy_timeout_s: float) -> None:
    """Run `migrate` in a child process: the 8 MiB that Alembic takes are freed with it.

    When the child fails, nothing is changed, and the caller's own `migrate` raises the
    error.

    Args:
        ledger: The child opens it anew: no connection may be used on both sides of a fork.
        busy_timeout_s: How long the child waits for another process's write, in seconds.

    Raises:
        LedgerError: It cannot be read.
    """
    if _revision(ledger) == HEAD:
        return
    with suppress(OSError):  # no process can be started
        pid = os.fork()
        if pid == 0:
            _migrate_and_exit(ledger.url, busy_timeout_s)
        os.waitpid(pid, 0)


def _migrate_and_exit(url: URL, busy_timeout_s: float) -> None:
    """Run `migrate`, then exit without the clean-up handlers of the parent."""
    try:
        migrate(Ledger(url.render_as_string(hide_password=False), busy_timeout_s))
    finally:
        os._exit(0)


def require_current(ledger: Ledger) -> None:
    """Make sure that a ledger has this program's schema; for commands.

    Raises:
        LedgerTooOldError: No daemon of this version has upgraded it yet.
        LedgerTooNewError: A newer program has written this ledger.
    """
    found = _revision(ledger)
    if found == HEAD:
        return
    _refuse_newer(ledger, found)
    raise LedgerTooOldError(
        f"the ledger has schema {found or 'none'}, this program needs {HEAD}",
        f"Start the daemon, which upgrades the ledger: {install_hints.start_daemon_command()}",
    )


def outdated_revision(ledger: Ledger) -> str | None:
    """Return the old revision that `migrate` would upgrade; None when there is none.

    Raises:
        LedgerTooNewError: A newer program has written this ledger.
        LedgerError: The file is no ledger, or is damaged.
    """
    found = _revision(ledger)
    _refuse_newer(ledger, found)
    return None if found == HEAD else found


def check_integrity(ledger: Ledger) -> None:
    """Run SQLite's check of its file; PostgreSQL checks its own.

    Raises:
        LedgerError: The file is damaged; nothing is changed.
    """
    if not ledger.is_sqlite:
        return
    with ledger.read() as db:
        verdict = db.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if verdict != "ok":
        raise damaged_error(ledger.label, str(verdict))


def _refuse_newer(ledger: Ledger, found: str | None) -> None:
    if found is not None and found > HEAD:
        raise LedgerTooNewError(
            f"the ledger {ledger.label} has schema {found}, "
            f"newer than this program's {HEAD}",
            "Install the newer ytaudio-daemon again, or restore a backup of the ledger.",
        )


def _revision(ledger: Ledger) -> str | None:
    with ledger.read() as db:
        return _revision_in(db)


def _revision_in(db: Connection) -> str | None:
    if not sa.inspect(db).has_table("alembic_version"):
        return None
    return db.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _upgrade(ledger: Ledger) -> None:
    """Run Alembic in one transaction: a crash leaves the old schema unchanged."""
    from alembic import command  # noqa: PLC0415 - only when there is something to upgrade
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with ledger.write() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "head")
