"""Adds the progress in a session's status file to a job's document. Pure.

Only the daemon knows a job's progress; other processes read it from the status file.
"""

from collections.abc import Mapping
from typing import Any

from ytaudio_daemon.schemas.job import JobDocument


def with_live_fields(
    document: JobDocument, live: Mapping[str, Any] | None
) -> JobDocument:
    """Return the document with the phase, progress and position in the status file.

    Args:
        document: The job's document, from the ledger.
        live: The same job's document in the status file, if there is one. It is used
            only if it shows the same state and attempt.
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
