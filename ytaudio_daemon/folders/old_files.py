"""Removes a job's finished files: first from the library, then from downloads."""

import os
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.layout import TRASH
from ytaudio_daemon.folders.library import LibraryFile, is_unchanged, remove_from_folder
from ytaudio_daemon.folders.safe_open import open_dir, rename_noreplace


def is_untouched(library: Path, session: str, file: LibraryFile) -> bool:
    """Return whether a library file is where it was put, and as it was put there.

    Raises:
        OSError: The folder cannot be read.
    """
    try:
        with open_dir(library, session) as folder:
            return is_unchanged(folder, file)
    except (FileNotFoundError, UnsafePathError):
        return False


def remove_from_library(library: Path, session: str, file: LibraryFile) -> None:
    """Remove a library file, unless it is gone or a person has changed it.

    Raises:
        OSError: It cannot be removed.
    """
    with (
        suppress(FileNotFoundError, UnsafePathError),
        open_dir(library, session) as folder,
    ):
        if is_unchanged(folder, file):
            remove_from_folder(folder, file.name)
            os.fsync(folder)


def trash_job(
    downloads: Path, session_uuid: str, job_uuid: str, uptime_s: float
) -> None:
    """Move a job's folder into the trash; nothing happens when it is gone.

    Args:
        downloads: Their root.
        session_uuid: Names the session's folder in it.
        job_uuid: Names the job's folder in that.
        uptime_s: The daemon's age, from which the grace in the trash counts.

    Raises:
        OSError: It cannot be moved.
    """
    as_name = f"{job_uuid}.{int(uptime_s)}"
    with suppress(FileNotFoundError), open_dir(downloads, session_uuid) as folder:
        with open_dir(downloads, TRASH, make=True) as trash:
            rename_noreplace(folder, job_uuid, trash, as_name)
            os.fsync(trash)
        os.fsync(folder)
