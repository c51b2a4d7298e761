"""Adds published audio to the library: as a second name if possible, else as a copy.

Inside a session the library's file may share its inode with the result; never across
sessions. A file that the user changed there is never replaced.
"""

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.fetch.file_names import truncate
from ytaudio_daemon.folders.safe_open import (
    LINK_UNSUPPORTED,
    open_dir,
    open_regular_file,
    remove_file,
    rename_noreplace,
)
from ytaudio_daemon.system.name_limit import USUAL_NAME_MAX, name_limit
from ytaudio_daemon.system.regular_files import create_file

#: ioctl(2) FICLONE, include/uapi/linux/fs.h: share the blocks of another file.
FICLONE = 0x40049409
#: Copied and synced in one step, in bytes.
COPY_BLOCK = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedAudio:
    """A published file that is to be added to the library.

    Attributes:
        parts: Its folder below `downloads`.
        file_name: In that folder.
        sha256: Of its content.
        job_uuid: Names the temporary file.
        video_id: Goes into the name when another song has the same title.
    """

    parts: tuple[str, ...]
    file_name: str
    sha256: str
    job_uuid: str
    video_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFile:
    """A file in the library, with its identity when it was added."""

    name: str
    identity: str


def add_to_library(
    downloads: Path,
    library: Path,
    session: str,
    audio: PublishedAudio,
    old: LibraryFile | None,
) -> Generator[None, None, LibraryFile]:
    """Add a finished file to the library; yields between pieces of a copy.

    Args:
        downloads: Where the result is.
        library: Its root; the session's folder in it is made.
        session: The session's name.
        audio: The result.
        old: The file that was added for this job before. It is replaced, unless the
            user has changed it.

    Returns:
        The file; an older one of the session when it has the same audio.

    Raises:
        FileNotFoundError: The result is gone, or something else stands in its place.
        OSError: The library cannot be written.
        UnsafePathError: A link or a file stands where the session's folder should.
    """
    os.makedirs(library, exist_ok=True)
    with (
        _open_result(downloads, audio) as file,
        open_dir(library, session, make=True) as library_dir,
    ):
        source = file.fileno()
        existing = yield from _find_same_audio(library_dir, source, audio)
        if existing is not None:
            return existing
        temp = _temporary_name(library_dir, audio.job_uuid)
        try:
            yield from _link_or_copy(source, library_dir, temp)
            name = _rename_into_place(library_dir, temp, audio, old)
        except BaseException:
            remove_file(library_dir, temp)
            raise
        return LibraryFile(
            name=name, identity=_identity(os.lstat(name, dir_fd=library_dir))
        )


def _open_result(downloads: Path, audio: PublishedAudio) -> BinaryIO:
    """Open the published file; people may write in downloads, and swap it.

    Raises:
        FileNotFoundError: It is gone, or something else stands in its place.
        OSError: It cannot be read.
    """
    try:
        with open_dir(downloads, *audio.parts) as folder:
            return os.fdopen(open_regular_file(folder, audio.file_name), "rb")
    except UnsafePathError as error:
        reason = os.strerror(errno.ENOENT)
        raise FileNotFoundError(errno.ENOENT, reason, audio.file_name) from error


def _temporary_name(library_dir: int, job_uuid: str) -> str:
    """Return a name that is free; a crash leaves one that is known, so that it goes.

    Whoever may write in the library knows that name, too. What stands there may be a
    folder, which is left alone, and may come again when it is removed.
    """
    known = f".{job_uuid}.tmp"
    try:
        os.lstat(known, dir_fd=library_dir)
    except FileNotFoundError:
        return known
    with suppress(OSError):
        remove_file(library_dir, known)
    return f".{job_uuid}.{secrets.token_hex(8)}.tmp"


