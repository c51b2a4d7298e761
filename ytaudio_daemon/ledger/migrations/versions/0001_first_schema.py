"""The first schema."""

import sqlalchemy as sa
from alembic import op

Big = sa.Integer().with_variant(sa.BIGINT(), "postgresql")
Real = sa.Float().with_variant(sa.DOUBLE_PRECISION(), "postgresql")

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("at", Real, nullable=False),
        sa.Column("session_id", Big, nullable=False),
        sa.Column("job_id", Big, nullable=True),
        sa.Column("drop_id", Big, nullable=True),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("attempt", Big, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_of_a_job", "events", ["job_id"], unique=False)
    op.create_table(
        "gates",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("closed_at", Real, nullable=False),
        sa.Column("until", Real, nullable=False),
        sa.Column("closures", Big, nullable=False),
        sa.Column("probe_job_id", Big, nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "pace",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("tokens", Real, nullable=False),
        sa.Column("filled_at", Real, nullable=False),
        sa.PrimaryKeyConstraint("site"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", Real, nullable=False),
        sa.Column("last_activity_at", Real, nullable=False),
        sa.Column("last_activity_lived", Real, nullable=False),
        sa.Column("max_jobs", Big, nullable=True),
        sa.Column("max_bytes", Big, nullable=True),
        sa.Column("ttl_s", Real, nullable=True),
        sa.Column("on_expiry", sa.Text(), nullable=True),
        sa.Column("used_bytes", Big, server_default="0", nullable=False),
        sa.Column("accepted", Big, server_default="0", nullable=False),
        sa.Column("removal", sa.Text(), nullable=True),
        sa.Column("turn", Big, server_default="0", nullable=False),
        sa.Column("queued", Big, server_default="0", nullable=False),
        sa.Column("held", Big, server_default="0", nullable=False),
        sa.Column("running", Big, server_default="0", nullable=False),
        sa.Column("waiting", Big, server_default="0", nullable=False),
        sa.Column("completed", Big, server_default="0", nullable=False),
        sa.Column("failed", Big, server_default="0", nullable=False),
        sa.Column("cancelled", Big, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uuid"),
        sqlite_autoincrement=True,
    )
    op.create_index("sessions_by_name", "sessions", ["name"], unique=False)
    op.create_index("sessions_by_turn", "sessions", ["turn"], unique=False)
    op.create_index(
        "sessions_in_turn",
        "sessions",
        ["turn"],
        unique=False,
        sqlite_where=sa.text("queued > 0"),
        postgresql_where=sa.text("queued > 0"),
    )
    op.create_index(
        "sessions_one_active_of_a_name",
        "sessions",
        ["name"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "totals",
        sa.Column("id", Big, nullable=False),
        sa.Column("queued", Big, server_default="0", nullable=False),
        sa.Column("held", Big, server_default="0", nullable=False),
        sa.Column("running", Big, server_default="0", nullable=False),
        sa.Column("waiting", Big, server_default="0", nullable=False),
        sa.Column("completed", Big, server_default="0", nullable=False),
        sa.Column("failed", Big, server_default="0", nullable=False),
        sa.Column("cancelled", Big, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "drops",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("session_id", Big, nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", Big, nullable=False),
        sa.Column("received_at", Real, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cursor", Big, server_default="0", nullable=False),
        sa.Column("accepted", Big, server_default="0", nullable=False),
        sa.Column("duplicate", Big, server_default="0", nullable=False),
        sa.Column("rejected", Big, server_default="0", nullable=False),
        sa.Column("filed_name", sa.LargeBinary(), nullable=True),
        sa.Column(
            "at_root", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("drops_of_a_session", "drops", ["session_id", "name"], unique=False)
    op.create_index(
        "drops_unfiled",
        "drops",
        ["session_id", "name", "sha256"],
        unique=True,
        sqlite_where=sa.text("state IN ('recording', 'recorded')"),
        postgresql_where=sa.text("state IN ('recording', 'recorded')"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("session_id", Big, nullable=False),
        sa.Column("drop_id", Big, nullable=True),
        sa.Column("drop_line", Big, nullable=True),
        sa.Column("video_id", sa.Text(), nullable=False),
        sa.Column("audio_key", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("priority", Big, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column(
            "cancel_requested",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
        ),
        sa.Column("attempt", Big, server_default="0", nullable=False),
        sa.Column("charged", Big, server_default="0", nullable=False),
        sa.Column("crashes", Big, server_default="0", nullable=False),
        sa.Column("retry_at", Real, nullable=True),
        sa.Column("pending_lived", Real, nullable=False),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("artist", sa.Text(), nullable=True),
        sa.Column("duration_s", Real, nullable=True),
        sa.Column("view_count", Big, nullable=True),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_hint", sa.Text(), nullable=True),
        sa.Column("output_path", sa.Text(), nullable=True),
        sa.Column("file_size_bytes", Big, nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("created_at", Real, nullable=False),
        sa.Column("started_at", Real, nullable=True),
        sa.Column("finalized_at", Real, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "session_id", "audio_key", name="jobs_one_audio_in_a_session"
        ),
        sa.UniqueConstraint("uuid"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"]),
        sa.ForeignKeyConstraint(["drop_id"], ["drops.id"]),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "jobs_finalized",
        "jobs",
        ["session_id", "finalized_at"],
        unique=False,
        sqlite_where=sa.text("finalized_at IS NOT NULL"),
        postgresql_where=sa.text("finalized_at IS NOT NULL"),
    )
    op.create_index("jobs_of_a_session", "jobs", ["session_id", "id"], unique=False)
    op.create_index(
        "jobs_waiting_in_a_session",
        "jobs",
        ["session_id", sa.text("priority DESC"), "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("jobs_of_a_drop", "jobs", ["drop_id"], unique=False)
    op.create_index(
        "jobs_running",
        "jobs",
        ["session_id", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "jobs_waiting",
        "jobs",
        ["retry_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "attempts",
        sa.Column("job_id", Big, nullable=False),
        sa.Column("number", Big, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=True),
        sa.Column("started_at", Real, nullable=False),
        sa.Column("ended_at", Real, nullable=True),
        sa.Column("downloaded_bytes", Big, nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("log_tail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id", "number"),
    )
    op.create_index("attempts_by_end", "attempts", ["ended_at"], unique=False)
    op.create_table(
        "lines",
        sa.Column("drop_id", Big, nullable=False),
        sa.Column("line", Big, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("again", sa.Text(), nullable=True),
        sa.Column("job_id", Big, nullable=True),
        sa.ForeignKeyConstraint(["drop_id"], ["drops.id"]),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("drop_id", "line"),
        sqlite_with_rowid=False,
    )
    op.create_index("lines_of_a_job", "lines", ["job_id"], unique=False)
    op.create_table(
        "shelf",
        sa.Column("job_id", Big, nullable=False),
        sa.Column("attempt", Big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index(
        "jobs_queued",
        "jobs",
        ["session_id", sa.text("priority DESC"), "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "jobs_held",
        "jobs",
        ["session_id", sa.text("priority DESC"), "id"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.execute("INSERT INTO totals (id) VALUES (1)")
