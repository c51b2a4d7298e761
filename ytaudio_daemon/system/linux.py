"""System calls, and files of /proc and /sys, about processes and memory."""

import ctypes
import os
import re
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Option numbers of prctl(2), from linux/prctl.h.
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36

#: All that a pipe holds (pipe(7)), in bytes.
PIPE_BYTES = 65536

#: Workers go first when memory runs out, long before the daemon (range ±1000).
_WORKER_OOM_SCORE = 500

_libc = ctypes.CDLL(None, use_errno=True)
#: The children of a killed process become ours, so each round may find new ones.
_ROUNDS = 100
_CGROUPS = Path("/proc/self/cgroup")
_CGROUP_ROOT = Path("/sys/fs/cgroup")
#: Counts the kills of the whole machine, those in cgroups as well.
_VMSTAT = Path("/proc/vmstat")
_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Have the kernel signal this process when the thread that forked it ends."""
    _prctl(_PR_SET_PDEATHSIG, number)


def become_subreaper() -> None:
    """Become the parent of descendants whose own parent dies, to reap them (prctl(2))."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def set_process_name(name: str) -> None:
    """Set the name `ps` and `top` show; the kernel keeps 15 bytes."""
    _prctl(_PR_SET_NAME, ctypes.create_string_buffer(name.encode()))


def raise_oom_score() -> None:
    """Make this process a likelier victim than the daemon, if /proc allows it."""
    with suppress(OSError):  # a sandbox may hide the file; then all are equal
        Path("/proc/self/oom_score_adj").write_text(f"{_WORKER_OOM_SCORE}")


def lower_priority(nice: int) -> None:
    """Lower the CPU priority of this session's processes; call as its only process.

    Where the kernel groups tasks by session (sched(7), "The autogroup feature"), a nice
    value counts among the processes of one session alone; so the group gets it, too.

    Args:
        nice: Added to the nice value; 0 changes nothing.
    """
    if nice <= 0:
        return
    os.nice(nice)
    with suppress(OSError):  # no such feature, or set too often in a tenth of a second
        Path("/proc/self/autogroup").write_text(f"{nice}")


def raise_descriptor_limit(wanted: int) -> int:
    """Raise the soft limit of open files, as far as the hard one permits.

    Args:
        wanted: How many are enough.

    Returns:
        How many this process may open.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft < wanted:
        raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):  # a sandbox may refuse the call
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, raised), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def kill_group(leader: int) -> None:
    """Send SIGKILL to a worker and its process group; either may be gone already.

    The leader gets a kill of its own: right after the fork it has no group yet.
    It must not have been reaped, or another process might have its pid by now.
    """
    for kill in (os.kill, os.killpg):
        with suppress(ProcessLookupError):
            kill(leader, signal.SIGKILL)


def children() -> list[int]:
    """Return the pids of this process's direct children, adopted and dead ones too."""
    pid = os.getpid()
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return []
    return [int(word) for word in text.split()]


def reap_children() -> bool:
    """Reap all children that have ended, without waiting; return whether none is left."""
    try:
        while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG) is not None:
            pass
    except ChildProcessError:
        return True
    return False


def _prctl(option: int, value: object) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")


def kill_descendants() -> None:
    """Kill and reap all descendants; needs an earlier `become_subreaper()`."""
    for _ in range(_ROUNDS):
        found = children()
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


@contextmanager
def memory_file(content: bytes) -> Iterator[int]:
    """Yield a descriptor at the start of an anonymous file (memfd_create(2)).

    Unlike a pipe it holds any amount, so a child that never reads its standard input
    does not block its parent. It is closed in this process when the block ends.

    Raises:
        OSError: There are no descriptors or no memory left.
    """
    fd = os.memfd_create("stdin", os.MFD_CLOEXEC)
    try:
        os.write(fd, content)
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)


def oom_kill_count() -> int | None:
    """Return how many processes were killed because memory ran out; None: not known.

    Of our own cgroup (cgroup-v2.rst, `memory.events`), else of the whole machine.
    """
    for file in (_memory_events(), _VMSTAT):
        try:
            found = _COUNT.search(file.read_text())
        except (OSError, ValueError):
            continue
        if found:
            return int(found[1])
    return None


def _memory_events() -> Path:
    try:
        found = re.search(r"^0::/(.*)$", _CGROUPS.read_text(), re.MULTILINE)
    except (OSError, ValueError):
        found = None
    return _CGROUP_ROOT / (found[1] if found else "") / "memory.events"
