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
from typing import NamedTuple

from ytaudio_daemon import dropfile
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.inbox import (
    DropLocation,
    EmptyFolder,
    IgnoredFile,
    InboxFile,
    MountPoint,
    drop_path,
    identity_of,
)
from ytaudio_daemon.folders.layout import DEFAULT_SESSION, PROCESSED, REJECTED, Layout
from ytaudio_daemon.folders.safe_open import name_count, open_dir
from ytaudio_daemon.folders.second_names import SecondNames
from ytaudio_daemon.model.host_errors import find_host_error

OWN_NAMES = frozenset({PROCESSED, REJECTED, "defaults.toml"})
#: Folders inside a session's are walked so deep.
MAX_DEPTH = 2

#: What a scan finds; None after each folder.
ScanResult = InboxFile | IgnoredFile | EmptyFolder | MountPoint | None


def scan(
    inbox: Path, only: str | None = None, second_names: SecondNames | None = None
) -> Iterator[ScanResult]:
    """Yield every file that may be a drop, and everything else with a reason.

    None is yielded after each folder, so that the caller can pause between empty ones.

    Args:
        inbox: The inbox root.
        only: Scan this session's folder alone.
        second_names: Knows the names of files in our trees; in the inbox by default.

    Raises:
        OSError: The inbox itself cannot be read.
    """
    device = os.stat(inbox).st_dev
    scope = _Scope(inbox, device, second_names or SecondNames(inbox))
    if only is not None:
        path = os.path.join(inbox, only)
        if _is_folder(path):
            yield from _scan_session(scope, only)
        elif _is_link_to_folder(path):
            yield _linked_folder(only)
        return
    location = DropLocation(session=DEFAULT_SESSION, at_root=True)
    with (
        open_dir(inbox) as fd,
        os.scandir(inbox) as entries,  # not all at once: there may be very many
    ):
        root = _OpenFolder(inbox, location, (), fd, device)
        if inbox.is_mount():
            yield MountPoint(path=inbox)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _scan_session(scope, entry.name)
                yield None
            elif _is_link_to_folder(entry.path) and not _is_no_session(entry.name):
                yield _linked_folder(entry.name)
            else:
                yield from _check_file(scope, root, entry)


def scan_ignored(layout: Layout, session: str | None = None) -> Iterator[IgnoredFile]:
    """Yield everything that is not taken, in all of the inbox or of one session.

    Args:
        layout: Names the inbox.
        session: A session's name.

    Raises:
        OSError: The inbox itself cannot be read.
    """
    only = session if session != DEFAULT_SESSION else None
    for found in scan(layout.inbox, only, SecondNames.in_trees_of(layout)):
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
    return _ignored_session(
        name,
        "a symbolic link to a folder, and no link is followed; make it a folder "
        "(mount --bind shows another one there)",
    )


def _ignored_session(name: str, reason: str) -> IgnoredFile:
    return IgnoredFile(location=None, name=os.fsencode(name), reason=reason)


def _is_no_session(name: str) -> bool:
    return dropfile.is_ignored_folder(name) or name in OWN_NAMES


class _Scope(NamedTuple):
    """What a scan is given."""

    inbox: Path
    device: int
    second_names: SecondNames


def _scan_session(scope: _Scope, name: str) -> Iterator[ScanResult]:
    if _is_no_session(name):
        return
    problem = dropfile.session_name_problem(name)
    if problem is None:
        yield from _scan_folder(scope, DropLocation(session=name), ())
    else:
        yield _ignored_session(name, problem)


@dataclass(frozen=True, slots=True)
class _OpenFolder:
    """A session's folder, or one below it, while its entries are read.

    Attributes:
        path: Its path.
        location: The session's folder.
        parts: The components below that one.
        fd: Its descriptor.
        device: Its disk.
    """

    path: Path
    location: DropLocation
    parts: tuple[str, ...]
    fd: int
    device: int

    def ignored(self, name: str, reason: str) -> IgnoredFile:
        """Return one of its entries as a file or folder that is not taken."""
        path = drop_path((*self.parts, name))
        return IgnoredFile(location=self.location, name=path, reason=reason)

    def is_own(self, name: str) -> bool:
        """Return whether an entry of a session's folder is one that we made.

        A disk that ignores case may show `processed` as `Processed`.
        """
        own = name.lower()
        if self.parts or own not in OWN_NAMES:
            return False
        return name == own or (
            os.access(own, os.F_OK, dir_fd=self.fd, follow_symlinks=False)
            and own not in os.listdir(self.path)
        )


