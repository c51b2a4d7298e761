"""Cookies of a session: since when, how they fared; which jobs they fetched."""

import sqlalchemy as sa
from alembic import op

Real = sa.Float().with_variant(sa.DOUBLE_PRECISION(), "postgresql")

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for column in (
        sa.Column("cookies_given_at", Real),
        sa.Column("cookies_state", sa.Text),
        sa.Column("cookies_problem", sa.Text),
    ):
        op.add_column("sessions", column)
    for name in ("is_music", "with_cookies"):
        no = sa.text("false")
        op.add_column(
            "jobs", sa.Column(name, sa.Boolean, nullable=False, server_default=no)
        )
