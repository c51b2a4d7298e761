"""Finds idle sessions whose status file need not be written again after a start."""

import json
from typing import Any

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.safe_open import open_dir, read_regular_file
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system.times import parse_rfc3339
from ytaudio_daemon.views.documents import session_document
from ytaudio_daemon.views.snapshot import ViewSettings

#: `expires_at` moves by the time that the daemon was down. A file is current enough if it
#: is wrong by at most so many seconds, and by this part of the time that is left.
MAX_SHIFT_S = 60.0
MAX_SHIFT_FRACTION = 0.01
#: The document of a session without jobs is some 700 bytes long.
MAX_BYTES = 8192


def has_current_file(
    layout: Layout, session: Session, view_settings: ViewSettings, now: Now
) -> bool:
    """True if an active session has no jobs, and its file on disk is up to date.

    Ten thousand sessions may wait for their first link; writing all their files would
    delay the start.

    Args:
        layout: Names the file.
        session: As it is in the ledger.
        view_settings: The config's part.
        now: The time.
    """
    if session.state is not SessionState.ACTIVE or any(session.counts.values()):
        return False
    document: Any = session_document(
        session,
        [],
        collections=[],
        truncated=False,
        ignored=(),
        view_settings=view_settings,
        now=now,
    )
    on_disk = _read(layout, session.name)
    shown = _with_exact_end(on_disk, document, now)
    return all(shown.get(key) == value for key, value in document.items())


def _read(layout: Layout, name: str) -> dict[str, Any]:
    """Return a session's document on disk, {} if there is none or it is no document."""
    path = layout.session_status(name)
    try:
        with open_dir(layout.status, path.parent.name) as folder:
            document = json.loads(read_regular_file(folder, path.name, MAX_BYTES))
    except (OSError, UnsafePathError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _with_exact_end(
    on_disk: dict[str, Any], document: dict[str, Any], now: Now
) -> dict[str, Any]:
    """Return the document on disk with the exact `expires_at`; {} if its own is wrong."""
    session = on_disk.get("session")
    if not isinstance(session, dict):
        return {}
    exact, shown = document["session"]["expires_at"], session.get("expires_at")
    if not _is_close(exact, shown, now):
        return {}
    return {**on_disk, "session": {**session, "expires_at": exact}}


def _is_close(exact: str | None, shown: object, now: Now) -> bool:
    if exact is None or not isinstance(shown, str):
        return exact == shown
    try:
        shift_s = abs(parse_rfc3339(exact) - parse_rfc3339(shown))
    except ValueError:
        return False
    left_s = parse_rfc3339(exact) - now.wall
    return shift_s <= min(MAX_SHIFT_S, left_s * MAX_SHIFT_FRACTION)