def _scan_folder(
    scope: _Scope, location: DropLocation, parts: tuple[str, ...]
) -> Iterator[ScanResult]:
    """Yield what is in a session's folder, or in one below it."""
    path = scope.inbox.joinpath(*location.parts, *parts)
    is_empty = True
    try:
        with (
            open_dir(scope.inbox, *location.parts, *parts) as fd,
            os.scandir(fd) as entries,
        ):
            folder = _OpenFolder(path, location, parts, fd, os.fstat(fd).st_dev)
            if not parts and folder.device != scope.device:
                yield MountPoint(path=path)
            for entry in entries:
                is_empty = False
                yield from _check_entry(scope, folder, entry)
    except FileNotFoundError:
        return
    except (OSError, UnsafePathError) as error:
        # A dead mount, say: the folders behind it are scanned.
        reason = _unreadable_reason(path, error)
        yield _ignored_folder(location, parts, reason)
        return
    if parts:
        yield EmptyFolder(location=location, parts=parts) if is_empty else None


def _ignored_folder(
    location: DropLocation, parts: tuple[str, ...], reason: str
) -> IgnoredFile:
    if not parts:
        return _ignored_session(location.session, reason)
    return IgnoredFile(location=location, name=drop_path(parts), reason=reason)


def _unreadable_reason(path: Path, error: OSError | UnsafePathError) -> str:
    if isinstance(error, UnsafePathError):
        return error.message
    if isinstance(error, PermissionError):
        return f"this folder cannot be read; allow it with: chmod o+rx {path}"
    found = find_host_error(error.errno)
    remedy = f"; {found.remedy(str(path))}" if found else ""
    return f"this folder cannot be read: {error.strerror}{remedy}"


def _check_entry(
    scope: _Scope, folder: _OpenFolder, entry: os.DirEntry[str]
) -> Iterator[ScanResult]:
    """Yield what an entry of a session's folder, or of one below it, holds."""
    if folder.is_own(entry.name):
        return
    if not entry.is_dir(follow_symlinks=False):
        yield from _check_file(scope, folder, entry)
    elif not dropfile.is_passed_over(entry.name):
        parts = (*folder.parts, entry.name)
        reason = _folder_reason(entry.name, depth=len(parts))
        if reason is None:
            yield from _scan_folder(scope, folder.location, parts)
        else:
            yield folder.ignored(entry.name, reason)


def _folder_reason(name: str, *, depth: int) -> str | None:
    """Return why a folder in a session's folder is not walked, None when it is."""
    if name.startswith("."):
        return "a hidden folder; rename it, without the dot, if its lists are drops"
    if name.lower() in {PROCESSED, REJECTED}:
        return "its name is that of filed drops; rename it if its lists are drops"
    if depth > MAX_DEPTH:
        return (
            f"a folder too deep in its session; {MAX_DEPTH} levels of folders are "
            "read: move its lists up"
        )
    return None


def _check_file(
    scope: _Scope, folder: _OpenFolder, entry: os.DirEntry[str]
) -> Iterator[ScanResult]:
    if dropfile.is_temporary(entry.name) or dropfile.is_always_ignored(entry.name):
        return
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    reason = _type_reason(found) or _name_reason(entry.name)
    has_other_names = reason is None and name_count(found, folder.path / entry.name) > 1
    if has_other_names and (yield from scope.second_names.search(found)):
        reason = (
            "has another name (a hard link) in the daemon's folders; copy the file "
            "instead"
        )
    if reason is not None:
        yield folder.ignored(entry.name, reason)
    elif found.st_size > 0:  # file managers make the empty file first
        yield InboxFile(
            location=folder.location,
            name=drop_path((*folder.parts, entry.name)),
            size=found.st_size,
            identity=identity_of(found),
            changed_at=found.st_ctime,
            folder_device=folder.device,
            has_other_names=has_other_names,
        )


def _type_reason(found: os.stat_result) -> str | None:
    if stat.S_ISLNK(found.st_mode):
        return "a symbolic link; copy the file itself here"
    return None if stat.S_ISREG(found.st_mode) else "not a regular file"


def _name_reason(name: str) -> str | None:
    if name.lower().endswith(".receipt.txt"):
        return "a receipt, not a list of links; drop the .failed.txt beside it"
    if name in OWN_NAMES:
        return "it counts in the session's own folder only; write its options there"
    if dropfile.kind_of(name) is None:
        return f"not a drop file; its name must end in {dropfile.DROP_ENDINGS}"
    return None
