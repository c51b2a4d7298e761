"""Reads and writes a thousand rows with SQL of the driver, on both databases.

The work of SQLAlchemy Core on each row costs more than SQLite's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

Key = TypeVar("Key", str, int, bytes)

#: SQLite takes at most 999 bound values a statement when built with old defaults.
MAX_KEYS_PER_QUERY = 500
_LAST_ID_SQLITE = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
_NEXT_IDS_POSTGRES = sa.text(
    "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"
)


def jobs_by_key(db: Connection, session_id: int, keys: Sequence[str]) -> dict[str, Any]:
    """Return the session's jobs of those audio keys.

    Returns:
        By audio key, rows of id, audio_key, state, cancel_requested, output_path,
        created_at.
    """
    mark = placeholder(db)
    found: dict[str, Any] = {}
    for some in key_batches(keys):
        query = (
            "SELECT id, audio_key, state, cancel_requested, output_path, created_at"  # noqa: S608 - marks
            f" FROM jobs WHERE session_id = {mark}"
            f" AND audio_key IN ({', '.join([mark] * len(some))})"
        )
        rows = db.exec_driver_sql(query, (session_id, *some)).all()
        found |= {row.audio_key: row for row in rows}
    return found


def key_batches(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Yield the keys in batches of at most `MAX_KEYS_PER_QUERY`."""
    for start in range(0, len(keys), MAX_KEYS_PER_QUERY):
        yield keys[start : start + MAX_KEYS_PER_QUERY]


def placeholder(db: Connection) -> str:
    """Return the placeholder of a bound value in the driver's SQL."""
    return "?" if db.dialect.name == "sqlite" else "%s"


def reserve_ids(db: Connection, table: sa.Table, count: int) -> Sequence[int]:
    """Return numbers for new rows; unused ones leave harmless gaps."""
    if db.dialect.name == "sqlite":
        # This transaction holds the write lock, so no other one can take them.
        last = db.execute(_LAST_ID_SQLITE, {"name": table.name}).scalar() or 0
        return range(last + 1, last + 1 + count)
    wanted = {"name": table.name, "count": count}
    return list(db.execute(_NEXT_IDS_POSTGRES, wanted).scalars())


def insert_rows(
    db: Connection,
    table: sa.Table,
    columns: Sequence[str],
    rows: list[tuple[Any, ...]],
    *,
    ignore_known: bool = False,
    update_known: Sequence[str] = (),
) -> None:
    """Insert rows.

    Args:
        db: A write transaction.
        table: The table.
        columns: Their names; the others get their defaults.
        rows: The values in that order.
        ignore_known: Rows whose keys are in the table are not changed.
        update_known: Columns of rows whose keys are in the table that are changed.
    """
    if not rows:
        return
    marks = ", ".join([placeholder(db)] * len(columns))
    names = ", ".join(f'"{name}"' for name in columns)
    known = " ON CONFLICT DO NOTHING" if ignore_known else ""
    if update_known:
        keys = ", ".join(column.name for column in table.primary_key.columns)
        changes = ", ".join(f'"{name}" = excluded."{name}"' for name in update_known)
        known = f" ON CONFLICT ({keys}) DO UPDATE SET {changes}"
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks}){known}"  # noqa: S608 - names are this package's
    db.exec_driver_sql(statement, rows)


def update_rows(
    db: Connection,
    table: sa.Table,
    changes: Mapping[str, str],
    rows: list[tuple[Any, ...]],
) -> None:
    """Change one row by its ID for each tuple.

    Args:
        db: A write transaction.
        table: Has a column `id`.
        changes: By column: "" sets it to the value, "+" adds the value to it.
        rows: The values in the order of `changes`, then the ID.
    """
    if not rows:
        return
    mark = placeholder(db)
    parts = [
        f'"{column}" = "{column}" + {mark}' if how else f'"{column}" = {mark}'
        for column, how in changes.items()
    ]
    statement = f"UPDATE {table.name} SET {', '.join(parts)} WHERE id = {mark}"  # noqa: S608 - names are this package's
    db.exec_driver_sql(statement, rows)
