"""Checks that the folders exist, are accessible, and have enough room on one disk."""

import errno
import os
import pwd
import secrets
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from ytaudio_daemon.doctor.check_result import CheckResult, broken, ok, warning
from ytaudio_daemon.dropfile import is_ignored_folder
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.letter_case import ignores_case
from ytaudio_daemon.folders.prepare import free_bytes
from ytaudio_daemon.model.host_errors import WRITE_REFUSED
from ytaudio_daemon.system.files import nearest_existing

#: Most session folders that are checked, and most results about them.
MAX_SESSION_FOLDERS = 10_000
MAX_SESSION_RESULTS = 20
GIB = 1 << 30
#: The consequence when the daemon cannot read or write a folder.
CONSEQUENCES = {
    "inbox": "no drop is seen",
    "downloads": "nothing can be downloaded",
    "library": "finished audio does not appear there, only in downloads",
    "status": "`ytaudio status` and programs see nothing new",
    "state": "the daemon cannot start",
}


def check_folders(
    layout: Layout, reserve_bytes: int, *, keeps_drops: bool = False
) -> Iterator[CheckResult]:
    """Yield the results on all folders.

    Args:
        layout: The folders.
        reserve_bytes: `[disk] reserve`.
        keeps_drops: `[inbox] after_intake = "keep"`: nothing is moved in the inbox.
    """
    yield from check_tree_folders(layout, keeps_drops=keeps_drops)
    yield from islice(
        _check_session_folders(layout.inbox, keeps_drops=keeps_drops),
        MAX_SESSION_RESULTS,
    )
    yield from check_file_systems(layout)
    with suppress(OSError):  # reported already, as a fault of the folder
        free = free_bytes(nearest_existing(layout.downloads))
        yield check_free_space(free, reserve_bytes, layout.downloads)


def check_tree_folders(
    layout: Layout, *, keeps_drops: bool = False
) -> Iterator[CheckResult]:
    """Yield the result on each of the daemon's own folders."""
    for name, folder in _tree_folders(layout):
        found = _check_folder(name, folder)
        if found.health == "broken" and name == "inbox" and _is_readable(folder):
            found = _read_only_inbox_result(folder, keeps_drops=keeps_drops)
        yield found
    yield from _check_letter_case(layout.status)


def _check_letter_case(status: Path) -> Iterator[CheckResult]:
    """Yield a warning when the status files of two sessions may be one file."""
    with suppress(OSError, UnsafePathError):  # not there yet, or reported already
        if ignores_case(status, "sessions"):
            yield warning(
                "status_letter_case",
                f"the file system of {status} does not tell Hello from HELLO: sessions "
                "whose names differ in case alone share their status files and receipts "
                "there; put [paths] status on a file system of Linux",
                f"findmnt --target {_quoted(status)}",
            )


def check_file_systems(layout: Layout) -> Iterator[CheckResult]:
    """Yield whether work and results are on one file system.

    Before the daemon's first start there is no work folder, and so no result.
    """
    if os.path.isdir(layout.work):  # noqa: PTH112 - a dead mount raises in Path's
        yield _check_same_file_system(layout)


def check_free_space(free: int, reserve: int, downloads: Path) -> CheckResult:
    """Return the result on free disk space; both numbers in bytes. Pure."""
    message = (
        f"{free / GIB:.1f} GiB are free, {reserve / GIB:.1f} GiB of it are kept free"
    )
    what = "remove what nobody needs, or lower [disk] reserve"
    remedy = f"sudo du -xh --max-depth=2 {_quoted(downloads)} | sort -h | tail"
    if free < reserve:
        message = f"{message}; no download starts until there is room: {what}"
        return broken("disk", message, remedy)
    if free < 2 * reserve:
        message = f"{message}; soon no download will start: {what}"
        return warning("disk", message, remedy)
    return ok("disk", message)


def _tree_folders(layout: Layout) -> Iterator[tuple[str, Path]]:
    yield "inbox", layout.inbox
    yield "downloads", layout.downloads
    if layout.library is not None:
        yield "library", layout.library
    yield "status", layout.status
    yield "state", layout.state


def _check_folder(name: str, folder: Path) -> CheckResult:
    label = f"folder_{name}"
    if _is_missing(folder):
        above = nearest_existing(folder)
        if _is_accessible(above):
            return warning(
                label, f"{folder} is not there yet; the daemon makes it when it starts"
            )
        return broken(
            label,
            f"{folder} is not there, and {above} is closed to {_own_user_name()}, who cannot make "
            f"it: {CONSEQUENCES[name]}",
            f"sudo install -d -o {_own_user_name()} {_quoted(folder)}",
        )
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        # A broken link is reported below: it is no folder.
        if error.errno not in {errno.ENOENT, errno.ELOOP}:
            return _unreachable_folder_result(label, folder, error, CONSEQUENCES[name])
        mode = 0
    if not stat.S_ISDIR(mode):
        return broken(
            label,
            f"{folder} is no folder: {CONSEQUENCES[name]}",
            f"sudo mv -n {_quoted(folder)} {_quoted(folder)}.old",
        )
    if not _is_accessible(folder):
        message = f"{_closed_reason(folder, mode)}: {CONSEQUENCES[name]}"
        return broken(label, message, _remedy(folder))
    return ok(label, str(folder))


