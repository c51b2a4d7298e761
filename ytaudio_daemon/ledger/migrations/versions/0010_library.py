"""What collections are called in the library, and what was written there for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

Big = sa.Integer().with_variant(postgresql.BIGINT(), "postgresql")

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "library_collections",
        sa.Column(
            "collection_id", Big, sa.ForeignKey("collections.id"), primary_key=True
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("playlist", sa.Text),
        sa.Column("cover", sa.Text),
        sa.Column("cover_identity", sa.Text),
    )
