"""Scans a session's folder: its files, and the folders that people put into it."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from ytaudio_daemon import dropfile
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.access_remedy import access_remedy
from ytaudio_daemon.folders.hard_links import HardLinkSearch
from ytaudio_daemon.folders.inbox import (
    DropLocation,
    EmptyFolder,
    IgnoredFile,
    InboxFile,
    MountPoint,
    drop_path,
    file_identity,
)
from ytaudio_daemon.folders.layout import PROCESSED, REJECTED
from ytaudio_daemon.folders.letter_case import is_other_spelling
from ytaudio_daemon.folders.quiet_folders import QuietFolders
from ytaudio_daemon.folders.safe_open import name_count, open_dir
from ytaudio_daemon.model.host_errors import find_host_error

OWN_NAMES = frozenset({PROCESSED, REJECTED, "defaults.toml"})
#: Folders inside a session's are walked so deep.
MAX_DEPTH = 2

#: What a scan finds; None after each folder, and for an empty file.
ScanResult = InboxFile | IgnoredFile | EmptyFolder | MountPoint | None


class ScanMemory(NamedTuple):
    """What a scan knows from earlier ones.

    Attributes:
        hard_links: Searches our folders for a file's second link.
        quiet_folders: The sessions' folders that were empty and have not changed.
    """

    hard_links: HardLinkSearch
    quiet_folders: QuietFolders

    @classmethod
    def of(cls, *trees: Path) -> Self:
        """Return an empty memory; `trees` are searched for second links of drops."""
        return cls(HardLinkSearch(*trees), QuietFolders())


class ScanScope(NamedTuple):
    """The inbox that a scan reads.

    Attributes:
        inbox: Its path.
        device: Its disk; a session's folder on another one is a mount point.
        memory: From earlier scans.
    """

    inbox: Path
    device: int
    memory: ScanMemory


def ignored_session(name: str, reason: str) -> IgnoredFile:
    """Return a folder of the inbox that cannot be a session's."""
    return IgnoredFile(location=None, name=os.fsencode(name), reason=reason)


@dataclass(frozen=True, slots=True)
class OpenFolder:
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
        return name == own or is_other_spelling(self.fd, own)


def scan_folder(
    scope: ScanScope, location: DropLocation, parts: tuple[str, ...]
) -> Iterator[ScanResult]:
    """Yield what is in a session's folder, or in one below it."""
    path = scope.inbox.joinpath(*location.parts, *parts)
    is_empty = True
    try:
        with (
            open_dir(scope.inbox, *location.parts, *parts) as fd,
            os.scandir(fd) as entries,
        ):
            folder = OpenFolder(path, location, parts, fd, os.fstat(fd).st_dev)
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
        return ignored_session(location.session, reason)
    return IgnoredFile(location=location, name=drop_path(parts), reason=reason)


def _unreadable_reason(path: Path, error: OSError | UnsafePathError) -> str:
    if isinstance(error, UnsafePathError):
        return error.message
    if error.errno == errno.EACCES:
        remedy = access_remedy(path, os.R_OK | os.X_OK, "o+rx")
        return f"this folder cannot be read; {remedy}"
    found = find_host_error(error.errno)
    remedy = f"; {found.remedy(str(path))}" if found else ""
    return f"this folder cannot be read: {error.strerror}{remedy}"


def _check_entry(
    scope: ScanScope, folder: OpenFolder, entry: os.DirEntry[str]
) -> Iterator[ScanResult]:
    """Yield what an entry of a session's folder, or of one below it, holds."""
    if folder.is_own(entry.name):
        return
    if not entry.is_dir(follow_symlinks=False):
        yield from check_file(scope, folder, entry)
    elif not dropfile.is_ignored_subfolder(entry.name):
        parts = (*folder.parts, entry.name)
        reason = _folder_reason(entry.name, depth=len(parts))
        if reason is None:
            yield from scan_folder(scope, folder.location, parts)
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


def check_file(
    scope: ScanScope, folder: OpenFolder, entry: os.DirEntry[str]
) -> Iterator[ScanResult]:
    """Yield an entry that is no folder: a drop, or a file with the reason it is none."""
    if dropfile.is_temporary(entry.name) or dropfile.is_always_ignored(entry.name):
        return
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    reason = _type_reason(found) or _name_reason(entry.name)
    has_hard_links = reason is None and name_count(found, folder.path / entry.name) > 1
    if has_hard_links and (yield from scope.memory.hard_links.search(found)):
        reason = (
            "has another name (a hard link) in the daemon's folders; copy the file "
            "instead"
        )
    if reason is not None:
        yield folder.ignored(entry.name, reason)
    elif found.st_size == 0:  # file managers make the empty file first
        yield None
    else:
        yield InboxFile(
            location=folder.location,
            name=drop_path((*folder.parts, entry.name)),
            size=found.st_size,
            identity=file_identity(found),
            changed_at=found.st_ctime,
            folder_device=folder.device,
            has_hard_links=has_hard_links,
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
    if dropfile.drop_kind(name) is None:
        return f"not a drop file; its name must end in {dropfile.DROP_ENDINGS}"
    return None
