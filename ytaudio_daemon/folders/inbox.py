"""The folders and files of the inbox, and their names."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError, UsageError
from ytaudio_daemon.folders.layout import (
    DEFAULT_SESSION,
    PROCESSED,
    REJECTED,
    display_name,
)
from ytaudio_daemon.folders.letter_case import is_other_spelling
from ytaudio_daemon.folders.safe_open import open_child, open_dir

#: Identifies a file's place: session, whether straight in the inbox, its path there.
FileKey = tuple[str, bool, bytes]
#: Inode, size, time of the last write in nanoseconds, device.
FileIdentity = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropLocation:
    """The folder of a drop: a session's, or the inbox itself (`at_root`)."""

    session: str
    at_root: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """The folder's components below the inbox."""
        return () if self.at_root else (self.session,)


def drop_locations(session: str) -> list[DropLocation]:
    """Return the folders of a session: the default session's also the inbox itself."""
    locations = [DropLocation(session=session)]
    if session == DEFAULT_SESSION:
        locations.append(DropLocation(session=session, at_root=True))
    return locations


def display_path(location: DropLocation, name: str) -> str:
    """Return where a file is, as it is shown: `inbox/alice/songs.txt`."""
    return "/".join(("inbox", *location.parts, name))


def drop_path(parts: Iterable[str]) -> bytes:
    """Return the path of a drop below its location, as the ledger has it: its name."""
    return os.fsencode("/".join(parts))


def split_path(name: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Return the subfolders in a drop's name, and its last component."""
    *subfolders, last = name.split(b"/")
    return tuple(subfolders), last


@contextmanager
def open_drop_folder(
    inbox: Path, location: DropLocation, name: bytes
) -> Iterator[tuple[int, bytes]]:
    """Open the folder where a drop was dropped.

    Yields:
        A descriptor of the folder, and the drop's name in it.

    Raises:
        UnsafePathError: A link or a file stands where a folder should.
        OSError: As open(2).
    """
    subfolders, last = split_path(name)
    with open_dir(inbox, *location.parts, *subfolders) as folder:
        yield folder, last


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyFolder:
    """A folder below a session's, in which a scan found nothing.

    Attributes:
        parts: Its components below the location.
    """

    location: DropLocation
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MountPoint:
    """The inbox, or a session's folder, that is on another disk than what it is in."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFile:
    """A file as a scan found it.

    Attributes:
        name: Its path below the location: `songs.txt`, or `party/songs.txt` of a
            folder that was dropped.
        identity: Changes whenever it was written to.
        changed_at: When it was last put there, written or changed in any way; seconds
            since 1970 by the file system's clock.
        folder_device: The disk of its folder, by which a lost mount is noticed; not the
            file's own, which on overlayfs may differ.
        has_hard_links: It has hard links, none of them in our trees.
    """

    location: DropLocation
    name: bytes
    size: int
    identity: FileIdentity
    changed_at: float = 0.0
    folder_device: int | None = None
    has_hard_links: bool = False

    @property
    def key(self) -> FileKey:
        """What identifies the file's place."""
        return self.location.session, self.location.at_root, self.name

    @property
    def subfolders(self) -> tuple[bytes, ...]:
        """The folders below its location."""
        return split_path(self.name)[0]

    def folder_in(self, inbox: Path) -> Path:
        """Return the path of the folder that it is in."""
        return inbox.joinpath(*self.location.parts, *map(os.fsdecode, self.subfolders))


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredFile:
    """A file or folder that is not taken, with a reason that a person can act on.

    `location` is None for a folder that cannot be a session.
    """

    location: DropLocation | None
    name: bytes
    reason: str

    @property
    def session(self) -> str:
        """The session that it was meant for."""
        location = self.location
        return os.fsdecode(self.name) if location is None else location.session

    @property
    def path(self) -> str:
        """Where it is, as it is shown: `inbox/alice/songs.pdf`."""
        location = self.location or DropLocation(session=DEFAULT_SESSION, at_root=True)
        return display_path(location, display_name(self.name))


def file_identity(found: os.stat_result) -> FileIdentity:
    """Return an identity that changes when a file is written to, or replaced."""
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_dev


def require_same_disk(inbox: Path, inbox_file: InboxFile) -> None:
    """Check that a missing file was not on a disk that is not mounted now.

    Raises:
        OSError: ESTALE, as its folder, or the last one above it that exists, is on
            another disk than it was.
    """
    folder = inbox_file.folder_in(inbox)
    while folder != inbox and not os.path.lexists(folder):
        folder = folder.parent
    device = inbox_file.folder_device
    if device is not None and folder.stat().st_dev != device:
        message = "what was mounted there is not mounted now"
        raise OSError(errno.ESTALE, message, str(folder))


def name_exists(inbox: Path, location: DropLocation, name: bytes) -> bool:
    """Return whether anything has that name in a drop's folder.

    Raises:
        OSError: The inbox itself is missing or closed, so nothing is known.
    """
    with open_dir(inbox):
        pass
    try:
        with open_drop_folder(inbox, location, name) as (folder, last):
            os.lstat(last, dir_fd=folder)
    except (FileNotFoundError, UnsafePathError):
        return False
    return True


def remove_inbox_file(inbox: Path, inbox_file: InboxFile) -> None:
    """Remove a file from the inbox, unless it was changed or replaced since the scan.

    Raises:
        OSError: It may not be removed.
        UnsafePathError: Its folder was replaced.
    """
    place = inbox_file.location, inbox_file.name
    with open_drop_folder(inbox, *place) as (folder, name):
        try:
            found = os.lstat(name, dir_fd=folder)
        except FileNotFoundError:
            return
        if file_identity(found) == inbox_file.identity:
            os.unlink(name, dir_fd=folder)


def make_session_folder(inbox: Path, session: str) -> None:
    """Make a session's folder in the inbox, or make sure that it is there.

    Raises:
        UsageError: The disk ignores case, and another session has that name.
        UnsafePathError: A link or a file has its name.
        OSError: It cannot be made.
    """
    with open_dir(inbox) as root:
        with open_child(root, session, make=True):
            pass
        if is_other_spelling(root, session):
            raise UsageError(
                f"the disk of the inbox does not distinguish {session!r} from the folder of "
                "another session, which is written otherwise",
                "Write the name as that one is written (`ytaudio session list`), or "
                "choose another.",
            )


def remove_if_empty(inbox: Path, session: str) -> bool:
    """Remove a session's inbox folder if no file is in it; True if it was removed."""
    try:
        with open_dir(inbox) as root, open_dir(inbox, session) as folder:
            for target in (PROCESSED, REJECTED):
                if target in os.listdir(folder):
                    os.rmdir(target, dir_fd=folder)
            os.rmdir(session, dir_fd=root)
    except (OSError, UnsafePathError):  # not empty, or not ours to remove: it stays
        return False
    return True
