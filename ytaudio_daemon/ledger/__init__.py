"""The ledger: sessions, drops, lines, jobs, attempts, events. All SQL is here.

Every function gets the connection of a transaction that the caller opened with
`Ledger.write()` or `Ledger.read()`, so one decision is one transaction.
"""

from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.database import Ledger

__all__ = ["Connection", "Ledger"]
