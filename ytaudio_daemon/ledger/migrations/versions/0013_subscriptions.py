"""Subscriptions: collections that are listed again; pins against their `keep_last`."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

Big = sa.Integer().with_variant(postgresql.BIGINT(), "postgresql")
Real = sa.Float().with_variant(postgresql.DOUBLE_PRECISION(), "postgresql")

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", Big, primary_key=True, autoincrement=True),
        sa.Column(
            "collection_id",
            Big,
            sa.ForeignKey("collections.id"),
            nullable=False,
            unique=True,
        ),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("interval_s", Real, nullable=False),
        sa.Column("keep_last", Big),
        _text("look"),
        sa.Column("next_lived", Real, nullable=False),
        sa.Column("next_at", Real, nullable=False),
        sa.Column("whole_lived", Real),
        sa.Column("looked_at", Real),
        sa.Column("found_at", Real),
        sa.Column("failures", Big, nullable=False, server_default="0"),
        _text("feed_query"),
        _text("etag"),
        _text("modified"),
        sa.Column("created_at", Real, nullable=False),
        sqlite_autoincrement=True,
    )
    is_active = sa.text("state = 'active'")
    op.create_index(
        "subscriptions_due",
        "subscriptions",
        ["next_lived"],
        sqlite_where=is_active,
        postgresql_where=is_active,
    )
    op.add_column("entries", sa.Column("removal", sa.Text))
    is_pending = sa.text("removal = 'pending'")
    op.create_index(
        "entries_being_removed",
        "entries",
        ["collection_id"],
        sqlite_where=is_pending,
        postgresql_where=is_pending,
    )
    op.create_table(
        "pins",
        sa.Column("job_id", Big, sa.ForeignKey("jobs.id"), primary_key=True),
        sa.Column("pinned_at", Real, nullable=False),
    )
    op.add_column(
        "sessions",
        sa.Column("subscriptions", Big, nullable=False, server_default="0"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")