def _is_missing(folder: Path) -> bool:
    """True if a folder is not there, or in a closed one; on a dead mount it is there."""
    try:
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return True
    except OSError:
        return False
    return False


def _closed_reason(folder: Path, mode: int) -> str:
    if _is_on_read_only_mount(folder):
        return f"{folder} is on a file system that is mounted read-only"
    return (
        f"{folder} cannot be read and written by {_own_user_name()} "
        f"(mode {stat.S_IMODE(mode):04o})"
    )


def _unreachable_folder_result(
    label: str, folder: Path, error: OSError, meaning: str
) -> CheckResult:
    """Return the result on a folder that cannot be examined: its mount is dead, say."""
    return broken(
        label,
        f"{folder} cannot be looked at ({error.strerror}): {meaning}; mount its disk again",
        f"findmnt --target {_quoted(folder)}",
    )


def _read_only_inbox_result(inbox: Path, *, keeps_drops: bool) -> CheckResult:
    """Return the result on an inbox that can be read but not written."""
    if keeps_drops:
        return ok("folder_inbox", f"{inbox} (read only: drops stay in it)")
    return warning(
        "folder_inbox",
        f"{inbox} cannot be written by {_own_user_name()}; drops straight in it are taken but stay "
        "there, and `ytaudio session create` cannot make folders",
        _remedy(inbox),
    )


def _check_session_folders(inbox: Path, *, keeps_drops: bool) -> Iterator[CheckResult]:
    """Yield a result for each session folder that the daemon cannot read or write."""
    try:
        with os.scandir(inbox) as entries:
            found = list(islice(entries, MAX_SESSION_FOLDERS))
    except OSError:  # reported already, as a fault of the inbox
        return
    for entry in found:
        if is_ignored_folder(entry.name) or not entry.is_dir(follow_symlinks=False):
            continue
        folder = Path(entry.path)
        name = "session_folder"
        if not _is_readable(folder):
            message = f"{folder} cannot be read; drops in it are not seen"
            yield broken(name, message, _remedy(folder, "o+rx"))
        elif not keeps_drops and not os.access(folder, os.W_OK, effective_ids=True):
            message = (
                f"{folder} cannot be written; drops in it are taken but stay there"
            )
            yield warning(name, message, _remedy(folder))


def _check_same_file_system(layout: Layout) -> CheckResult:
    """Return whether a rename from work to downloads works, by trying it.

    Comparing devices is not enough: between two bind mounts of one device a rename fails.
    """
    name = f".doctor-{secrets.token_hex(4)}"
    probe, target = layout.work / name, layout.downloads / name
    try:
        probe.mkdir()
        probe.rename(target)
        target.rmdir()
    except OSError as error:
        with suppress(OSError):  # it may not have been made
            probe.rmdir()
        if error.errno != errno.EXDEV:
            message = (
                f"{layout.work} could not be tried: {error.strerror}; whether results can "
                "be published is not known"
            )
            return warning(
                "one_file_system", message, _probe_remedy(layout.work, error)
            )
        return broken(
            "one_file_system",
            f"{layout.work} is on another file system than {layout.downloads}; results "
            "cannot be published: work and results belong into one tree",
            f"sudo umount {_quoted(layout.work)}",
        )
    return ok("one_file_system", "work and results are on one file system")


def _is_accessible(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True)


def _is_readable(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK, effective_ids=True)


def _remedy(folder: Path, to_others: str = "") -> str:
    """Return the command that makes a folder accessible, or remounts a read-only one.

    It changes the mode if this process owns the folder or is in its group (the group's
    bits also limit an ACL, acl(5)); else it adds the mode `to_others`, if given; else it
    changes the owner.
    """
    try:
        if _is_on_read_only_mount(folder):
            return _remount_command(folder)
        found = folder.stat()
        owner, group = found.st_uid, found.st_gid
    except OSError:
        owner = group = -1
    if owner == os.geteuid():
        return f"sudo chmod u+rwx {_quoted(folder)}"
    if group in {os.getegid(), *os.getgroups()}:
        return f"sudo chmod g+rwx {_quoted(folder)}"
    if to_others:
        return f"sudo chmod {to_others} {_quoted(folder)}"
    return f"sudo chown {_own_user_name()} {_quoted(folder)}"


def _probe_remedy(folder: Path, error: OSError) -> str:
    """Return the command that makes a folder accessible, else one that shows its mount."""
    if error.errno in WRITE_REFUSED:
        return _remedy(folder)
    return f"findmnt --target {_quoted(folder)}"


def _is_on_read_only_mount(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _remount_command(folder: Path) -> str:
    mount = f"$(findmnt -n -o TARGET --target {_quoted(folder)})"
    return f'sudo mount -o remount,rw "{mount}"'


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _own_user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
