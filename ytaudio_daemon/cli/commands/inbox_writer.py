"""Writes a drop into the inbox: whole, and never over another file."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.folders.inbox import make_session_folder
from ytaudio_daemon.folders.layout import DEFAULT_SESSION, Layout
from ytaudio_daemon.folders.safe_open import open_dir, rename_noreplace
from ytaudio_daemon.system import install_hints
from ytaudio_daemon.system.regular_files import create_file
from ytaudio_daemon.system.times import file_timestamp

#: Names that are tried until one is free.
MAX_TRIES = 10_000


def generated_name(wall: float) -> str:
    """Return a name for links from the command line: `added-<utc time>-<random>.txt`."""
    return f"added-{file_timestamp(wall)}-{secrets.token_hex(4)}.txt"


def write_drop(layout: Layout, session: str, name: str, content: bytes) -> Path:
    """Write a drop into a session's folder, which is made if it is missing.

    Args:
        layout: Names the inbox.
        session: A session's name; drops for "default" go straight into the inbox.
        name: The file's name; a number is added when it is taken.
        content: The file's content.

    Returns:
        The file's path.

    Raises:
        UsageError: There is no inbox, or the disk takes another session's folder for it.
        PermissionError: This user may not write there.
        OSError: The disk is full or fails.
    """
    if not layout.inbox.is_dir():
        raise UsageError(
            f"there is no inbox {layout.inbox}",
            f"Start the daemon once ({install_hints.start_daemon_command()}), or name "
            "its --config or --root.",
        )
    at_root = session == DEFAULT_SESSION
    parts = () if at_root else (session,)
    target = layout.drop_folder(session, at_root=at_root)
    if not at_root:
        make_session_folder(layout.inbox, session)
    with open_dir(layout.inbox, *parts) as folder:
        temporary = f".{secrets.token_hex(8)}.part"
        try:
            _write(folder, temporary, content)
            final = _rename_to_free_name(folder, temporary, name)
        except BaseException as error:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            if isinstance(error, OSError) and error.filename == temporary:
                # The temporary name means nothing to the user.
                error.filename = os.fspath(target)
            raise
        os.fsync(folder)
    return target / final


def _write(folder: int, name: str, content: bytes) -> None:
    fd = create_file(name, folder=folder)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(fd)


def _rename_to_free_name(folder: int, temporary: str, name: str) -> str:
    for candidate in _candidate_names(name):
        with suppress(FileExistsError):
            rename_noreplace(folder, temporary, folder, candidate)
            return candidate
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)


def _candidate_names(name: str) -> Iterator[str]:
    """Yield `songs.txt`, `songs.2.txt`, `songs.3.txt` and so on."""
    yield name
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - a name, no path
    for number in range(2, MAX_TRIES):
        yield f"{stem}.{number}{ending}"
