"""A job's document from the ledger, completed from its session's status file. Pure.

Progress lives in the daemon's memory; other processes read it from the status file, as
long as that is about the same attempt.
"""

from collections.abc import Mapping
from typing import Any

from ytaudio_daemon.schemas.job import JobDocument


def with_live_fields(
    document: JobDocument, live: Mapping[str, Any] | None
) -> JobDocument:
    """Return the document with the phase, progress and position of the status file.

    Args:
        document: The job's document, from the ledger.
        live: The same job's in the status file, if there is one. It is used only if it
            shows the same state and attempt.
    """
    if live is None or live["state"] != document["state"]:
        return document
    if live["attempt"]["number"] != document["attempt"]["number"]:
        return document
    return {
        **document,
        "phase": live["phase"],
        "progress": live["progress"],
        "position": live["position"],
        "title": document["title"] or live["title"],
    }
