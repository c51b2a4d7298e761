"""Watching the daemon while it works: what it takes, and whether it still answers."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import processes
from soak.house import House, Ran

#: Memory is looked at this often, in seconds.
EVERY_S = 0.2
#: Exit statuses of `ytaudio status` beside a daemon that lives (6: degraded).
ALIVE = frozenset({0, 6})

#: Something to be checked again and again; the highest value counts.
Gauge = Callable[[], float]


class Observer:
    """Keeps the peak of every gauge, and asks `ytaudio status` every so often.

    Args:
        house: Whose daemon.
        ask_every_s: Seconds between two calls of `ytaudio status`.
        more: Gauges besides the daemon's and its other processes' memory.
    """

    def __init__(
        self,
        house: House,
        ask_every_s: float,
        more: Mapping[str, Gauge] | None = None,
    ) -> None:
        self.peaks: dict[str, float] = {}
        self.answers: list[Ran] = []
        self._house = house
        self._gauges: dict[str, Gauge] = {
            "daemon PSS": lambda: processes.pss_mib(house.pid),
            "daemon RSS": lambda: high_water_mib(house.pid),
            "worker RSS": lambda: max(map(high_water_mib, house.others()), default=0),
            **(more or {}),
        }
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(EVERY_S, self._look)),
            threading.Thread(target=self._repeat, args=(ask_every_s, self._ask)),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, every_s: float, do: Callable[[], None]) -> None:
        do()
        while not self._over.wait(every_s):
            do()

    def _look(self) -> None:
        for name, gauge in self._gauges.items():
            # A process may end, and a file go, while we look at it.
            with suppress(OSError, ValueError):
                self.peaks[name] = max(self.peaks.get(name, 0.0), gauge())

    def _ask(self) -> None:
        self.answers.append(self._house.command("status"))


def high_water_mib(pid: int) -> float:
    """Return the most that was ever resident of a process, as the kernel kept it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"{pid} has no memory any more")
