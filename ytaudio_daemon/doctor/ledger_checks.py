"""Checks that the ledger exists, is sound, and has our schema."""

from collections.abc import Iterator

from ytaudio_daemon.doctor.check_result import CheckResult, broken, ok, warning
from ytaudio_daemon.errors import LedgerError, LedgerTooOldError
from ytaudio_daemon.ledger import Ledger, migrate
from ytaudio_daemon.settings.sections import DatabaseSettings


def check_ledger(database: DatabaseSettings) -> Iterator[CheckResult]:
    """Yield the result on the ledger."""
    file = database.sqlite_file
    if file is not None and not file.exists():  # opening it would make an empty one
        yield warning("database", f"{file} is not there yet; the daemon makes it")
        return
    try:
        ledger = Ledger(database.url)
        try:
            yield _check_opened_ledger(ledger)
        finally:
            ledger.close()
    except LedgerTooOldError as error:
        yield warning("database", error.message, error.hint)
    except LedgerError as error:
        yield broken("database", error.message, error.hint)


def _check_opened_ledger(ledger: Ledger) -> CheckResult:
    migrate.check_integrity(ledger)
    migrate.require_current(ledger)
    return ok("database", f"{ledger.label} is sound, schema {migrate.HEAD}")
