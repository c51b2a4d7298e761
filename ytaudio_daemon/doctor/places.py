"""The folders: there, open to us, on the right file system, with room."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from ytaudio_daemon.doctor.finding import Finding, broken, ok, warning
from ytaudio_daemon.dropfile import is_ignored_folder
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.prepare import free_bytes

#: Session folders looked into, and complaints about them.
MANY_SESSIONS = 10_000
MANY_COMPLAINTS = 20
GIB = 1 << 30


def place_findings(layout: Layout, reserve_bytes: int) -> Iterator[Finding]:
    """Yield what was found of the folders.

    Args:
        layout: The tree.
        reserve_bytes: `[disk] reserve`.
    """
    for name, folder in _named(layout):
        yield _folder(name, folder)
    yield from islice(_session_folders(layout.inbox), MANY_COMPLAINTS)
    if layout.work.is_dir():
        yield _one_file_system(layout)
    with suppress(FileNotFoundError):
        yield judge_space(free_bytes(_nearest(layout.downloads)), reserve_bytes)


def judge_space(free: int, reserve: int) -> Finding:
    """Judge the room on the disk; both in bytes. Pure."""
    message = (
        f"{free / GIB:.1f} GiB are free, {reserve / GIB:.1f} GiB are left to others"
    )
    remedy = "make room, or lower [disk] reserve"
    if free < reserve:
        return broken(
            "disk", f"{message}; nothing is fetched until there is room", remedy
        )
    if free < 2 * reserve:
        return warning("disk", f"{message}; soon nothing will be fetched", remedy)
    return ok("disk", message)


def _named(layout: Layout) -> Iterator[tuple[str, Path]]:
    yield "inbox", layout.inbox
    yield "downloads", layout.downloads
    if layout.library is not None:
        yield "library", layout.library
    yield "status", layout.status
    yield "state", layout.state


def _folder(name: str, folder: Path) -> Finding:
    label = f"folder_{name}"
    if not folder.exists():
        above = _nearest(folder)
        if _is_open(above):
            return warning(label, f"{folder} is not there yet; the daemon makes it")
        return broken(
            label, f"{folder} is not there, and {above} is closed to this user",
            f"chown {_me()} {above}",
        )  # fmt: skip
    if not folder.is_dir():
        return broken(label, f"{folder} is no folder", f"move it away: {folder}")
    if not _is_open(folder):
        mode = f"mode {folder.stat().st_mode & 0o7777:04o}"
        return broken(
            label, f"{folder} cannot be read and written by this user ({mode})",
            _remedy(folder),
        )  # fmt: skip
    return ok(label, str(folder))


def _session_folders(inbox: Path) -> Iterator[Finding]:
    """Yield a finding for each session folder that is closed to us."""
    try:
        with os.scandir(inbox) as entries:
            found = list(islice(entries, MANY_SESSIONS))
    except OSError:  # said already, of the inbox itself
        return
    for entry in found:
        if is_ignored_folder(entry.name) or not entry.is_dir(follow_symlinks=False):
            continue
        folder = Path(entry.path)
        if not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):
            message = f"{folder} cannot be read; drops in it are not seen"
            yield broken("session_folder", message, f"chmod o+rx {folder}")
        elif not os.access(folder, os.W_OK, effective_ids=True):
            message = (
                f"{folder} cannot be written; drops in it are taken but stay there"
            )
            yield warning("session_folder", message, _remedy(folder))


def _one_file_system(layout: Layout) -> Finding:
    """Try it: between two bind mounts a rename fails though the device is the same."""
    name = f".doctor-{secrets.token_hex(4)}"
    probe, target = layout.work / name, layout.downloads / name
    try:
        probe.mkdir()
        probe.rename(target)
        target.rmdir()
    except OSError as error:
        with suppress(FileNotFoundError):
            probe.rmdir()
        if error.errno != errno.EXDEV:
            message = f"{layout.work} could not be tried: {error.strerror}"
            return warning(
                "one_file_system", message, "run doctor as the daemon's user"
            )
        return broken(
            "one_file_system",
            f"{layout.work} is on another file system than {layout.downloads}; results "
            "cannot be published",
            f"unmount {layout.work}: work and results belong into one tree",
        )
    return ok("one_file_system", "work and results are on one file system")


def _is_open(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True)


def _remedy(folder: Path) -> str:
    """Return a line that opens a folder: to its group when that is ours, else to us."""
    if folder.stat().st_gid in {os.getegid(), *os.getgroups()}:
        return f"chmod g+rwx {folder}"
    return f"chown {_me()} {folder}"


def _me() -> str:
    import pwd  # noqa: PLC0415 - for a remedy only

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _nearest(path: Path) -> Path:
    """Return the path, or the first folder above it that exists."""
    return next(place for place in (path, *path.parents) if place.exists())