def candidate_names(audio: PublishedAudio, folder: int) -> Iterator[str]:
    """Yield Title.mp3, Title [id].mp3, Title [id] (2).mp3 and so on.

    Args:
        audio: Its title is cut where the folder takes short names only.
        folder: The open folder that a name is wanted for.
    """
    stem, ext = os.path.splitext(audio.file_name)
    max_bytes = name_limit(USUAL_NAME_MAX, folder) - len(os.fsencode(ext))
    if len(os.fsencode(stem)) > max_bytes:
        stem = truncate(stem, max_bytes)
    yield f"{stem}{ext}"
    yield f"{stem} [{audio.video_id}]{ext}"
    for number in range(2, 10_000):
        yield f"{stem} [{audio.video_id}] ({number}){ext}"


def _find_same_audio(
    library_dir: int, source: int, audio: PublishedAudio
) -> Generator[None, None, LibraryFile | None]:
    """Find the same audio under one of its names: a crash came before it was recorded."""
    wanted = os.fstat(source)
    for name in candidate_names(audio, library_dir):
        try:
            fd = open_regular_file(library_dir, name)
        except FileNotFoundError:
            return None
        except (OSError, UnsafePathError):  # a link: somebody else's
            continue
        with os.fdopen(fd, "rb") as file:
            found = os.fstat(fd)
            if os.path.samestat(found, wanted):
                return LibraryFile(name=name, identity=_identity(found))
            if found.st_size == wanted.st_size:
                digest = yield from _digest(file.fileno())
                if digest == audio.sha256:
                    return LibraryFile(name=name, identity=_identity(found))
    return None


def _digest(fd: int) -> Generator[None, None, str]:
    digest = hashlib.sha256()
    offset = 0
    while block := os.pread(fd, COPY_BLOCK, offset):
        digest.update(block)
        offset += len(block)
        yield
    return digest.hexdigest()


def _link_or_copy(source: int, library_dir: int, temp: str) -> Generator[None]:
    """Make a hard link; if that is impossible, a reflink; if that is, too, a copy.

    The link is made to the open file, not by its name: people may write in downloads,
    and another file or a symbolic link may have that name by now.
    """
    try:
        # The link in /proc is followed to the open file (linkat(2), AT_SYMLINK_FOLLOW).
        os.link(
            f"/proc/self/fd/{source}",
            temp,
            dst_dir_fd=library_dir,
            follow_symlinks=True,
        )
    except OSError as error:
        if error.errno not in LINK_UNSUPPORTED:
            raise
    else:
        return
    found = os.fstat(source)
    fd = create_file(temp, found.st_mode & 0o777, folder=library_dir)
    try:
        try:
            fcntl.ioctl(fd, FICLONE, source)
        except OSError:  # most file systems cannot
            yield from _copy(source, fd)
        os.utime(fd, ns=(found.st_atime_ns, found.st_mtime_ns))
    finally:
        os.close(fd)


def _copy(source: int, target: int) -> Generator[None]:
    offset = 0
    while sent := os.sendfile(target, source, offset, COPY_BLOCK):
        os.fdatasync(target)  # piece by piece, so that no step waits for all of it
        offset += sent
        yield


def _rename_into_place(
    library_dir: int, temp: str, audio: PublishedAudio, old: LibraryFile | None
) -> str:
    """Give the file its final name; only our own unchanged old file is replaced."""
    ours = old is not None and is_unchanged(library_dir, old)
    if old is not None and ours and old.name in _first_names(audio, library_dir):
        os.replace(temp, old.name, src_dir_fd=library_dir, dst_dir_fd=library_dir)
        return old.name
    for name in candidate_names(audio, library_dir):
        try:
            rename_noreplace(library_dir, temp, library_dir, name)
        except FileExistsError:
            continue
        if old is not None and ours:
            remove_file(library_dir, old.name)
        return name
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), audio.file_name)


def _first_names(audio: PublishedAudio, library_dir: int) -> list[str]:
    candidates = candidate_names(audio, library_dir)
    return [next(candidates) for _ in range(20)]


def is_unchanged(library_dir: int, entry: LibraryFile) -> bool:
    """Return whether a file in an open folder is as it was when it was added."""
    try:
        return _identity(os.lstat(entry.name, dir_fd=library_dir)) == entry.identity
    except FileNotFoundError:
        return False


def _identity(found: os.stat_result) -> str:
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"
