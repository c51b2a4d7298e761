"""`ledger check`."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import opened
from ytaudio_daemon.errors import LedgerBusyError, LedgerError, LedgerFullError
from ytaudio_daemon.ledger import Ledger, audit, backup, migrate
from ytaudio_daemon.ledger.audit import Flaw


def check(call: Call) -> int:
    """Prove the ledger; 1 when something is wrong with it."""
    with opened(call) as ledger:
        label, found = ledger.label, _flaws(ledger)
    if call.args.json:
        call.screen.json(
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
        call.screen.line(f"{flaw.check}: {flaw.message}")
    if found:
        call.screen.remark(f"{label} is not sound; `ytaudio ledger restore` goes back")
        return Exit.FAILED
    call.screen.line(f"{label} is sound, schema {migrate.HEAD}")
    return Exit.OK


def _flaws(ledger: Ledger) -> list[Flaw]:
    try:
        with _undisturbed(ledger) as still, still.read() as db:
            return list(audit.flaws(db))
    except (LedgerFullError, LedgerBusyError):
        raise  # it could not be looked at, which says nothing of it
    except LedgerError as error:
        return [Flaw(check="integrity", message=error.message)]


@contextmanager
def _undisturbed(ledger: Ledger) -> Iterator[Ledger]:
    """Give a ledger that may be read at leisure.

    A reader holds up the daemon's commits on SQLite, so that is a copy, made page by
    page: what is wrong with the file is wrong with it, too.
    """
    if ledger.path is None:
        yield ledger
        return
    with tempfile.TemporaryDirectory(
        prefix=".check-", dir=_room(ledger.path)
    ) as folder:
        path = Path(folder) / ledger.path.name
        backup.require_room(ledger.path, path.parent)
        backup.copy(ledger.path, path)
        copy = Ledger(f"sqlite:///{path}")
        try:
            yield copy
        finally:
            copy.close()


def _room(ledger: Path) -> Path | None:
    """Return the folder of backups if we may write there, else None: /tmp or so."""
    folder = ledger.parent / backup.FOLDER
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder if os.access(folder, os.W_OK | os.X_OK, effective_ids=True) else None
