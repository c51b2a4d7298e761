"""APScheduler without a thread: its jobs run in the loop, when that is awake anyway."""

import math

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.base import BaseScheduler


class TickScheduler(BaseScheduler):  # type: ignore[misc] # it has no types
    """Runs the jobs that are due each time the loop asks, in the loop's own thread.

    It never wakes the loop, which ticks at least every ten seconds for its status file:
    its jobs may be so late, and an idle daemon wakes up no more often because of them.
    """

    def __init__(self) -> None:
        super().__init__(executors={"default": DebugExecutor()}, timezone="UTC")
        self._due = 0.0

    def run_due(self, mono: float) -> None:
        """Run the jobs whose time has come.

        Args:
            mono: `time.monotonic()`.
        """
        if mono >= self._due:
            wait_s = self._process_jobs()
            self._due = math.inf if wait_s is None else mono + wait_s

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002 - theirs
        """Run no job any more."""
        super().shutdown(wait)

    def wakeup(self) -> None:
        """Look at the jobs at the next tick: APScheduler calls it when they changed."""
        self._due = 0.0
