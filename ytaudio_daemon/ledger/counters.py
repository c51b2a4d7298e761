"""Counters that only grow, for graphs: updated in the transaction that they count.

They are rows of `meta`, one a counter, so that reading them costs the same at a million
jobs. A name may be followed by labels: `attempts:transient`.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.column_types import Real
from ytaudio_daemon.ledger.schema import meta

_PREFIX = "counter:"
_ADD = (
    sa.update(meta)
    .where(meta.c.key == sa.bindparam("of_key"))
    .values(
        value=sa.cast(
            sa.cast(meta.c.value, Real) + sa.bindparam("more", type_=Real), sa.Text
        )
    )
)
_BEGIN = sa.insert(meta)

#: Attempts that ended, by "completed", "interrupted", "cancelled", or a failure kind.
ATTEMPTS = "attempts"
#: Jobs that ended, by state and, of a failed one, its failure kind.
FINISHED_JOBS = "finished_jobs"
DOWNLOADED_BYTES = "downloaded_bytes"
PUBLISHED_BYTES = "published_bytes"
#: Phases that ended, by phase and upper bound of the bucket.
PHASE_BUCKETS = "phase_buckets"
#: Seconds of all ended phases together, by phase.
PHASE_SECONDS = "phase_seconds"


def counter_name(name: str, *labels: str) -> str:
    """Return the name of a counter with labels."""
    return ":".join((name, *labels))


def add(db: Connection, amounts: Mapping[str, float]) -> None:
    """Add to counters; one that does not exist begins at 0."""
    for name, amount in amounts.items():
        if not amount:
            continue
        key = f"{_PREFIX}{name}"
        changed = db.execute(_ADD, {"of_key": key, "more": amount})
        if changed.rowcount == 0:
            db.execute(_BEGIN, {"key": key, "value": str(float(amount))})


def read_all(db: Connection) -> dict[str, float]:
    """Return every counter that has been added to."""
    query = sa.select(meta).where(meta.c.key.startswith(_PREFIX, autoescape=True))
    return {
        row.key.removeprefix(_PREFIX): float(row.value)
        for row in db.execute(query).all()
    }
