"""The cover beside an album's songs."""

import os
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.errors import ResultGoneError
from ytaudio_daemon.folders import library_copy
from ytaudio_daemon.folders.library import LibraryFile, library_identity
from ytaudio_daemon.folders.library_folder import names_in, open_parent_folder
from ytaudio_daemon.folders.published import open_published
from ytaudio_daemon.folders.safe_open import open_dir, remove_file, rename_noreplace
from ytaudio_daemon.model.outcome import COVER_FILES

#: A person's own of any kind counts: players take the first that they know.
_STEM = "cover."


def add_cover(
    downloads: Path, library: Path, session: str, job_parts: tuple[str, ...], song: str
) -> LibraryFile | None:
    """Put the cover of a published job beside its song, unless there is one.

    Args:
        downloads: Where the job's folder is.
        library: The library's root.
        session: The session's name.
        job_parts: The job's folder below `downloads`.
        song: The song's path from the session's folder; one that is straight in it has
            no album's folder.

    Returns:
        The cover, ours or a person's; None when the job has none.

    Raises:
        OSError, UnsafePathError: It cannot be written there, or `downloads` is missing.
    """
    folders = song.split("/")[:-1]
    for name in COVER_FILES if folders else ():
        with (
            suppress(ResultGoneError),
            open_published(downloads, job_parts, name) as file,
        ):
            return _add(file.fileno(), library, session, song, name)
    return None


def _add(source: int, library: Path, session: str, song: str, name: str) -> LibraryFile:
    with (
        open_dir(library, session) as session_folder,
        open_parent_folder(session_folder, song) as (folder, _),
    ):
        path = "/".join((*song.split("/")[:-1], name))
        theirs = _existing_cover(folder)
        if theirs is not None and not _is_same(folder, theirs, source):
            return LibraryFile(name=path, identity="")
        if theirs is None:
            _link(source, folder, name)
        identity = library_identity(os.lstat(theirs or name, dir_fd=folder))
        return LibraryFile(name=path, identity=identity)


def _link(source: int, folder: int, name: str) -> None:
    temp = f".{name}.tmp"
    remove_file(folder, temp)
    for _ in library_copy.link_or_copy(source, folder, temp):
        pass  # a picture is one piece
    try:
        rename_noreplace(folder, temp, folder, name)
    except FileExistsError:
        remove_file(folder, temp)


def _existing_cover(folder: int) -> str | None:
    found = names_in(folder).beginning_with(_STEM)
    return min(found) if found else None


def _is_same(folder: int, name: str, source: int) -> bool:
    """Return whether it is the same picture: it was linked or copied before a crash."""
    found, wanted = os.lstat(name, dir_fd=folder), os.fstat(source)
    return (found.st_size, found.st_mtime_ns) == (wanted.st_size, wanted.st_mtime_ns)
