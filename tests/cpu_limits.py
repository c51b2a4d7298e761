"""Limits on CPU time that hold on a slow and on a busy machine.

A thread's CPU time grows, too, when others use the caches, or the core's other half: one
measurement that is too long proves nothing. It is judged by how long the machine takes for
something known at the same moment, and made three times before a test fails.
"""

import time
from collections.abc import Callable, Iterable

TRIES = 3
#: What the work below takes on the machine for which the limits were chosen.
_KNOWN_WORK_S = 0.005


def slowness() -> float:
    """Return how many times slower this machine is at this moment, at least 1."""
    began = time.thread_time()
    found: dict[int, str] = {}
    for number in range(60_000):
        found[number & 255] = str(number)
    return max(1.0, (time.thread_time() - began) / _KNOWN_WORK_S)


def assert_cpu_below(limit_s: float, measure: Callable[[], float]) -> None:
    """Fail unless one of three measurements is below a limit.

    Args:
        limit_s: CPU seconds, on the machine for which the limits were chosen.
        measure: Does the work; returns the CPU seconds that count.

    """
    spent_s: list[float] = []
    for _ in range(TRIES):
        spent_s.append(measure())
        if spent_s[-1] < limit_s or spent_s[-1] < limit_s * slowness():
            return
    raise AssertionError(f"it took {spent_s} CPU seconds, thrice over {limit_s}")


def step_times(steps: Iterable[object]) -> tuple[float, float]:
    """Go through an iterator; returns its longest step and the whole, in CPU seconds."""
    longest = 0.0
    began = before = time.thread_time()
    for _ in steps:
        now = time.thread_time()
        longest, before = max(longest, now - before), now
    ended = time.thread_time()
    return max(longest, ended - before), ended - began
