"""Reads the beginning of a session's status document: its facts, and its running jobs.

A document has up to some hundred kilobytes of jobs, of which the list of sessions shows
only those that run. The daemon writes them first, and nothing behind them is read here.
"""

import json
import os
from pathlib import Path
from typing import Any

from ytaudio_daemon.cli.liveness import Document, read_document
from ytaudio_daemon.system.regular_files import open_regular_file

#: The session's facts take a kilobyte, and each running job another.
HEAD_BYTES = 32 << 10
#: In front of a document's jobs. No string has it: quotation marks are escaped there.
_JOBS = '"jobs": ['

_decoder = json.JSONDecoder()


def read_session_head(path: Path) -> Document | None:
    """Return a session's document with its running jobs only, or None without a file.

    Raises:
        OSError: It cannot be read, or is no status document (somebody else's file).
    """
    try:
        with os.fdopen(open_regular_file(path), "rb") as file:
            text = file.read(HEAD_BYTES).decode(errors="ignore")
    except FileNotFoundError:
        return None
    try:
        return _parse_head(text)
    except (ValueError, LookupError, TypeError, RecursionError):
        # A longer head, or a document of another version's.
        return read_document(path)


def _parse_head(text: str) -> Document:
    """Return the document of a file that begins with a text.

    Raises:
        ValueError: The text ends too early, or is no such document.
        LookupError, TypeError: It is no such document.
    """
    at = text.index(_JOBS) + len(_JOBS)
    found: dict[str, Any] = json.loads(f"{text[:at]}]}}")
    if "schema" not in found:
        raise ValueError("no status document")
    for _ in range(found["session"]["counts"]["running"]):
        job, at = _decoder.raw_decode(text, at)
        if job["state"] != "running":
            raise ValueError("the running jobs do not come first")
        found["jobs"].append(job)
        at += len(", ")
    return found
