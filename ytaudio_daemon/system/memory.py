"""Whether the kernel killed processes because memory ran out."""

import re
from pathlib import Path

_CGROUPS = Path("/proc/self/cgroup")
_CGROUP_ROOT = Path("/sys/fs/cgroup")
#: Counts the kills of the whole machine, those in cgroups as well.
_VMSTAT = Path("/proc/vmstat")
_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def oom_kill_count() -> int | None:
    """Return how many processes were killed for want of memory; None: not known.

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
