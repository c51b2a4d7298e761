"""Scans the inbox for every file that may be a drop.

Names are judged by `dropfile`; contents are not read here. The scan yields each file as
it finds it, so that a hundred thousand files do not stop the daemon's loop.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ytaudio_daemon import dropfile
from ytaudio_daemon.folders.inbox import DropLocation, IgnoredFile, MountPoint
from ytaudio_daemon.folders.layout import DEFAULT_SESSION, PROCESSED, REJECTED, Layout
from ytaudio_daemon.folders.letter_case import is_other_spelling
from ytaudio_daemon.folders.safe_open import open_dir
from ytaudio_daemon.folders.session_scan import (
    OpenFolder,
    ScanMemory,
    ScanResult,
    ScanScope,
    check_file,
    ignored_session,
    scan_folder,
)


def our_trees(layout: Layout) -> tuple[Path, ...]:
    """Return the folders that are searched for second hard links of a drop.

    All but the audio, which may be millions of files and holds no secrets.
    """
    return layout.inbox, layout.status, layout.state


def scan(
    inbox: Path, only: str | None = None, memory: ScanMemory | None = None
) -> Iterator[ScanResult]:
    """Yield every file that may be a drop, and everything else with a reason.

    None is yielded after each folder, so that the caller can pause between empty ones,
    and for an empty file: it may be filled at any time.

    Args:
        inbox: The inbox root.
        only: Scan this session's folder alone.
        memory: From the scans before.

    Raises:
        OSError: The inbox itself cannot be read.
    """
    device = os.stat(inbox).st_dev
    scope = ScanScope(inbox, device, memory or ScanMemory.of(inbox))
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
        scope.memory.quiet_folders.begin_scan(fd)
        root = OpenFolder(inbox, location, (), fd, device)
        if inbox.is_mount():
            yield MountPoint(path=inbox)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _scan_unless_quiet(scope, entry)
                yield None
            elif _is_link_to_folder(entry.path) and _may_be_session(scope, entry.name):
                yield _linked_folder(entry.name)
            else:
                yield from check_file(scope, root, entry)


def scan_ignored(layout: Layout, session: str | None = None) -> Iterator[IgnoredFile]:
    """Yield everything that is not taken, in all of the inbox or of one session.

    Args:
        layout: Names the inbox.
        session: A session's name.

    Raises:
        OSError: The inbox itself cannot be read.
    """
    only = session if session != DEFAULT_SESSION else None
    for found in scan(layout.inbox, only, ScanMemory.of(*our_trees(layout))):
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
    """Return whether a symbolic link points to a folder; the folder is not read."""
    try:
        return os.path.islink(path) and stat.S_ISDIR(os.stat(path).st_mode)
    except OSError:  # it leads nowhere, or to a dead mount
        return False


def _linked_folder(name: str) -> IgnoredFile:
    return ignored_session(
        name,
        "a symbolic link to a folder, and no link is followed; make it a folder "
        "(mount --bind shows another one there)",
    )


def _may_be_session(scope: ScanScope, name: str) -> bool:
    """Return False for folders of the system, and for those of filed drops.

    A disk that ignores case may show `processed` as `Processed`.
    """
    if dropfile.is_ignored_folder(name):
        return False
    own = name.lower()
    if own not in {PROCESSED, REJECTED}:
        return True
    with open_dir(scope.inbox) as inbox:
        return not is_other_spelling(inbox, own)


def _scan_unless_quiet(
    scope: ScanScope, entry: os.DirEntry[str]
) -> Iterator[ScanResult]:
    """Scan a session's folder, unless there was nothing in it and is nothing new."""
    quiet_folders = scope.memory.quiet_folders
    try:
        before = entry.stat(follow_symlinks=False)
    except OSError:  # gone, or a dead mount, which the scan names
        yield from _scan_session(scope, entry.name)
        return
    if quiet_folders.has(entry.name, before):
        return
    is_quiet = True
    for found in _scan_session(scope, entry.name):
        is_quiet = False
        yield found
    if is_quiet:
        quiet_folders.add(entry.name, before)


def _scan_session(scope: ScanScope, name: str) -> Iterator[ScanResult]:
    if not _may_be_session(scope, name):
        return
    problem = dropfile.session_name_problem(name)
    if problem is None:
        yield from scan_folder(scope, DropLocation(session=name), ())
    else:
        yield ignored_session(name, problem)
