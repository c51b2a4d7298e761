"""The types of columns, partial indexes, and the `MetaData` of all tables.

PostgreSQL's dialect is not imported here: it takes 2 MiB, which a daemon on SQLite would
hold for as long as it runs.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Double,
    Float,
    Index,
    Integer,
    MetaData,
    TextClause,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex

metadata = MetaData()

#: SQLite's own INTEGER is 64 bit; PostgreSQL's is not.
Big = Integer().with_variant(BigInteger(), "postgresql")
Real = Float().with_variant(Double(), "postgresql")

#: Key in the `info` of an index: the condition that its rows meet.
_WHERE = "where"


def partial_index(
    name: str, *columns: str | TextClause, where: str, unique: bool = False
) -> Index:
    """Return an index of the rows that meet a condition, the same on both databases."""
    return Index(
        name, *columns, unique=unique, sqlite_where=text(where), info={_WHERE: where}
    )


@compiles(CreateIndex, "postgresql")
def _create_index(create: CreateIndex, compiler: Any, **options: Any) -> str:
    """Return PostgreSQL's CREATE INDEX, with the condition of a partial index."""
    statement: str = compiler.visit_create_index(create, **options)
    where = create.element.info.get(_WHERE)
    return statement if where is None else f"{statement} WHERE {where}"
