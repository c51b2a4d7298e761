"""The ledger: sessions, drops, lines, jobs, attempts, events. All SQL is here.

Every function gets the connection of a transaction that the caller opened with
`Ledger.write()` or `Ledger.read()`, so one decision is one transaction.

Statements that run for every job, drop or tick of the daemon are built once: they are
constants at the top of their modules, with `bindparam` for the values that differ.
SQLAlchemy takes five times as long to build a statement as to run it; the compiled form
is in the engine's cache either way. Bound names begin with `of_` where they name a row
and with `more_` where they are added to a column. They never equal a column's name: an
UPDATE or INSERT sets the columns named so: `db.execute(_MOVE, {"of_job": 7, "state": "queued"})`.
"""

from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.database import Ledger

__all__ = ["Connection", "Ledger"]
