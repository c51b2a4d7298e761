"""The inbox on disk: finding drops, reading one safely, filing it.

Nothing here decides what a drop means; names are judged by `dropfile`, contents by
the ledger. The scan yields as it goes, so that a hundred thousand files do not stop
the daemon's loop.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ytaudio_daemon import dropfile
from ytaudio_daemon.errors import DropChangedError, UnsafePathError
from ytaudio_daemon.folders.layout import DEFAULT_SESSION, PROCESSED, REJECTED
from ytaudio_daemon.folders.opening import (
    is_plain_file,
    mount_of,
    open_child,
    open_dir,
    rename_new,
)

READ_BLOCK = 1 << 20
#: Room for `.receipt.txt` behind a name within the 255 bytes of most file systems.
MAX_FILED_NAME = 230
#: Endings of the files that views write beside filed drops.
VIEW_ENDINGS = (b".receipt.txt", b".failed.txt", b".reason.txt")
OURS = frozenset({PROCESSED, REJECTED, "defaults.toml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a drop was found: the session's name, or the inbox itself."""

    session: str
    at_root: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """The folder's components below the inbox."""
        return () if self.at_root else (self.session,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A file as a scan saw it: `identity` changes whenever it was written to."""

    place: Place
    name: bytes
    size: int
    identity: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """Something that is not taken, with the reason a person can act on.

    `place` is None for a folder that cannot be a session.
    """

    place: Place | None
    name: bytes
    reason: str


def scan(inbox: Path, only: str | None = None) -> Iterator[Sighting | Oddity]:
    """Yield every file that may be a drop, and everything odd.

    Args:
        inbox: The inbox root.
        only: Look into this session's folder alone.

    Raises:
        OSError: The inbox itself cannot be read.
    """
    if only is not None:
        if _is_folder(os.path.join(inbox, only)):
            yield from _scan_folder(inbox, only)
        return
    with os.scandir(inbox) as entries:
        found = list(entries)
    root = Place(session=DEFAULT_SESSION, at_root=True)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _scan_folder(inbox, entry.name)
        elif entry.name != "README.md":
            yield from _look_at(root, entry)


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False


def _scan_folder(inbox: Path, name: str) -> Iterator[Sighting | Oddity]:
    if dropfile.is_ignored_folder(name) or name in OURS:
        return
    problem = dropfile.session_name_problem(name)
    if problem is not None:
        yield Oddity(place=None, name=os.fsencode(name), reason=problem)
        return
    yield from _scan_session(inbox, Place(session=name))


def _scan_session(inbox: Path, place: Place) -> Iterator[Sighting | Oddity]:
    try:
        with open_dir(inbox, *place.parts) as folder, os.scandir(folder) as entries:
            for entry in entries:
                if entry.name not in OURS:
                    yield from _look_at(place, entry)
    except FileNotFoundError:
        return
    except PermissionError:
        yield Oddity(
            place=None,
            name=os.fsencode(place.session),
            reason="this folder cannot be read; allow it with: "
            f"chmod o+rx {inbox / place.session}",
        )
    except UnsafePathError as error:
        yield Oddity(place=None, name=os.fsencode(place.session), reason=error.message)


def _look_at(place: Place, entry: os.DirEntry[str]) -> Iterator[Sighting | Oddity]:
    name = os.fsencode(entry.name)
    if dropfile.is_temporary(entry.name) or dropfile.is_never_taken(entry.name):
        return
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    reason = _why_not(entry.name, found)
    if reason is not None:
        yield Oddity(place=place, name=name, reason=reason)
    elif found.st_size > 0:  # file managers make the empty file first
        yield Sighting(
            place=place, name=name, size=found.st_size, identity=_identity(found)
        )


def _why_not(name: str, found: os.stat_result) -> str | None:
    if not stat.S_ISREG(found.st_mode):
        return _KIND_REASONS.get(stat.S_IFMT(found.st_mode), "not a regular file")
    if name.lower().endswith(".receipt.txt"):
        return "a receipt, not a list of links; drop the .failed.txt beside it"
    if dropfile.kind_of(name) is None:
        return (
            "not a drop file; its name must end in "
            ".txt .urls .list .jsonl .url .webloc or .desktop"
        )
    if found.st_nlink != 1:
        return "has more than one name (a hard link); copy the file instead"
    return None


_KIND_REASONS = {
    stat.S_IFLNK: "a symbolic link; copy the file itself here",
    stat.S_IFDIR: "a folder inside a session; only files directly in it are read",
}


def _identity(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_dev


class DropReader:
    """Reads one drop in pieces, hashing, and makes sure it did not change meanwhile.

    Args:
        inbox: The inbox root.
        sighting: What the scan saw; the file must still be that one.

    Raises:
        DropChangedError: It is another file by now.
        OSError: It cannot be opened.
    """

    def __init__(self, inbox: Path, sighting: Sighting) -> None:
        self._inbox = inbox
        self._sighting = sighting
        self._hash = hashlib.sha256()
        self._blocks: list[bytes] = []
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open_dir(inbox, *sighting.place.parts) as folder:
            self._fd = os.open(sighting.name, flags, dir_fd=folder)
            is_mounted_here = mount_of(folder) == mount_of(self._fd)
        if not is_mounted_here or not self._unchanged(os.fstat(self._fd)):
            self.close()
            raise DropChangedError("the drop changed before it was read")

    def read_some(self, blocks: int = 8) -> bool:
        """Read up to so many MiB; returns whether the end is reached."""
        for _ in range(blocks):
            block = os.read(self._fd, READ_BLOCK)
            if not block:
                return True
            self._hash.update(block)
            self._blocks.append(block)
            if len(self._blocks) * READ_BLOCK > self._sighting.size + 2 * READ_BLOCK:
                raise DropChangedError("the drop grew while it was read")
        return False

    def content(self) -> tuple[bytes, str]:
        """Return the whole content and its SHA-256, once the end is reached.

        Raises:
            DropChangedError: It was written to while it was read, or replaced.
        """
        if not self._unchanged(os.fstat(self._fd)) or not self._still_there():
            raise DropChangedError("the drop changed while it was read")
        return b"".join(self._blocks), self._hash.hexdigest()

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _unchanged(self, found: os.stat_result) -> bool:
        return is_plain_file(found) and _identity(found) == self._sighting.identity

    def _still_there(self) -> bool:
        try:
            with open_dir(self._inbox, *self._sighting.place.parts) as folder:
                found = os.lstat(self._sighting.name, dir_fd=folder)
        except (FileNotFoundError, UnsafePathError):
            return False
        return _identity(found) == self._sighting.identity


def read_defaults(inbox: Path, session: str, limit: int = 64 << 10) -> bytes | None:
    """Return a session's `defaults.toml`, or None when there is none.

    Raises:
        UnsafePathError: It is a link, a device, or larger than `limit` bytes.
        OSError: It cannot be read.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open_dir(inbox, session) as folder:
            fd = os.open("defaults.toml", flags, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafePathError("defaults.toml is a symbolic link") from error
        raise
    with os.fdopen(fd, "rb") as file:
        if not is_plain_file(os.fstat(fd)):
            raise UnsafePathError("defaults.toml is not a plain file")
        text = file.read(limit + 1)
    if len(text) > limit:
        raise UnsafePathError(f"defaults.toml is larger than {limit} bytes")
    return text


def file_drop(
    inbox: Path,
    sighting: Sighting,
    target: str,
    is_taken: Callable[[bytes], bool],
) -> bytes | None:
    """Move a drop to `processed` or `rejected`, never over anything.

    It is durable after `sync_moves`.

    Args:
        inbox: The inbox root.
        sighting: The very file that was recorded.
        target: `PROCESSED` or `REJECTED`.
        is_taken: Whether a name is used elsewhere, e.g. by an older receipt.

    Returns:
        Its name there; None when it is gone or another file by now.

    Raises:
        OSError: The move is not permitted.
    """
    try:
        with open_dir(inbox, *sighting.place.parts) as folder:
            if not _is_same(folder, sighting):
                return None
            with open_child(folder, target, make=True) as there:
                return _move_to(there, folder, sighting.name, is_taken)
    except FileNotFoundError:  # the folder went meanwhile, with all that was in it
        return None


def _move_to(
    there: int, folder: int, old: bytes, is_taken: Callable[[bytes], bool]
) -> bytes | None:
    for name in _names_to_try(old):
        if is_taken(name) or not _is_free(folder, name):
            continue
        try:
            rename_new(folder, old, there, name)
        except FileExistsError:
            continue
        return name
    return None


def sync_moves(inbox: Path, place: Place) -> None:
    """Make the moves out of a folder durable; one call serves any number of them.

    Should the folder be gone, the user took it and there is nothing to keep.
    """
    with suppress(FileNotFoundError), open_dir(inbox, *place.parts) as folder:
        for target in (PROCESSED, REJECTED):
            with suppress(FileNotFoundError), open_child(folder, target) as there:
                os.fsync(there)
        os.fsync(folder)


def find_filed(
    inbox: Path,
    place: Place,
    target: str,
    name: bytes,
    sha256: str,
    known: Collection[bytes],
) -> bytes | None:
    """Return where `file_drop` put a drop before a crash, None when it did not.

    Args:
        inbox: The inbox root.
        place: Where it was dropped.
        target: `PROCESSED` or `REJECTED`.
        name: As it was dropped.
        sha256: Of its content.
        known: The names there of other drops.
    """
    try:
        with (
            open_dir(inbox, *place.parts) as folder,
            open_dir(inbox, *place.parts, target) as there,
        ):
            for candidate in _names_to_try(name):
                if candidate in known:
                    continue
                if _has_content(there, candidate, sha256):
                    return candidate
                if _is_free(folder, candidate):
                    return None
    except (FileNotFoundError, UnsafePathError):
        return None
    return None


def is_there(inbox: Path, place: Place, name: bytes) -> bool:
    """Return whether anything of that name stands where it was dropped.

    Raises:
        OSError: The inbox itself is not there, which proves nothing.
    """
    with open_dir(inbox):
        pass
    try:
        with open_dir(inbox, *place.parts) as folder:
            os.lstat(name, dir_fd=folder)
    except (FileNotFoundError, UnsafePathError):
        return False
    return True


def _has_content(folder: int, name: bytes, sha256: str) -> bool:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(name, flags, dir_fd=folder)
    except OSError:  # not there, or nothing of ours
        return False
    with os.fdopen(fd, "rb") as file:
        if not is_plain_file(os.fstat(fd)):
            return False
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _is_same(folder: int, sighting: Sighting) -> bool:
    try:
        found = os.lstat(sighting.name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return _identity(found) == sighting.identity


def _names_to_try(name: bytes) -> Iterator[bytes]:
    """songs.txt, songs.2.txt, songs.3.txt …; a view's name is never given to a drop."""
    stem, ending = os.path.splitext(name)
    stem = stem[: MAX_FILED_NAME - len(ending)]
    if not name.lower().endswith(VIEW_ENDINGS):
        yield stem + ending
    for number in range(2, 1_000_000):
        yield b"%s.%d%s" % (stem, number, ending)


def _is_free(folder: int, name: bytes) -> bool:
    """A name is free when neither it nor a view of it stands in either place."""
    views = [name + ending for ending in VIEW_ENDINGS]
    for target in (PROCESSED, REJECTED):
        for candidate in (name, *views):
            path = os.path.join(os.fsencode(target), candidate)
            try:
                os.lstat(path, dir_fd=folder)
            except (FileNotFoundError, NotADirectoryError):
                continue
            return False
    return True


def make_session_folder(inbox: Path, session: str) -> None:
    """Make a session's folder, ready to be dropped into."""
    with open_dir(inbox, session, make=True):
        pass


def remove_if_empty(inbox: Path, session: str) -> bool:
    """Remove a session's folder when nothing of the user's is in it."""
    try:
        with open_dir(inbox) as root, open_dir(inbox, session) as folder:
            for target in (PROCESSED, REJECTED):
                if target in os.listdir(folder):
                    os.rmdir(target, dir_fd=folder)
            os.rmdir(session, dir_fd=root)
    except (OSError, UnsafePathError):  # not empty, or not ours to remove: it stays
        return False
    return True
