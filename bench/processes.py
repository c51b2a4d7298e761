"""What processes use: CPU, memory, descriptors, wakeups; read from procfs."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: No program that is measured takes longer; a hang must not hold up the other figures.
PATIENCE_S = 180.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Spent:
    """What a stretch of work cost, filled in when it is over.

    Attributes:
        wall_s: Seconds on the clock.
        cpu_s: User and system seconds of all processes concerned.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def spending(cpu: Callable[[], float]) -> Iterator[Spent]:
    """Measure the body; `cpu` is a counter that only grows."""
    spent = Spent()
    before, began = cpu(), time.perf_counter()
    yield spent
    spent.wall_s = time.perf_counter() - began
    spent.cpu_s = cpu() - before


def run_to_end(argv: list[str], *, cwd: Path, env: dict[str, str]) -> Spent:
    """Run a program to its end; its CPU includes every child it waited for.

    Raises:
        RuntimeError: It failed, or hung and was killed; a figure of half the work is
            worth nothing.
    """
    log = cwd / "output.log"
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        timer = threading.Timer(PATIENCE_S, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C does not reach its session
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{argv[0]} failed: {log.read_text()[-2000:]}")
    return Spent(wall_s=wall_s, cpu_s=usage.ru_utime + usage.ru_stime)


def children(pid: int) -> list[int]:
    """Return the children of a process; none when it is gone."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            text = (task / "children").read_text()
            found += map(int, text.split())
    except (FileNotFoundError, ProcessLookupError):
        pass  # It ended while we looked.
    return found


def tree(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    return [pid, *(below for child in children(pid) for below in tree(child))]


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a tree, its ended and reaped processes included.

    Ten milliseconds is the resolution: measure many jobs, not one.
    """
    return sum(sum(_cpu_of_one(each)) for each in tree(pid))


def own_cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process's threads, without any child's."""
    return sum(_cpu_of_one(pid)[:2])


def _cpu_of_one(pid: int) -> list[float]:
    """Return utime, stime, cutime and cstime in seconds (proc(5)); none once it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    # They stand behind the name, which may hold anything.
    return [int(word) * _TICK_S for word in stat.rpartition(")")[2].split()[11:15]]


def pss_mib(pid: int) -> float:
    """Return the proportional set size of one process in MiB."""
    return _rollup(pid, "Pss:")


def rss_mib(pid: int) -> float:
    """Return the resident set size of one process in MiB."""
    return _rollup(pid, "Rss:")


def descriptors(pid: int) -> int:
    """Return how many files, sockets and pipes a process holds open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def threads(pid: int) -> int:
    """Return how many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def wakeups(pids: Sequence[int], seconds: float) -> list[int]:
    """Watch processes for a while and return how often each one woke up.

    A wakeup is a stretch of activity, told by the switches its threads make and the CPU
    they use: a wait for the disk in the middle of it is none.
    """
    counts, active = [0] * len(pids), [False] * len(pids)
    before = [_activity(pid) for pid in pids]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.05)
        after = [_activity(pid) for pid in pids]
        for index, (was, now) in enumerate(zip(before, after, strict=True)):
            counts[index] += now != was and not active[index]
            active[index] = now != was
        before = after
    return counts


def _activity(pid: int) -> tuple[int, float]:
    switches = sum(
        int(line.split()[1])
        for task in Path(f"/proc/{pid}/task").iterdir()
        for line in (task / "status").read_text().splitlines()
        if line.startswith("voluntary_ctxt_switches")
    )
    return switches, own_cpu_s(pid)


def _rollup(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise ValueError(f"no {field} of process {pid}")
