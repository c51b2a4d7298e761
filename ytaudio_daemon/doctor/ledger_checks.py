"""Checks that the ledger exists, is sound, and has our schema."""

from collections.abc import Iterator
from pathlib import Path

from ytaudio_daemon.doctor.check_result import CheckResult, broken, ok, warning
from ytaudio_daemon.errors import LedgerError, LedgerTooOldError
from ytaudio_daemon.ledger import Ledger, migrate


def check_ledger(url: str) -> Iterator[CheckResult]:
    """Yield the result on the ledger.

    Args:
        url: `[database] url`, as the settings give it: never empty.
    """
    if url.startswith("sqlite"):
        path = Path(url.partition(":///")[2])
        if not path.exists():  # opening it would make an empty one
            yield warning("database", f"{path} is not there yet; the daemon makes it")
            return
    try:
        ledger = Ledger(url)
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
