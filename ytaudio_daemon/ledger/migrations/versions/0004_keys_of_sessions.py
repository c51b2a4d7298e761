"""Sessions have keys for the API: their UUIDs are in folder names for all to read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("key_sha256", sa.Text))
    op.create_index("sessions_by_key", "sessions", ["key_sha256"], unique=True)
