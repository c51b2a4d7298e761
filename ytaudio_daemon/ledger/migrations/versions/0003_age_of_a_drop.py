"""How old a drop is, by the daemon's own clock: the wall clock may be years off."""

import sqlalchemy as sa
from alembic import op

Real = sa.Float().with_variant(sa.DOUBLE_PRECISION(), "postgresql")

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "drops",
        sa.Column("received_lived", Real, nullable=False, server_default="0"),
    )
    # Nobody knows how old the ones there are: their age is counted from now on.
    op.execute(
        "UPDATE drops SET received_lived = COALESCE("
        "(SELECT CAST(value AS FLOAT) FROM meta WHERE key = 'lived'), 0)"
    )
