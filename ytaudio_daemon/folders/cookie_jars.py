"""Stores the cookies of sessions in the state folder, which only the daemon may read.

Each session has a folder there: its workers may write in it (`fetch.confinement`).
"""

import shutil
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.folders.layout import Layout
from ytaudio_daemon.system.files import locked, replace_private_file

FILE_NAME = "cookies.txt"


def find_cookies(layout: Layout, session_uuid: str) -> Path | None:
    """Return the file of a session's own cookies, None when this user sees none."""
    path = _path(layout, session_uuid)
    try:
        return path if path.is_file() else None
    except PermissionError:  # the folder is the daemon's alone
        return None


def store_cookies(layout: Layout, session_uuid: str, text: str) -> None:
    """Store cookies for a session, in place of those it had.

    Args:
        layout: Names the state folder.
        session_uuid: The session; one of the same name later does not get them.
        text: In Netscape format.

    Raises:
        OSError: They cannot be stored; the old ones stay.
    """
    path = _path(layout, session_uuid)
    for folder in (layout.cookies, path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    with locked(path):
        replace_private_file(path, text)


def remove_cookies(layout: Layout, session_uuid: str) -> None:
    """Remove a session's cookies, if it has any.

    Raises:
        OSError: They cannot be removed.
    """
    _path(layout, session_uuid).unlink(missing_ok=True)


def sessions_with_files(layout: Layout) -> set[str]:
    """Return the UUIDs of the sessions that have files there.

    Raises:
        OSError: The folder cannot be read.
    """
    try:
        return {path.name for path in layout.cookies.iterdir()}
    except FileNotFoundError:
        return set()


def remove_files(layout: Layout, session_uuid: str) -> None:
    """Remove a session's cookies and what belongs to them, also after a crash.

    Raises:
        OSError: One of them cannot be removed.
    """
    with suppress(FileNotFoundError):
        shutil.rmtree(_path(layout, session_uuid).parent)


def _path(layout: Layout, session_uuid: str) -> Path:
    return layout.cookies / session_uuid / FILE_NAME
