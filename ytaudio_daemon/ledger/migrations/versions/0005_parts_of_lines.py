"""A line may hold several links: each is a part with a row and a job of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

Big = sa.Integer().with_variant(postgresql.BIGINT(), "postgresql")

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_lines()
    else:
        op.add_column("lines", _part())
        op.execute(
            "ALTER TABLE lines DROP CONSTRAINT lines_pkey,"
            " ADD PRIMARY KEY (drop_id, line, part)"
        )
    op.add_column(
        "drops",
        sa.Column("cursor_part", Big, nullable=False, server_default="0"),
    )
    op.add_column("jobs", sa.Column("drop_part", Big))
    op.create_table(
        "switched_off_links",
        sa.Column("drop_id", Big, nullable=False),
        sa.Column("line", Big, nullable=False),
        sa.Column("number", Big, nullable=False),
        sa.ForeignKeyConstraint(["drop_id"], ["drops.id"]),
        sa.PrimaryKeyConstraint("drop_id", "line", "number"),
        sqlite_with_rowid=False,
    )


def _rebuild_lines() -> None:
    """Copy the table: SQLite changes no primary key.

    The old table is renamed, not the new one, whose definition thus stays as written.
    """
    op.drop_index("lines_of_a_job", "lines")
    op.rename_table("lines", "lines_without_parts")
    op.create_table(
        "lines",
        sa.Column("drop_id", Big, nullable=False),
        sa.Column("line", Big, nullable=False),
        _part(),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("again", sa.Text(), nullable=True),
        sa.Column("job_id", Big, nullable=True),
        sa.ForeignKeyConstraint(["drop_id"], ["drops.id"]),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("drop_id", "line", "part"),
        sqlite_with_rowid=False,
    )
    columns = "drop_id, line, text, result, code, message, again, job_id"
    op.execute(
        f"INSERT INTO lines ({columns}) SELECT {columns}"  # noqa: S608 - names above
        " FROM lines_without_parts ORDER BY drop_id, line"
    )
    op.drop_table("lines_without_parts")
    op.create_index("lines_of_a_job", "lines", ["job_id"], unique=False)


def _part() -> sa.Column[int]:
    return sa.Column("part", Big, server_default="0", nullable=False)
