"""Collections: playlists, albums and channels, their entries, and the jobs of these."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

Big = sa.Integer().with_variant(postgresql.BIGINT(), "postgresql")
Real = sa.Float().with_variant(postgresql.DOUBLE_PRECISION(), "postgresql")

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _create_collections()
    _create_entries()
    # In one statement each, as SQLite adds no constraint afterwards.
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    for table in ("lines", "jobs"):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN collection_id {kind}"
            " REFERENCES collections (id)"
        )
    op.add_column("jobs", sa.Column("collection_position", Big))
    is_named = sa.text("collection_id IS NOT NULL")
    op.create_index(
        "lines_of_a_collection",
        "lines",
        ["collection_id"],
        sqlite_where=is_named,
        postgresql_where=is_named,
    )


def _create_collections() -> None:
    no = sa.text("false")
    op.create_table(
        "collections",
        sa.Column("id", Big, primary_key=True, autoincrement=True),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        sa.Column("session_id", Big, sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("drop_id", Big, sa.ForeignKey("drops.id")),
        sa.Column("drop_line", Big),
        sa.Column("drop_part", Big),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("is_music", sa.Boolean, nullable=False, server_default=no),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("priority", Big, nullable=False),
        sa.Column("selection", sa.JSON, nullable=False),
        sa.Column("selection_digest", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        _count("attempt"),
        _count("asked_attempt"),
        _count("charged"),
        _count("crashes"),
        sa.Column("retry_at", Real),
        sa.Column("pending_lived", Real, nullable=False),
        sa.Column("host", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("channel", sa.Text),
        sa.Column("album", sa.JSON),
        sa.Column("entry_count", Big),
        sa.Column("is_cut", sa.Boolean, nullable=False, server_default=no),
        sa.Column("error_kind", sa.Text),
        sa.Column("error_code", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("error_hint", sa.Text),
        sa.Column("created_at", Real, nullable=False),
        sa.Column("started_at", Real),
        sa.Column("listed_at", Real),
        sa.Column("finalized_at", Real),
        sa.UniqueConstraint(
            "session_id",
            "key",
            "profile",
            "selection_digest",
            name="collections_one_selection_in_a_session",
        ),
        sqlite_autoincrement=True,
    )
    is_unfinished = sa.text("state IN ('queued', 'running', 'waiting')")
    op.create_index(
        "collections_unfinished",
        "collections",
        ["session_id", "state"],
        sqlite_where=is_unfinished,
        postgresql_where=is_unfinished,
    )
    op.create_index("collections_of_a_drop", "collections", ["drop_id"])


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, Big, nullable=False, server_default="0")


def _create_entries() -> None:
    op.create_table(
        "entries",
        sa.Column(
            "collection_id", Big, sa.ForeignKey("collections.id"), primary_key=True
        ),
        sa.Column("video_id", sa.Text, primary_key=True),
        sa.Column("position", Big, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("duration_s", Real),
        sa.Column("upload_date", sa.Text),
        sa.Column("track", Big),
        sa.Column("unavailable", sa.Text, nullable=False, server_default=""),
        sa.Column("skipped", sa.Text),
        sa.Column("job_id", Big, sa.ForeignKey("jobs.id")),
        sa.Column("attempt", Big, nullable=False),
        sa.Column("first_seen_at", Real, nullable=False),
        sa.Column("gone_at", Real),
        sqlite_with_rowid=False,
    )
    op.create_index("entries_of_a_job", "entries", ["job_id"])
    op.create_index("entries_in_order", "entries", ["collection_id", "position"])
