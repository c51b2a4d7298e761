"""The order of a drop's lines in SQL: by line, then by part."""

import sqlalchemy as sa

from ytaudio_daemon.ledger.schema import Big, lines
from ytaudio_daemon.model import LinePart

ORDER = (lines.c.line, lines.c.part)

#: The line follows the one in `bound_after`; for queries that are built once.
IS_AFTER_BOUND = sa.tuple_(*ORDER) > sa.tuple_(
    sa.bindparam("after_line", type_=Big), sa.bindparam("after_part", type_=Big)
)


def bound_after(after: LinePart) -> dict[str, int]:
    """Return the values of `IS_AFTER_BOUND`."""
    return {"after_line": after.line, "after_part": after.part}
