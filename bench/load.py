"""How busy the machine is with other work while something is measured."""

import os
import resource
import time
from collections.abc import Sequence
from pathlib import Path

from bench import processes

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Load:
    """The machine's work from now on, beside our own.

    Args:
        others_of_ours: Processes that outlive the measurement, such as the stand-in.
    """

    def __init__(self, others_of_ours: Sequence[int]) -> None:
        self._alive = others_of_ours
        self._began = time.monotonic()
        self._load_before = os.getloadavg()[0]
        self._busy_s = _busy_s()
        self._ours_s = self._cpu_of_ours_s()

    def describe(self) -> str:
        """Return what a reader needs to judge the walls measured meanwhile."""
        wall_s = time.monotonic() - self._began
        others_s = _busy_s() - self._busy_s - (self._cpu_of_ours_s() - self._ours_s)
        cores = len(os.sched_getaffinity(0))
        return (
            f"Load {self._load_before:.1f} before and {os.getloadavg()[0]:.1f} after "
            f"{wall_s:.0f} s; other programs used {max(0.0, others_s / wall_s):.1f} of "
            f"{cores} cores meanwhile."
        )

    def _cpu_of_ours_s(self) -> float:
        """Return the CPU seconds of this process, of its ended children and of the others."""
        usages = map(
            resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        ours_s = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        return ours_s + sum(map(processes.cpu_s, self._alive))


def _busy_s() -> float:
    """Return the seconds that all cores have worked since the machine was started."""
    # user nice system idle iowait irq softirq steal (proc(5), /proc/stat)
    words = Path("/proc/stat").read_text().split(maxsplit=9)
    user, nice, system, _, _, irq, softirq, steal = map(int, words[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICKS_A_SECOND
