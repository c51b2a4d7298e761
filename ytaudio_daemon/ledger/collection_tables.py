"""The ledger's tables of collections and their entries; the others are in `schema`."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ytaudio_daemon.ledger.column_types import Big, Real, metadata, partial_index

#: Playlists, albums and channels that lines name. `state` is that of the listing, a
#: `model.collection.CollectionState`.
collections = Table(
    "collections",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("session_id", Big, ForeignKey("sessions.id"), nullable=False),
    # The line that named it first.
    Column("drop_id", Big, ForeignKey("drops.id")),
    Column("drop_line", Big),
    Column("drop_part", Big),
    # playlist, album, channel
    Column("kind", Text, nullable=False),
    # "playlist:PL…", for all links to the collection (`urls.CollectionLink.key`).
    Column("key", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("is_music", Boolean, nullable=False, server_default=text("false")),
    # The options of its jobs, and a hash of those that change the audio.
    Column("options", JSON, nullable=False),
    Column("profile", Text, nullable=False),
    Column("priority", Big, nullable=False),
    # A `model.selection.Selection`, and its digest.
    Column("selection", JSON, nullable=False),
    Column("selection_digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    # The fence: every write of a listing attempt names its number. It only grows.
    Column("attempt", Big, nullable=False, server_default="0"),
    # The latest attempt when a person last requested it: what later ones decided holds.
    Column("asked_attempt", Big, nullable=False, server_default="0"),
    Column("charged", Big, nullable=False, server_default="0"),
    Column("crashes", Big, nullable=False, server_default="0"),
    Column("retry_at", Real),
    Column("pending_lived", Real, nullable=False),
    # The host whose daemon lists it.
    Column("host", Text),
    Column("title", Text),
    Column("channel", Text),
    # Of an album, a `model.listing.AlbumFacts`; of a channel, where its albums begin, a
    # list of `model.channel_albums.AlbumStart`.
    Column("album", JSON),
    # The number of entries that YouTube says it has, or that were listed.
    Column("entry_count", Big),
    # The list continues after the last entry that was read.
    Column("is_cut", Boolean, nullable=False, server_default=text("false")),
    Column("error_kind", Text),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("error_hint", Text),
    Column("created_at", Real, nullable=False),
    Column("started_at", Real),
    # When its list was last read to the end.
    Column("listed_at", Real),
    Column("finalized_at", Real),
    UniqueConstraint(
        "session_id",
        "key",
        "profile",
        "selection_digest",
        name="collections_one_selection_in_a_session",
    ),
    partial_index(
        "collections_unfinished",
        "session_id",
        "state",
        where="state IN ('queued', 'running', 'waiting')",
    ),
    Index("collections_of_a_drop", "drop_id"),
    sqlite_autoincrement=True,  # a number is never given twice
)

#: The names of collections in the library, and the files written there for them.
library_collections = Table(
    "library_collections",
    metadata,
    Column("collection_id", Big, ForeignKey("collections.id"), primary_key=True),
    # The field {collection}; it stays when the title changes.
    Column("name", Text, nullable=False),
    # Paths from the session's folder; NULL until they were written.
    Column("playlist", Text),
    Column("cover", Text),
    # Its inode, size and time, as in `shelf`.
    Column("cover_identity", Text),
)

#: The listing has not ended. A literal, so that SQLite uses the partial index.
IS_UNLISTED = text("collections.state IN ('queued', 'running', 'waiting')")

#: The videos of collections: each has a job, or a reason why not.
entries = Table(
    "entries",
    metadata,
    Column("collection_id", Big, ForeignKey("collections.id"), primary_key=True),
    Column("video_id", Text, primary_key=True),
    # Its place in the list, from 1, when it was listed last.
    Column("position", Big, nullable=False),
    Column("title", Text),
    Column("duration_s", Real),
    # YYYY-MM-DD
    Column("upload_date", Text),
    # Its number in an album.
    Column("track", Big),
    # "" or why YouTube does not provide it: private, deleted, members, …
    Column("unavailable", Text, nullable=False, server_default=""),
    # Why it is not selected, in a few words; NULL when it is, or is not decided yet.
    Column("skipped", Text),
    Column("job_id", Big, ForeignKey("jobs.id")),
    # The latest attempt that listed it.
    Column("attempt", Big, nullable=False),
    Column("first_seen_at", Real, nullable=False),
    # When a listing no longer had it.
    Column("gone_at", Real),
    # What `keep_last` did to its finished file: pending, removed, or moved (a person
    # has moved or changed the file, and it stays).
    Column("removal", Text),
    Index("entries_of_a_job", "job_id"),
    Index("entries_in_order", "collection_id", "position"),
    partial_index(
        "entries_being_removed",
        "collection_id",
        where="removal = 'pending'",
    ),
    sqlite_with_rowid=False,
)

#: The removal of its file has begun. A literal, so that SQLite uses the partial index.
IS_BEING_REMOVED = text("entries.removal = 'pending'")

#: The subscriptions of collections; a collection has at most one.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column(
        "collection_id", Big, ForeignKey("collections.id"), nullable=False, unique=True
    ),
    # A `model.subscription.SubscriptionState`.
    Column("state", Text, nullable=False),
    Column("interval_s", Real, nullable=False),
    # The number of its latest files that stay; NULL: all.
    Column("keep_last", Big),
    # The `model.subscription.Look` that is the collection's listing; "": none.
    Column("look", Text, nullable=False, server_default=""),
    # The uptime at which the next look is due; `next_at` is the same time for people.
    Column("next_lived", Real, nullable=False),
    Column("next_at", Real, nullable=False),
    # The uptime at which the whole list was last read; NULL: not yet.
    Column("whole_lived", Real),
    # When the latest look ended, and when the latest one began that found something new.
    Column("looked_at", Real),
    Column("found_at", Real),
    # Looks in a row that failed for good.
    Column("failures", Big, nullable=False, server_default="0"),
    # The query of its feed, "" when it has none; and the feed's validators (RFC 9110).
    Column("feed_query", Text, nullable=False, server_default=""),
    Column("etag", Text, nullable=False, server_default=""),
    Column("modified", Text, nullable=False, server_default=""),
    Column("created_at", Real, nullable=False),
    partial_index(
        "subscriptions_due",
        "next_lived",
        where="state = 'active'",
    ),
    sqlite_autoincrement=True,  # a number is never given twice
)

#: Jobs whose file `keep_last` must not remove.
pins = Table(
    "pins",
    metadata,
    Column("job_id", Big, ForeignKey("jobs.id"), primary_key=True),
    Column("pinned_at", Real, nullable=False),
)
