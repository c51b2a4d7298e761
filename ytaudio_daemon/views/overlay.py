"""A job's row together with what only a status document knows of it. Pure.

Progress lives in the daemon's memory; other processes take it from the session's
document as long as that speaks of the same attempt.
"""

from collections.abc import Mapping
from typing import Any

#: What a status document knows better than a job's row.
LIVE_FIELDS = ("phase", "progress", "position")


def with_live_fields(
    document: dict[str, Any], live: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Lay what a status document knows over a job's row, if it is as far."""
    if live is None or live["state"] != document["state"]:
        return document
    if live["attempt"]["number"] != document["attempt"]["number"]:
        return document
    known = {key: live[key] for key in LIVE_FIELDS}
    return {**document, **known, "title": document["title"] or live["title"]}
