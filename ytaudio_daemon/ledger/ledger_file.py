"""Copies the file of a SQLite ledger before a migration, and sets its permissions."""

from contextlib import suppress

import structlog

from ytaudio_daemon.folders.prepare import close_to_others
from ytaudio_daemon.ledger import backup
from ytaudio_daemon.ledger.backup import JOURNAL_SUFFIX
from ytaudio_daemon.ledger.database import Ledger
from ytaudio_daemon.ledger.migrate import HEAD, outdated_revision

log = structlog.get_logger()


def back_up_before_migration(ledger: Ledger, wall: float) -> None:
    """Copy the ledger if `migrate` is going to change it, and remove old copies.

    A PostgreSQL ledger is backed up by its owner, before the upgrade.

    Args:
        ledger: The caller holds the daemon's lock.
        wall: Now, seconds since 1970, for the copy's name.

    Raises:
        LedgerFullError: There is no room for a copy.
        LedgerError: It cannot be read.
    """
    if ledger.path is None:
        return
    old = outdated_revision(ledger)
    state = ledger.path.parent
    if old is not None:
        target = backup.pre_migration_backup_path(state, old, wall)
        log.info("ledger.migrating", revision=old, to=HEAD, backup=str(target))
        backup.back_up(ledger.path, target)
    backup.remove_old_backups(state, wall)


def close_ledger_to_others(ledger: Ledger) -> None:
    """Remove the permissions of others than owner and group; SQLite creates files as 0644."""
    if ledger.path is None:
        return
    for file in (ledger.path, ledger.path.with_name(ledger.path.name + JOURNAL_SUFFIX)):
        with suppress(FileNotFoundError):
            close_to_others(file)
