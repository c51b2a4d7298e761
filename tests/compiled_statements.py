"""Each SQL statement is compiled once a process, not once for each ledger.

SQLAlchemy remembers what it has compiled by engine, and nearly every test opens a ledger,
so an engine, of its own: a quarter of the CPU time of such a test went into compiling the
same statements again. How one is compiled depends on nothing of the engine but its dialect.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Compiled, Connection
from sqlalchemy.util import LRUCache

#: Several times as many as all tests together use.
MOST = 5_000


class CompiledStatements(LRUCache[Any, Compiled]):
    """What SQLAlchemy takes as `compiled_cache`; the dialect counts by its name.

    Its keys begin with the dialect, an object of each engine's own.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the compiled statement, or the default."""
        return super().get(_by_name(key), default)

    def __setitem__(self, key: Any, compiled: Compiled) -> None:
        super().__setitem__(_by_name(key), compiled)


def _by_name(key: Any) -> Any:
    dialect, *statement = key
    return (dialect.name, dialect.driver, *statement)


STATEMENTS = CompiledStatements(MOST)


@sa.event.listens_for(sa.Engine, "engine_connect")
def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=STATEMENTS)
