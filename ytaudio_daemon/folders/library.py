"""Adds published audio to the library: as a second name if possible, else as a copy.

Inside a session the library's file may share its inode with the result; never across
sessions. A file that the user changed there is never replaced.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import library_copy
from ytaudio_daemon.folders.library_folder import (
    add_name,
    names_in,
    open_folders,
    open_parent_folder,
    remove_empty_folders,
)
from ytaudio_daemon.folders.links_and_copies import find_links_and_copies
from ytaudio_daemon.folders.published import open_published
from ytaudio_daemon.folders.safe_open import (
    open_dir,
    open_regular_file,
    remove_file,
    rename_noreplace,
)
from ytaudio_daemon.model.file_names import truncate
from ytaudio_daemon.model.library_template import LibraryPlace
from ytaudio_daemon.system.name_limit import USUAL_NAME_MAX, name_limit

#: A file of ours that has one of so many names is where it belongs.
FIRST_NAMES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedAudio:
    """A published file that is to be added to the library.

    Attributes:
        parts: Its folder below `downloads`.
        file_name: In that folder.
        sha256: Of its content.
        job_uuid: Names the temporary file.
        video_id: Goes into the name when another song has the same.
        may_be_left_behind: A crash may have left a file of it in the library that the
            ledger does not know, where it belonged by that time's layout or list.
    """

    parts: tuple[str, ...]
    file_name: str
    sha256: str
    job_uuid: str
    video_id: str
    may_be_left_behind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFile:
    """A file in the library, with its identity when it was added.

    Attributes:
        name: Its path from the session's folder, with a slash behind each folder.
        identity: See `library_identity`.
    """

    name: str
    identity: str


def add_to_library(
    downloads: Path,
    library: Path,
    session: str,
    audio: PublishedAudio,
    place: LibraryPlace,
    old: LibraryFile | None,
) -> Generator[None, None, LibraryFile]:
    """Add a finished file to the library; yields between pieces of a copy.

    Args:
        downloads: Where the result is.
        library: Its root; the session's folder in it is made.
        session: The session's name.
        audio: The result.
        place: Where it belongs in the session's folder.
        old: The file that was added for this job before. It is replaced, unless the
            user has changed it.

    Returns:
        The file; an older one of the session when it has the same audio.

    Raises:
        ResultGoneError: The result is gone, or something else stands in its place.
        OSError: The library cannot be written, or the folder of all results is missing.
        UnsafePathError: A link or a file stands where the session's folder should.
    """
    os.makedirs(library, exist_ok=True)
    with (
        open_published(downloads, audio.parts, audio.file_name) as file,
        open_dir(library, session, make=True) as session_folder,
        open_folders(session_folder, place.folders, make=True) as (folder, folders),
    ):
        source = file.fileno()
        names = candidate_names(place.name, audio.video_id, folder)
        name = yield from _find_same_audio(folder, names, source, audio)
        if name is None:
            if audio.may_be_left_behind:
                left = yield from _find_left_behind(session_folder, source, audio)
                old = left or old
            temp = _temporary_name(folder, audio.job_uuid)
            try:
                yield from library_copy.link_or_copy(source, folder, temp)
                wanted = _WantedName(folder, folders, place.name, audio.video_id)
                name = wanted.give(temp, session_folder, old)
            except BaseException:
                remove_file(folder, temp)
                raise
        identity = library_identity(os.lstat(name, dir_fd=folder))
        return LibraryFile(name="/".join((*folders, name)), identity=identity)


def _find_left_behind(
    session_folder: int, source: int, audio: PublishedAudio
) -> Generator[None, None, LibraryFile | None]:
    """Return the file that was added just before a crash, under a name of that time."""
    for path in find_links_and_copies(session_folder, os.fstat(source)):
        if path is None:
            yield
            continue
        with open_parent_folder(session_folder, path) as (folder, name):
            if (yield from _is_same_audio(folder, name, source, audio)):
                identity = library_identity(os.lstat(name, dir_fd=folder))
                return LibraryFile(name=path, identity=identity)
    return None


def _temporary_name(folder: int, job_uuid: str) -> str:
    """Return a name that is free; a crash leaves one that is known, so that it goes.

    People who may write in the library know that name, too, and may have put a folder
    there, which is not removed, or a file again when it was removed.
    """
    known = f".{job_uuid}.tmp"
    try:
        os.lstat(known, dir_fd=folder)
    except FileNotFoundError:
        return known
    with suppress(OSError):
        remove_file(folder, known)
    return f".{job_uuid}.{secrets.token_hex(8)}.tmp"


def candidate_names(wanted: str, video_id: str, folder: int) -> Iterator[str]:
    """Yield the names of a file, but for those that some disks take for another one's.

    Args:
        wanted: As for `numbered_names`.
        video_id: Likewise.
        folder: The open folder that a name is wanted for.
    """
    names = names_in(folder)
    for name in numbered_names(wanted, video_id, folder):
        if names.other_spelling(name) is None:
            yield name


def numbered_names(wanted: str, video_id: str, folder: int) -> Iterator[str]:
    """Yield Title.mp3, Title [id].mp3, Title [id] (2).mp3 and so on.

    Args:
        wanted: The first; its title is cut where the folder takes short names only.
        video_id: Tells it from another song of that title.
        folder: The open folder that a name is wanted for.
    """
    stem, ext = os.path.splitext(wanted)
    max_bytes = name_limit(USUAL_NAME_MAX, folder) - len(os.fsencode(ext))
    if len(os.fsencode(stem)) > max_bytes:
        stem = truncate(stem, max_bytes)
    yield f"{stem}{ext}"
    yield f"{stem} [{video_id}]{ext}"
    for number in range(2, 10_000):
        yield f"{stem} [{video_id}] ({number}){ext}"


def _find_same_audio(
    folder: int, names: Iterator[str], source: int, audio: PublishedAudio
) -> Generator[None, None, str | None]:
    """Find the same audio under one of its names: a crash came before it was recorded."""
    for name in names:
        try:
            if (yield from _is_same_audio(folder, name, source, audio)):
                return name
        except FileNotFoundError:
            return None
    return None


def _is_same_audio(
    folder: int, name: str, source: int, audio: PublishedAudio
) -> Generator[None, None, bool]:
    """Return whether a name leads to a file, or a copy of it.

    Raises:
        FileNotFoundError: There is nothing of that name.
    """
    try:
        fd = open_regular_file(folder, name)
    except FileNotFoundError:
        raise
    except (OSError, UnsafePathError):  # a link: somebody else's
        return False
    with os.fdopen(fd, "rb") as file:
        found, wanted = os.fstat(fd), os.fstat(source)
        if os.path.samestat(found, wanted):
            return True
        if found.st_size != wanted.st_size:
            return False
        return (yield from _digest(file.fileno())) == audio.sha256


def _digest(fd: int) -> Generator[None, None, str]:
    digest = hashlib.sha256()
    offset = 0
    while block := os.pread(fd, library_copy.COPY_BLOCK, offset):
        digest.update(block)
        offset += len(block)
        yield
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _WantedName:
    """The name that a file is to have, in an open folder.

    Attributes:
        folder: Its descriptor.
        folders: Its names, from the session's folder.
        name: The first that is tried.
        video_id: For the others.
    """

    folder: int
    folders: tuple[str, ...]
    name: str
    video_id: str

    def give(self, temp: str, session_folder: int, old: LibraryFile | None) -> str:
        """Give a file that name; only our own unchanged old file is replaced."""
        ours = old if old and is_unchanged(session_folder, old) else None
        if ours is not None and (name := self._name_of(ours)) is not None:
            os.replace(temp, name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
            remove_file(self.folder, temp)  # rename(2) leaves one of the same inode
            return name
        name = give_free_name(self.folder, temp, self.folder, self._candidates())
        if ours is not None:
            remove_from_folder(session_folder, ours.name)
        return name

    def _name_of(self, ours: LibraryFile) -> str | None:
        """Return a file's name if it is one of the first that are wanted here."""
        *folders, name = ours.name.split("/")
        is_here = tuple(folders) == self.folders
        return name if is_here and name in _first(self._candidates()) else None

    def _candidates(self) -> Iterator[str]:
        return candidate_names(self.name, self.video_id, self.folder)


