"""Scanning the inbox: finds every file that may be a drop.

Nothing here decides what a drop means; names are judged by `dropfile`, contents by
the ledger. The scan yields as it goes, so that a hundred thousand files do not stop
the daemon's loop.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ytaudio_daemon import dropfile
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.layout import (
    DEFAULT_SESSION,
    PROCESSED,
    REJECTED,
    display_name,
)
from ytaudio_daemon.folders.safe_open import name_count, open_dir

#: Identifies a file's place: session, whether straight in the inbox, name.
FileKey = tuple[str, bool, bytes]
#: Inode, size, time of the last write in nanoseconds, device.
FileIdentity = tuple[int, int, int, int]

OWN_NAMES = frozenset({PROCESSED, REJECTED, "defaults.toml"})


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


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFile:
    """A file as a scan found it.

    Attributes:
        identity: Changes whenever it was written to.
        changed_at: When it was last put there, written or changed in any way; seconds
            since 1970 by the file system's clock.
    """

    location: DropLocation
    name: bytes
    size: int
    identity: FileIdentity
    changed_at: float = 0.0

    @property
    def key(self) -> FileKey:
        """What identifies the file's place."""
        return self.location.session, self.location.at_root, self.name


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
        return (
            os.fsdecode(self.name) if self.location is None else self.location.session
        )

    @property
    def path(self) -> str:
        """Where it is, as it is shown: `inbox/alice/songs.pdf`."""
        location = self.location or DropLocation(session=DEFAULT_SESSION, at_root=True)
        return display_path(location, display_name(self.name))


def scan(
    inbox: Path, only: str | None = None
) -> Iterator[InboxFile | IgnoredFile | None]:
    """Yield every file that may be a drop, and everything else with a reason.

    None is yielded after each folder, so that the caller can pause between empty ones.

    Args:
        inbox: The inbox root.
        only: Scan this session's folder alone.

    Raises:
        OSError: The inbox itself cannot be read.
    """
    if only is not None:
        path = os.path.join(inbox, only)
        if _is_folder(path):
            yield from _scan_folder(inbox, only)
        elif _is_link_to_folder(path):
            yield _linked_folder(only)
        return
    root = DropLocation(session=DEFAULT_SESSION, at_root=True)
    with os.scandir(inbox) as entries:  # not all at once: there may be very many
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _scan_folder(inbox, entry.name)
                yield None
            elif _is_link_to_folder(entry.path) and not _is_no_session(entry.name):
                yield _linked_folder(entry.name)
            else:
                yield from _check_entry(inbox, root, entry)


def scan_ignored(inbox: Path, session: str | None = None) -> Iterator[IgnoredFile]:
    """Yield everything that is not taken, in all of the inbox or of one session.

    Args:
        inbox: The inbox root.
        session: A session's name.

    Raises:
        OSError: The inbox itself cannot be read.
    """
    at_root_too = session in {None, DEFAULT_SESSION}
    for found in scan(inbox, None if at_root_too else session):
        if isinstance(found, IgnoredFile) and session in {None, found.session}:
            yield found


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False
    except OSError:  # a dead mount, which is a folder
        return True


def _is_link_to_folder(path: str) -> bool:
    """Return whether a link leads to a folder; what lies there is not looked at."""
    try:
        return os.path.islink(path) and stat.S_ISDIR(os.stat(path).st_mode)
    except OSError:  # it leads nowhere, or to a dead mount
        return False


def _linked_folder(name: str) -> IgnoredFile:
    return IgnoredFile(
        location=None,
        name=os.fsencode(name),
        reason="a symbolic link to a folder, and no link is followed; make it a folder "
        "(mount --bind shows another one there)",
    )


def _is_no_session(name: str) -> bool:
    return dropfile.is_ignored_folder(name) or name in OWN_NAMES


