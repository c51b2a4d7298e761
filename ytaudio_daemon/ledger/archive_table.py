"""The table of the archive: videos that count as downloaded; see `schema`."""

from sqlalchemy import Column, LargeBinary, Table, Text

from ytaudio_daemon.ledger.column_types import Real, metadata

#: A video may be in it for all sessions and for some, each time with its own day. Sessions
#: are no foreign key: the archive outlives them, as people's music does.
archive = Table(
    "archive",
    metadata,
    Column("video_id", Text, primary_key=True),
    # The session's name, which is the name of its folder; "" for all sessions.
    Column("session", Text, primary_key=True, server_default=""),
    Column("added_at", Real, nullable=False),
    # Where the video's ID was found: a `model.archived_video.FoundIn`.
    Column("found_in", Text, nullable=False),
    # The adopted audio file, absolute. Bytes: a file name need not be UTF-8.
    Column("path", LargeBinary),
    sqlite_with_rowid=False,  # one tree instead of two: they come by the million
)
