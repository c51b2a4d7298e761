"""Makes the folders of the tree, and locks the state folder for one daemon."""

import errno
import fcntl
import grp
import os
import shlex
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.errors import AlreadyRunningError, ConfigError, FolderError
from ytaudio_daemon.folders.layout import Layout
from ytaudio_daemon.folders.private_folder import make_private
from ytaudio_daemon.model.host_errors import find_host_error
from ytaudio_daemon.system.regular_files import NotRegularFileError, open_own_file

#: New files inside belong to the folder's group, which may read and write.
SHARED_MODE = stat.S_ISGID | stat.S_IRWXG
#: What the state folder and the ledger do not permit: others nothing, the group no
#: writing. Reading them is what `ytaudio jobs` needs.
CLOSED_BITS = stat.S_IWGRP | stat.S_IRWXO


def prepare(layout: Layout, group: str = "") -> None:
    """Make every folder that is missing.

    Args:
        layout: The folders.
        group: When set, the folders people use belong to it, setgid; and the folder
            for unfinished work, from where results are moved as they are. Those that are
            made now are closed to everybody else; the modes of others stay.

    Raises:
        ConfigError: There is no such group.
        FolderError: A folder cannot be made or used.
    """
    shared = [layout.inbox, layout.downloads, layout.status]
    if layout.library is not None:
        shared.append(layout.library)
    try:
        new = [folder for folder in shared if not folder.exists()]
        for folder in (*shared, layout.state):
            folder.mkdir(parents=True, exist_ok=True)
        _close_state(layout.state, shared)
        layout.wake_dir.mkdir(exist_ok=True)
        for private in (layout.home, layout.cache, layout.work, layout.trash):
            make_private(private)
        if group:
            number = _gid_of(group)
            for folder in shared:
                _give_to_group(folder, number, SHARED_MODE)
            _give_to_group(layout.work, number, stat.S_ISGID)
            _close_new(new)
        _set_sticky_bit(layout.downloads)
    except OSError as error:
        raise FolderError(
            f"the folder {error.filename} cannot be made or used: {error.strerror}",
            _hint(error),
        ) from error


def _hint(error: OSError) -> str:
    """Return what to do; systemd's `RestrictSUIDSGID=` refuses a setgid bit with EPERM."""
    if error.errno == errno.EPERM:
        return f"sudo chmod g+rwxs {shlex.quote(str(error.filename))}"
    if error.errno == errno.EACCES:
        return (
            "Let this user write there; `ytaudio doctor` names the line. For the service: "
            "sudo systemd-tmpfiles --create"
        )
    found = find_host_error(error.errno)
    if found is None:
        return "Something else is in its place; see [paths] in the config."
    remedy = found.remedy(str(error.filename))
    return f"{remedy} [paths] in the config says where it is."


def _close_state(state: Path, shared: Iterable[Path]) -> None:
    """Close the state folder to others, unless it holds what people use."""
    if not any(folder.is_relative_to(state) for folder in shared):
        close_to_others(state)


def _close_new(folders: Iterable[Path]) -> None:
    """Close folders that were made just now to all but owner and group.

    Where systemd's `RestrictSUIDSGID=` refuses that, they keep the mode of the umask.
    """
    for folder in folders:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & stat.S_IRWXO:
            with suppress(PermissionError):
                folder.chmod(mode & ~stat.S_IRWXO)


def close_to_others(path: Path) -> None:
    """Remove all permissions of others, and the group's to write, if we may.

    The mode stays where we are not the owner, where systemd's `RestrictSUIDSGID=`
    refuses one with the setgid bit (the installation has closed that folder), and
    where it is a folder for everybody (`/tmp`).
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & CLOSED_BITS and not mode & stat.S_ISVTX:
        with suppress(PermissionError):
            path.chmod(mode & ~CLOSED_BITS)


def _gid_of(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise ConfigError(
            f"[paths] group names {group!r}, which does not exist",
            f"Make it with: groupadd {group}",
        ) from error


def _give_to_group(folder: Path, group: int, bits: int) -> None:
    found = folder.stat()
    if found.st_gid != group:
        os.chown(folder, -1, group)
    mode = stat.S_IMODE(found.st_mode)
    if mode & bits != bits:
        folder.chmod(mode | bits)


def _set_sticky_bit(folder: Path) -> None:
    """Let only the owner of a name in a folder rename or remove it (inode(7)).

    Otherwise anybody who may write in downloads could replace `.work` by a folder with
    links in it, and workers write there by path. Where systemd's `RestrictSUIDSGID=`
    forbids it, the installation has done it.
    """
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        with suppress(PermissionError):
            folder.chmod(mode | stat.S_ISVTX)


def lock_state(layout: Layout) -> int:
    """Lock the state folder for this process, as long as the descriptor is open.

    Returns:
        The descriptor.

    Raises:
        AlreadyRunningError: Another daemon has locked it.
        FolderError: The lock file is a link or a pipe.
    """
    try:
        fd = open_own_file(layout.lock_file, 0o640)
    except NotRegularFileError as error:
        raise FolderError(
            f"{layout.lock_file} {error.strerror}; it should be the daemon's lock",
            f"rm {shlex.quote(str(layout.lock_file))}",
        ) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(fd, 32).decode("ascii", "replace").strip()
        os.close(fd)
        raise AlreadyRunningError(
            f"a daemon (pid {holder or 'unknown'}) uses {layout.state} already",
            "Stop it first, or give this one another [paths] root.",
        ) from error
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def free_bytes(folder: Path) -> int:
    """Return the bytes an unprivileged user may still write there."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