def _scan_folder(inbox: Path, name: str) -> Iterator[InboxFile | IgnoredFile]:
    if _is_no_session(name):
        return
    problem = dropfile.session_name_problem(name)
    if problem is not None:
        yield IgnoredFile(location=None, name=os.fsencode(name), reason=problem)
        return
    yield from _scan_session(inbox, DropLocation(session=name))


def _scan_session(
    inbox: Path, location: DropLocation
) -> Iterator[InboxFile | IgnoredFile]:
    try:
        with open_dir(inbox, *location.parts) as folder, os.scandir(folder) as entries:
            for entry in entries:
                if entry.name not in OWN_NAMES:
                    yield from _check_entry(inbox, location, entry)
    except FileNotFoundError:
        return
    except PermissionError:
        yield IgnoredFile(
            location=None,
            name=os.fsencode(location.session),
            reason="this folder cannot be read; allow it with: "
            f"chmod o+rx {inbox / location.session}",
        )
    except UnsafePathError as error:
        yield IgnoredFile(
            location=None, name=os.fsencode(location.session), reason=error.message
        )
    except OSError as error:  # a dead mount, say: the folders behind it are looked at
        if not location.parts:
            raise
        reason = f"this folder cannot be read: {error.strerror}"
        yield IgnoredFile(
            location=None, name=os.fsencode(location.session), reason=reason
        )


def _check_entry(
    inbox: Path, location: DropLocation, entry: os.DirEntry[str]
) -> Iterator[InboxFile | IgnoredFile]:
    name = os.fsencode(entry.name)
    if dropfile.is_temporary(entry.name) or dropfile.is_always_ignored(entry.name):
        return
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    reason = _ignore_reason(inbox.joinpath(*location.parts, entry.name), found)
    if reason is not None:
        yield IgnoredFile(location=location, name=name, reason=reason)
    elif found.st_size > 0:  # file managers make the empty file first
        yield InboxFile(
            location=location,
            name=name,
            size=found.st_size,
            identity=identity_of(found),
            changed_at=found.st_ctime,
        )


def _ignore_reason(path: Path, found: os.stat_result) -> str | None:
    name = path.name
    if not stat.S_ISREG(found.st_mode):
        return _KIND_REASONS.get(stat.S_IFMT(found.st_mode), "not a regular file")
    if name.lower().endswith(".receipt.txt"):
        return "a receipt, not a list of links; drop the .failed.txt beside it"
    if dropfile.kind_of(name) is None:
        return f"not a drop file; its name must end in {dropfile.DROP_ENDINGS}"
    if name_count(found, path) != 1:
        return "has more than one name (a hard link); copy the file instead"
    return None


_KIND_REASONS = {
    stat.S_IFLNK: "a symbolic link; copy the file itself here",
    stat.S_IFDIR: "a folder inside a session; only files directly in it are read",
}


def identity_of(found: os.stat_result) -> FileIdentity:
    """Return an identity that changes when a file is written to, or replaced."""
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_dev


def name_exists(inbox: Path, location: DropLocation, name: bytes) -> bool:
    """Return whether anything has that name in a drop's folder.

    Raises:
        OSError: The inbox itself is missing or closed, so nothing is known.
    """
    with open_dir(inbox):
        pass
    try:
        with open_dir(inbox, *location.parts) as folder:
            os.lstat(name, dir_fd=folder)
    except (FileNotFoundError, UnsafePathError):
        return False
    return True


def remove_inbox_file(inbox: Path, inbox_file: InboxFile) -> None:
    """Remove a file from the inbox, unless it was changed or replaced since the scan.

    Raises:
        OSError: It may not be removed.
        UnsafePathError: Its folder was replaced.
    """
    with open_dir(inbox, *inbox_file.location.parts) as folder:
        try:
            found = os.lstat(inbox_file.name, dir_fd=folder)
        except FileNotFoundError:
            return
        if identity_of(found) == inbox_file.identity:
            os.unlink(inbox_file.name, dir_fd=folder)


def make_session_folder(inbox: Path, session: str) -> None:
    """Make a session's folder in the inbox."""
    with open_dir(inbox, session, make=True):
        pass


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
