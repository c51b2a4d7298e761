"""Finds the links that only a replaced ledger has, after a copy was restored.

The files of drops are still in `processed/`; links that came by the REST API or the
Python API are in the ledger only.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from ytaudio_daemon.ledger.error_translation import translating_errors

#: Finished audio is imported from `downloads/`; a cancelled link is not lost.
_QUERY = """
SELECT sessions.name, jobs.video_id, jobs.options
FROM jobs JOIN sessions ON sessions.id = jobs.session_id
WHERE jobs.drop_id IS NULL
  AND jobs.state NOT IN ('completed', 'cancelled')
  AND sessions.state = 'active'
  AND NOT EXISTS (
    SELECT 1 FROM restored.sessions AS theirs
    JOIN restored.jobs AS known ON known.session_id = theirs.id
    WHERE theirs.uuid = sessions.uuid AND known.audio_key = jobs.audio_key
  )
ORDER BY sessions.name, jobs.id
"""


class LostLink(NamedTuple):
    """A link that the restored ledger does not have."""

    session: str
    video_id: str
    options: Mapping[str, Any]


def find_lost_links(replaced: Path, restored: Path) -> list[LostLink]:
    """Return the links without a drop that only the replaced ledger knows.

    Args:
        replaced: The ledger that was there before; it is only read.
        restored: The ledger in its place.

    Raises:
        LedgerError: The replaced ledger cannot be read, which may be why a copy was needed.
    """
    uri = f"file:{quote(str(replaced))}?mode=ro"
    with (
        translating_errors(str(replaced)),
        closing(sqlite3.connect(uri, uri=True)) as db,
    ):
        db.execute(
            "ATTACH DATABASE ? AS restored", (f"file:{quote(str(restored))}?mode=ro",)
        )
        rows = db.execute(_QUERY).fetchall()
    return [LostLink(name, video, json.loads(options)) for name, video, options in rows]
