"""The ledger: there, of our schema, sound."""

from collections.abc import Iterator
from pathlib import Path

from ytaudio_daemon.doctor.check_result import CheckResult, broken, ok, warning
from ytaudio_daemon.errors import LedgerError, LedgerTooOldError
from ytaudio_daemon.ledger import Ledger, migrate


def check_ledger(url: str) -> Iterator[CheckResult]:
    """Yield what was found of the ledger.

    Args:
        url: `[database] url`, filled in.
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
