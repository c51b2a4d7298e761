"""`ledger check`: verifies the ledger's file, keys, counters and states."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger
from ytaudio_daemon.errors import LedgerBusyError, LedgerError, LedgerFullError
from ytaudio_daemon.ledger import Ledger, audit, backup, migrate
from ytaudio_daemon.ledger.audit import Flaw


def check(context: CommandContext) -> int:
    """Print every flaw of the ledger; 1 when there is one."""
    with open_ledger(context) as ledger:
        label, found = ledger.label, _find_flaws(ledger)
    if context.args.json:
        context.output.json(
            {
                "schema": "ytaudio.ledger-check/1",
                "ledger": label,
                "revision": migrate.HEAD,
                "sound": not found,
                "flaws": [asdict(flaw) for flaw in found],
            }
        )
        return Exit.FAILED if found else Exit.OK
    for flaw in found:
        context.output.line(f"{flaw.check}: {flaw.message}")
    if found:
        context.output.stderr_line(
            f"{label} is not sound; `ytaudio ledger restore` goes back"
        )
        return Exit.FAILED
    context.output.line(f"{label} is sound, schema {migrate.HEAD}")
    return Exit.OK


def _find_flaws(ledger: Ledger) -> list[Flaw]:
    try:
        with _private_copy(ledger) as still, still.read() as db:
            return list(audit.find_flaws(db))
    except (LedgerFullError, LedgerBusyError):
        raise  # the check itself failed, which is no flaw of the ledger
    except LedgerError as error:
        return [Flaw(check="integrity", message=error.message)]


@contextmanager
def _private_copy(ledger: Ledger) -> Iterator[Ledger]:
    """Yield a ledger that may be read for a long time.

    On SQLite a reader blocks the daemon's commits. So there it is a copy, made page by
    page: it has every fault of the file itself.
    """
    if ledger.path is None:
        yield ledger
        return
    with tempfile.TemporaryDirectory(
        prefix=".check-", dir=_copy_folder(ledger.path)
    ) as folder:
        path = Path(folder) / ledger.path.name
        backup.require_free_space(ledger.path, path.parent)
        backup.copy_online(ledger.path, path)
        copy = Ledger(f"sqlite:///{path}")
        try:
            yield copy
        finally:
            copy.close()


def _copy_folder(ledger: Path) -> Path | None:
    """Return the folder of backups; None, for the system's own, if we may not write."""
    folder = ledger.parent / backup.FOLDER
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder if os.access(folder, os.W_OK | os.X_OK, effective_ids=True) else None
