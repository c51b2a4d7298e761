"""The owner names of claims that other programs than the daemon make.

The daemon claims under its host's name and rescues only such claims after a crash. A
program's name contains its process, so that the claim of a dead process is recognised.
"""

import os
from pathlib import Path

#: Of /proc/<pid>/stat behind the command's name; proc_pid_stat(5), field 22.
_START_TIME_FIELD = 19


def claim_owner(host: str) -> str:
    """Return the owner name of this process: `<host>/<namespace>.<pid>.<start>`."""
    pid = os.getpid()
    return f"{host}/{_pid_namespace()}.{pid}.{_start_ticks(pid)}"


def owner_is_dead(owner: str, host: str) -> bool:
    """Return whether the process that owns a claim certainly no longer exists.

    Processes of another host, or of another container with this host's name, cannot be
    seen from here and count as alive.
    """
    owner_host, slash, rest = owner.partition("/")
    if not slash or owner_host != host:
        return False
    namespace, _, process = rest.partition(".")
    pid, _, start = process.partition(".")
    if namespace != _pid_namespace() or not pid.isdigit():
        return False
    return _start_ticks(int(pid)) != start


def _pid_namespace() -> str:
    """Return the ID of our PID namespace: containers number their own processes."""
    return str(os.stat("/proc/self/ns/pid").st_ino)  # noqa: PTH116 - a number of the kernel's, no file


def _start_ticks(pid: int) -> str:
    """Return a process's start time, in clock ticks since boot; "" when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in {"Z", "X"} else fields[_START_TIME_FIELD - 1]
