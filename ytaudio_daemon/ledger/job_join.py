"""The join of jobs with their sessions, drops and collections."""

from typing import Any

import sqlalchemy as sa

from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.ledger.schema import collections, drops, jobs, sessions

#: Built once, as every query of jobs begins with it.
JOBS_QUERY = (
    sa.select(
        jobs,
        sessions.c.name.label("session_name"),
        sessions.c.uuid.label("session_uuid"),
        drops.c.name.label("drop_name"),
        collections.c.uuid.label("collection_uuid"),
        collections.c.title.label("collection_title"),
        collections.c.kind.label("collection_kind"),
        collections.c.entry_count.label("collection_count"),
    )
    .join(sessions, sessions.c.id == jobs.c.session_id)
    .outerjoin(drops, drops.c.id == jobs.c.drop_id)
    .outerjoin(collections, collections.c.id == jobs.c.collection_id)
)


def source_file(row: Any) -> str | None:
    """Return the name of the drop that a row with `drop_name` comes from, if any."""
    return None if row.drop_name is None else display_name(row.drop_name)
