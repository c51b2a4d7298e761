"""The ledger: sessions, drops, lines, jobs, attempts, events. All SQL is here.

Every function gets the connection of a transaction that the caller opened with
`Ledger.write()` or `Ledger.read()`, so one decision is one transaction.

Statements that every job, drop or tick of the daemon asks are built once: they stand as
constants at the top of their modules, with `bindparam` for what differs. SQLAlchemy
takes five times as long to build a statement as to run it; compiled, it is in the
engine's cache either way. Bound names begin with `of_` where they name a row and with
`more_` where they are added to a column. They never equal a column's name, for those are
what an UPDATE or INSERT sets: `db.execute(_MOVE, {"of_job": 7, "state": "queued"})`.
"""

from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.database import Ledger

__all__ = ["Connection", "Ledger"]
