"""The archive: videos that count as had."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

Real = sa.Float().with_variant(postgresql.DOUBLE_PRECISION(), "postgresql")

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "archive",
        sa.Column("video_id", sa.Text, primary_key=True),
        sa.Column("session", sa.Text, primary_key=True, server_default=""),
        sa.Column("added_at", Real, nullable=False),
        sa.Column("found_in", sa.Text, nullable=False),
        sa.Column("path", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
