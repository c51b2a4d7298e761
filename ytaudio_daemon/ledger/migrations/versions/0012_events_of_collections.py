"""Events name the collection that they are about."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

Big = sa.Integer().with_variant(postgresql.BIGINT(), "postgresql")

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("events", sa.Column("collection_id", Big))
