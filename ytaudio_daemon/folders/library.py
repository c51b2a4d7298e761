"""The library on disk: one more name for a finished file, without copying if possible.

Inside a session the library's file may share its inode with the result; never across
sessions. What the user removed or changed there is theirs.
"""

import errno
import fcntl
import hashlib
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from ytaudio_daemon.folders.safe_open import open_dir, remove_file, rename_new

#: ioctl(2) FICLONE, include/uapi/linux/fs.h: share the blocks of another file.
FICLONE = 0x40049409
#: Copied and synced between two looks at the clock.
PIECE = 8 << 20
#: What link(2) says where it cannot: other disk, no links there, too many, protected.
NO_LINK = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
)
READ_ONLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """A published file that is to stand in the library.

    Attributes:
        parts: Its folder below `downloads`.
        file_name: In that folder.
        sha256: Of its content.
        job_uuid: Names the temporary file.
        video_id: Tells two songs of one name apart.
    """

    parts: tuple[str, ...]
    file_name: str
    sha256: str
    job_uuid: str
    video_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file in the library, as it was put there."""

    name: str
    identity: str


def shelve(
    downloads: Path, library: Path, session: str, audio: Audio, old: Entry | None
) -> Generator[None, None, Entry]:
    """Give a finished file its name in the library; yields between pieces of a copy.

    Args:
        downloads: Where the result is.
        library: Its root; the session's folder in it is made.
        session: The session's name.
        audio: The result.
        old: What was put there for this job before. It is replaced, unless the user
            has changed it.

    Returns:
        The entry; the one that stands there already when it is the same audio.

    Raises:
        FileNotFoundError: The result is gone.
        OSError: The library cannot be written.
        UnsafePathError: A link or a file stands where a folder should.
    """
    os.makedirs(library, exist_ok=True)
    with (
        open_dir(downloads, *audio.parts) as source_dir,
        open_dir(library, session, make=True) as shelf,
        os.fdopen(os.open(audio.file_name, READ_ONLY, dir_fd=source_dir), "rb") as file,
    ):
        source = file.fileno()
        standing = yield from _standing(shelf, source, audio)
        if standing is not None:
            return standing
        temp = f".{audio.job_uuid}.tmp"
        remove_file(shelf, temp)
        try:
            yield from _bring(source_dir, audio.file_name, source, shelf, temp)
            name = _settle(shelf, temp, audio, old)
        except BaseException:
            remove_file(shelf, temp)
            raise
        return Entry(name=name, identity=_identity(os.lstat(name, dir_fd=shelf)))


def names(audio: Audio) -> Iterator[str]:
    """Yield Title.mp3, Title [id].mp3, Title [id] (2).mp3 and so on."""
    stem, ext = os.path.splitext(audio.file_name)
    yield audio.file_name
    yield f"{stem} [{audio.video_id}]{ext}"
    for number in range(2, 10_000):
        yield f"{stem} [{audio.video_id}] ({number}){ext}"


def _standing(
    shelf: int, source: int, audio: Audio
) -> Generator[None, None, Entry | None]:
    """Look for the same audio under one of its names: a crash came before the note."""
    wanted = os.fstat(source)
    for name in names(audio):
        try:
            fd = os.open(name, READ_ONLY, dir_fd=shelf)
        except FileNotFoundError:
            return None
        except OSError:  # a link: somebody else's
            continue
        with os.fdopen(fd, "rb") as file:
            found = os.fstat(fd)
            if os.path.samestat(found, wanted):
                return Entry(name=name, identity=_identity(found))
            if found.st_size == wanted.st_size:
                digest = yield from _digest(file.fileno())
                if digest == audio.sha256:
                    return Entry(name=name, identity=_identity(found))
    return None


def _digest(fd: int) -> Generator[None, None, str]:
    digest = hashlib.sha256()
    offset = 0
    while block := os.pread(fd, PIECE, offset):
        digest.update(block)
        offset += len(block)
        yield
    return digest.hexdigest()


def _bring(
    source_dir: int, name: str, source: int, shelf: int, temp: str
) -> Generator[None]:
    """Link; where that cannot be, share the blocks; where not even that, copy."""
    try:
        os.link(
            name, temp, src_dir_fd=source_dir, dst_dir_fd=shelf, follow_symlinks=False
        )
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
    else:
        return
    found = os.fstat(source)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(temp, flags, found.st_mode & 0o777, dir_fd=shelf)
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
    while sent := os.sendfile(target, source, offset, PIECE):
        os.fdatasync(target)  # piece by piece, so that no step waits for all of it
        offset += sent
        yield


def _settle(shelf: int, temp: str, audio: Audio, old: Entry | None) -> str:
    """Give the file its final name; it takes the place of our own old one only."""
    ours = old is not None and _is_unchanged(shelf, old)
    if old is not None and ours and old.name in _first_names(audio):
        os.replace(temp, old.name, src_dir_fd=shelf, dst_dir_fd=shelf)
        return old.name
    for name in names(audio):
        try:
            rename_new(shelf, temp, shelf, name)
        except FileExistsError:
            continue
        if old is not None and ours:
            remove_file(shelf, old.name)
        return name
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), audio.file_name)


def _first_names(audio: Audio) -> list[str]:
    candidates = names(audio)
    return [next(candidates) for _ in range(20)]


def _is_unchanged(shelf: int, entry: Entry) -> bool:
    try:
        return _identity(os.lstat(entry.name, dir_fd=shelf)) == entry.identity
    except FileNotFoundError:
        return False


def _identity(found: os.stat_result) -> str:
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"
