"""The tables of gates, pace and outages; the others are in `schema`."""

from sqlalchemy import Boolean, Column, Table, Text

from ytaudio_daemon.ledger.column_types import Big, Real, metadata

gates = Table(
    "gates",
    metadata,
    Column("name", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("closed_at", Real, nullable=False),
    Column("until", Real, nullable=False),
    # Times it was closed in a row; each doubles the pause.
    Column("closures", Big, nullable=False),
    # The job that runs as the probe when the pause is over.
    Column("probe_job_id", Big),
)

pace = Table(
    "pace",
    metadata,
    Column("site", Text, primary_key=True),
    Column("tokens", Real, nullable=False),
    Column("filled_at", Real, nullable=False),
)

#: At most one row: an outage of YouTube, as `model.outage.Outage` describes it.
outages = Table(
    "outages",
    metadata,
    Column("site", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("began_at", Real, nullable=False),
    Column("changed_at", Real, nullable=False),
    Column("probe_at", Real, nullable=False),
    Column("rounds", Big, nullable=False),
    Column("is_settled", Boolean, nullable=False),
)
