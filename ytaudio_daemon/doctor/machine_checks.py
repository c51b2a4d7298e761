"""Checks the kernel's limits of inotify, and whether its clock is synchronized."""

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

from ytaudio_daemon.doctor.check_result import CheckResult, ok, warning
from ytaudio_daemon.dropfile import is_ignored_folder

INOTIFY_LIMITS = Path("/proc/sys/fs/inotify")
#: A session's folder is watched, and processed/ and rejected/ in it.
WATCHES_PER_SESSION = 3
#: Other programs of the same user watch folders, too.
SPARE_WATCHES = 1024
SPARE_INSTANCES = 16
#: adjtimex(2): "The system clock is not synchronized to a reliable server."
TIME_ERROR = 5
#: systemd-timesyncd(8) touches it at the first synchronization.
TIMESYNC_MARKER = Path("/run/systemd/timesync/synchronized")
#: Bytes; struct timex has 208 on 64-bit Linux.
TIMEX_BUFFER_BYTES = 512


def check_machine(inbox: Path) -> Iterator[CheckResult]:
    """Yield the results on the machine."""
    yield check_inotify_watches(
        _inotify_limit("max_user_watches"), _count_session_folders(inbox)
    )
    yield check_inotify_instances(_inotify_limit("max_user_instances"))
    yield check_clock(
        synchronized=TIMESYNC_MARKER.exists() or _kernel_clock_is_synchronized()
    )


def check_inotify_watches(limit: int | None, sessions: int) -> CheckResult:
    """Return the result on the kernel's limit of watched folders. Pure.

    Args:
        limit: `fs.inotify.max_user_watches`, or None when it is hidden.
        sessions: The number of session folders in the inbox.
    """
    if limit is None:
        return ok(
            "inotify_watches", "the limit is hidden here; the scan finds all drops"
        )
    needed = sessions * WATCHES_PER_SESSION + SPARE_WATCHES
    used_by = "1 session needs" if sessions == 1 else f"{sessions:,} sessions need"
    message = f"{limit:,} folders may be watched, {used_by} {needed:,}"
    if limit >= needed:
        return ok("inotify_watches", message)
    return warning(
        "inotify_watches", f"{message}; changes elsewhere are found by the scan only",
        _sysctl_command("max_user_watches", needed * 2),
    )  # fmt: skip


def check_inotify_instances(limit: int | None) -> CheckResult:
    """Return the result on the limit of watching programs. Pure.

    Args:
        limit: `fs.inotify.max_user_instances`, or None when it is hidden.
    """
    if limit is None or limit >= SPARE_INSTANCES:
        shown = "hidden here" if limit is None else f"{limit:,}"
        return ok("inotify_instances", f"the limit of watching programs is {shown}")
    return warning(
        "inotify_instances",
        f"only {limit} programs of a user may watch folders; without one of them drops "
        "wait for the scan",
        _sysctl_command("max_user_instances", 128),
    )


def check_clock(*, synchronized: bool) -> CheckResult:
    """Return the result on the clock. Pure."""
    if synchronized:
        return ok("clock", "the clock is synchronized")
    return warning(
        "clock",
        "the clock is not synchronized, by systemd-timesyncd or chrony; nothing expires "
        "by it, but certificates and retries go by it",
        "sudo timedatectl set-ntp true",
    )


def _sysctl_command(name: str, value: int) -> str:
    """Return the command that raises a limit, now and after every boot."""
    return (
        f"echo fs.inotify.{name}={value} | sudo tee -a /etc/sysctl.d/90-ytaudio.conf "
        "&& sudo sysctl --system"
    )


def _inotify_limit(name: str) -> int | None:
    """Return a limit; None when it is hidden, as by systemd's ProcSubset=pid."""
    try:
        return int((INOTIFY_LIMITS / name).read_bytes())
    except OSError:
        return None


def _count_session_folders(inbox: Path) -> int:
    try:
        with os.scandir(inbox) as entries:
            return sum(
                entry.is_dir(follow_symlinks=False)
                and not is_ignored_folder(entry.name)
                for entry in entries
            )
    except OSError:  # reported already, as a fault of the inbox
        return 0


def _kernel_clock_is_synchronized() -> bool:
    """True if the kernel's clock is synchronized, by adjtimex(2); changes nothing."""
    libc = ctypes.CDLL(None, use_errno=True)
    state = int(libc.adjtimex(ctypes.create_string_buffer(TIMEX_BUFFER_BYTES)))
    return 0 <= state < TIME_ERROR
