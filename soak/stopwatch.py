"""How long the loop's steps take: measured inside the daemon, told through a file."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ytaudio_daemon.daemon.step_runner import StepRunner

#: Shorter steps are not worth a line.
NOTED_MS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the loop, in milliseconds of the clock and of this thread's CPU."""

    name: str
    wall_ms: float
    cpu_ms: float


def install(log: Path) -> None:
    """Have every longer step of this process's loop written down."""
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    plain = StepRunner.run  # the one place that all steps pass

    def timed(self: StepRunner, name: str, step: Callable[[], object]) -> bool:
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            return plain(self, name, step)
        finally:
            cpu_ms = 1000 * (time.thread_time() - cpu)
            wall_ms = 1000 * (time.perf_counter() - wall)
            if max(cpu_ms, wall_ms) >= NOTED_MS:
                os.write(fd, f"{name}\t{wall_ms:.2f}\t{cpu_ms:.2f}\n".encode())

    StepRunner.run = timed  # type: ignore[method-assign]


def steps(log: Path) -> list[Step]:
    """Return the steps written down."""
    if not log.exists():
        return []
    found = [line.split("\t") for line in log.read_text().splitlines()]
    return [
        Step(name=name, wall_ms=float(wall), cpu_ms=float(cpu))
        for name, wall, cpu in found
    ]
