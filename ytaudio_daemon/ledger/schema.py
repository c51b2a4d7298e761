"""The ledger's tables. `migrations/` creates them; a test compares the two.

Columns named `*_at` are seconds since 1970 UTC; those named `*_lived` are seconds of
the daemons' uptime (`model.clock.Now.uptime_s`).
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ytaudio_daemon.ledger.archive_table import archive
from ytaudio_daemon.ledger.collection_tables import (
    IS_BEING_REMOVED,
    IS_UNLISTED,
    collections,
    entries,
    library_collections,
    pins,
    subscriptions,
)
from ytaudio_daemon.ledger.column_types import Big, Real, metadata, partial_index
from ytaudio_daemon.ledger.gate_tables import gates, outages, pace
from ytaudio_daemon.model import JobState

__all__ = [
    "IS_BEING_REMOVED",
    "IS_UNLISTED",
    "UNFILED",
    "Big",
    "archive",
    "attempts",
    "collections",
    "drops",
    "entries",
    "events",
    "gates",
    "jobs",
    "library_collections",
    "library_entries",
    "lines",
    "meta",
    "metadata",
    "outages",
    "pace",
    "pins",
    "sessions",
    "subscriptions",
    "switched_off_links",
    "totals",
]


def _counters() -> list[Column[int]]:
    """Return one kept counter for each state: reading totals stays fast at any size."""
    return [
        Column(state.value, Big, nullable=False, server_default="0")
        for state in JobState
    ]


meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Real, nullable=False),
    Column("last_activity_at", Real, nullable=False),
    Column("last_activity_lived", Real, nullable=False),
    # The four limits: NULL where the config's default holds.
    Column("max_jobs", Big),
    Column("max_bytes", Big),
    Column("ttl_s", Real),
    Column("on_expiry", Text),
    Column("used_bytes", Big, nullable=False, server_default="0"),
    # Accepted in the session's life, for `over_limit = "reject"`.
    Column("accepted", Big, nullable=False, server_default="0"),
    # Of an expired session: "pending" until its files are in the trash, then "done".
    Column("removal", Text),
    # Round-robin: the session whose job was claimed longest ago has the lowest turn.
    Column("turn", Big, nullable=False, server_default="0"),
    *_counters(),
    # SHA-256 of the key by which the API knows its client; NULL: it has none.
    Column("key_sha256", Text),
    # When its own cookies came; NULL: it has none. They are in the state folder.
    Column("cookies_given_at", Real),
    # A `model.cookies.CookiesState` of their latest use; NULL: never used.
    Column("cookies_state", Text),
    # Why the latest cookies that were dropped are not in use.
    Column("cookies_problem", Text),
    # Those that are not stopped: with any, it does not expire.
    Column("subscriptions", Big, nullable=False, server_default="0"),
    Index("sessions_by_key", "key_sha256", unique=True),
    partial_index(
        "sessions_one_active_of_a_name",
        "name",
        unique=True,
        where="state = 'active'",
    ),
    Index("sessions_by_name", "name"),
    Index("sessions_by_turn", "turn"),
    partial_index(
        "sessions_in_turn",
        "turn",
        where="queued > 0",
    ),
    sqlite_autoincrement=True,  # a number is never given twice
)

#: One row: all sessions' counters together.
totals = Table(
    "totals",
    metadata,
    Column("id", Big, primary_key=True),
    *_counters(),
)

drops = Table(
    "drops",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("session_id", Big, ForeignKey("sessions.id"), nullable=False),
    # Bytes: a file name need not be UTF-8.
    Column("name", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", Big, nullable=False),
    Column("received_at", Real, nullable=False),
    # recording, recorded (every line durable), filed, kept, rejected
    Column("state", Text, nullable=False),
    # The last line that is recorded; a crash resumes behind it.
    Column("cursor", Big, nullable=False, server_default="0"),
    Column("accepted", Big, nullable=False, server_default="0"),
    Column("duplicate", Big, nullable=False, server_default="0"),
    Column("rejected", Big, nullable=False, server_default="0"),
    # Its name in processed/ or rejected/; NULL until it is filed.
    Column("filed_name", LargeBinary),
    # Dropped into the inbox itself: processed/ is there, too.
    Column("at_root", Boolean, nullable=False, server_default=text("false")),
    # Why nothing in it was usable.
    Column("reason", Text),
    # Last, as SQLite adds columns only there.
    Column("received_lived", Real, nullable=False, server_default="0"),
    # Of the cursor's line, the last part that is recorded.
    Column("cursor_part", Big, nullable=False, server_default="0"),
    Index("drops_of_a_session", "session_id", "name"),
    partial_index(
        "drops_unfiled",
        "session_id",
        "name",
        "sha256",
        unique=True,
        where="state IN ('recording', 'recorded')",
    ),
    sqlite_autoincrement=True,  # a number is never given twice
)

#: States of a drop whose file has no place yet: it is still where it was dropped.
UNFILED = ("recording", "recorded")

lines = Table(
    "lines",
    metadata,
    Column("drop_id", Big, ForeignKey("drops.id"), primary_key=True),
    Column("line", Big, primary_key=True),
    # Its place among several links of the line, from 1; 0 when it is alone.
    Column("part", Big, primary_key=True, server_default="0"),
    Column("text", Text, nullable=False),
    # accepted, duplicate, rejected
    Column("result", Text, nullable=False),
    Column("code", Text),
    Column("message", Text),
    # The link with the options that its drop gave, for `.failed.txt`; NULL without a
    # link, and on accepted lines that were recorded before these had it.
    Column("again", Text),
    Column("job_id", Big, ForeignKey("jobs.id")),
    # The playlist, album or channel that it names; it has no job of its own then.
    Column("collection_id", Big, ForeignKey("collections.id")),
    Index("lines_of_a_job", "job_id"),
    partial_index(
        "lines_of_a_collection",
        "collection_id",
        where="collection_id IS NOT NULL",
    ),
    sqlite_with_rowid=False,  # one tree instead of two: they come by the million
)

#: The links in a drop's comments: nothing is asked for, but people are told.
switched_off_links = Table(
    "switched_off_links",
    metadata,
    Column("drop_id", Big, ForeignKey("drops.id"), primary_key=True),
    Column("line", Big, primary_key=True),
    # Its place among those of the line, from 1.
    Column("number", Big, primary_key=True),
    sqlite_with_rowid=False,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("session_id", Big, ForeignKey("sessions.id"), nullable=False),
    Column("drop_id", Big, ForeignKey("drops.id")),
    Column("drop_line", Big),
    Column("video_id", Text, nullable=False),
    # "<video id>:<profile>": the same audio is one job in a session.
    Column("audio_key", Text, nullable=False),
    Column("options", JSON, nullable=False),
    Column("priority", Big, nullable=False),
    Column("state", Text, nullable=False),
    # Only "publishing" is durable; the other phases live in the daemon's memory.
    Column("phase", Text),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    # The fence: every write of an attempt names its number. It only grows.
    Column("attempt", Big, nullable=False, server_default="0"),
    Column("charged", Big, nullable=False, server_default="0"),
    # Workers this job killed by itself.
    Column("crashes", Big, nullable=False, server_default="0"),
    Column("retry_at", Real),
    Column("pending_lived", Real, nullable=False),
    # The host whose daemon runs it.
    Column("host", Text),
    Column("title", Text),
    Column("artist", Text),
    Column("duration_s", Real),
    Column("view_count", Big),
    Column("error_kind", Text),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("error_hint", Text),
    Column("output_path", Text),
    Column("file_size_bytes", Big),
    Column("sha256", Text),
    Column("created_at", Real, nullable=False),
    Column("started_at", Real),
    Column("finalized_at", Real),
    # Of `drop_line`, the part; NULL when the link is alone in it.
    Column("drop_part", Big),
    # Its first link was one of YouTube Music's.
    Column("is_music", Boolean, nullable=False, server_default=text("false")),
    # Its audio was fetched with an account's cookies: it is for this session alone.
    Column("with_cookies", Boolean, nullable=False, server_default=text("false")),
    # The collection that made it, and its place in it; NULL for a single link.
    Column("collection_id", Big, ForeignKey("collections.id")),
    Column("collection_position", Big),
    UniqueConstraint("session_id", "audio_key", name="jobs_one_audio_in_a_session"),
    partial_index(
        "jobs_queued",
        "session_id",
        text("priority DESC"),
        "id",
        where="state = 'queued'",
    ),
    partial_index(
        "jobs_held",
        "session_id",
        text("priority DESC"),
        "id",
        where="state = 'held'",
    ),
    partial_index(
        "jobs_waiting",
        "retry_at",
        where="state = 'waiting'",
    ),
    partial_index(
        "jobs_waiting_in_a_session",
        "session_id",
        text("priority DESC"),
        "id",
        where="state = 'waiting'",
    ),
    partial_index(
        "jobs_running",
        "session_id",
        "id",
        where="state = 'running'",
    ),
    partial_index(
        "jobs_finalized",
        "session_id",
        "finalized_at",
        where="finalized_at IS NOT NULL",
    ),
    Index("jobs_of_a_session", "session_id", "id"),
    Index("jobs_of_a_drop", "drop_id"),
    sqlite_autoincrement=True,  # a number is never given twice
)

attempts = Table(
    "attempts",
    metadata,
    Column("job_id", Big, ForeignKey("jobs.id"), primary_key=True),
    Column("number", Big, primary_key=True),
    Column("host", Text, nullable=False),
    Column("engine", Text),
    Column("started_at", Real, nullable=False),
    Column("ended_at", Real),
    Column("downloaded_bytes", Big),
    # NULL while it runs; "completed", "interrupted", or a failure kind.
    Column("kind", Text),
    Column("code", Text),
    Column("message", Text),
    Column("log_tail", Text),
    # What equal failures have in common (`model.outage`); NULL where it says nothing.
    Column("signature", Text),
    # 1 while it counts against the attempts its job has.
    Column("charged", Big, nullable=False, server_default="0"),
    # The key of the egress; NULL before there were any.
    Column("egress", Text),
    Index("attempts_by_end", "ended_at"),
)

#: The file in the library for each job, so that one which the user removed or changed
#: is neither added again nor overwritten.
library_entries = Table(
    "shelf",
    metadata,
    Column("job_id", Big, ForeignKey("jobs.id"), primary_key=True),
    # The attempt whose audio it is.
    Column("attempt", Big, nullable=False),
    # From the session's folder on: "Songs/01 Song.mp3".
    Column("name", Text, nullable=False),
    # "<inode>:<size>:<mtime in ns>" when it was added.
    Column("identity", Text, nullable=False),
)

#: Append-only; also the outbox that views and notices are made from.
events = Table(
    "events",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("at", Real, nullable=False),
    Column("session_id", Big, nullable=False),
    Column("job_id", Big),
    Column("drop_id", Big),
    Column("from_state", Text),
    Column("to_state", Text),
    Column("attempt", Big),
    Column("reason", Text, nullable=False),
    # The collection that it is about, if it is about one.
    Column("collection_id", Big),
    Index("events_of_a_job", "job_id"),
    partial_index(
        "events_of_a_session",
        "session_id",
        where="job_id IS NULL",
    ),
    sqlite_autoincrement=True,  # a number is never given twice
)