def _first(names: Iterator[str]) -> list[str]:
    return [*islice(names, FIRST_NAMES)]


def give_free_name(source: int, old: str, folder: int, names: Iterator[str]) -> str:
    """Rename a file to the first name that is free, and return that.

    Args:
        source: The open folder that it is in.
        old: Its name there.
        folder: The open folder that it goes to.
        names: Those to try.

    Raises:
        FileExistsError: None is free.
        OSError: As renameat2(2).
    """
    name = old
    for name in names:
        known = names_in(folder)
        with suppress(FileExistsError):
            rename_noreplace(source, old, folder, name)
            add_name(folder, known, name)
            return name
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)


def remove_from_folder(session_folder: int, path: str) -> None:
    """Remove a library file, and the folders that are empty without it.

    Args:
        session_folder: The open folder of its session.
        path: Below that.
    """
    with (
        suppress(FileNotFoundError, UnsafePathError),
        open_parent_folder(session_folder, path) as (folder, name),
    ):
        remove_file(folder, name)
        remove_empty_folders(session_folder, path)


def is_unchanged(session_folder: int, file: LibraryFile) -> bool:
    """Return whether a file is where it was added, as it was then."""
    try:
        with open_parent_folder(session_folder, file.name) as (folder, name):
            return library_identity(os.lstat(name, dir_fd=folder)) == file.identity
    except (FileNotFoundError, UnsafePathError):
        return False


def library_identity(found: os.stat_result) -> str:
    """Return a file's inode, size and time: those of a file that nobody has changed."""
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"
