"""Outages of YouTube: what attempts have in common, and what they were charged."""

import sqlalchemy as sa
from alembic import op

Big = sa.Integer().with_variant(sa.BIGINT(), "postgresql")
Real = sa.Float().with_variant(sa.DOUBLE_PRECISION(), "postgresql")

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("attempts", sa.Column("signature", sa.Text))
    op.add_column(
        "attempts", sa.Column("charged", Big, nullable=False, server_default="0")
    )
    op.create_table(
        "outages",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("began_at", Real, nullable=False),
        sa.Column("changed_at", Real, nullable=False),
        sa.Column("probe_at", Real, nullable=False),
        sa.Column("rounds", Big, nullable=False),
        sa.Column("is_settled", sa.Boolean, nullable=False),
    )
