"""Who may read the file of a ledger on SQLite."""

from contextlib import suppress

from ytaudio_daemon.folders.prepare import close_to_others
from ytaudio_daemon.ledger.backup import JOURNAL_SUFFIX
from ytaudio_daemon.ledger.database import Ledger


def close_ledger_to_others(ledger: Ledger) -> None:
    """Take the ledger's files from others than owner and group; SQLite makes them 0644."""
    if ledger.path is None:
        return
    for file in (ledger.path, ledger.path.with_name(ledger.path.name + JOURNAL_SUFFIX)):
        with suppress(FileNotFoundError):
            close_to_others(file)
