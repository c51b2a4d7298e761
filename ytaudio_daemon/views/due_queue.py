"""What is to be written, each thing not before its time. Pure."""

import heapq
import math
from itertools import count

#: For work that no event asked for: nothing is lost when a crash forgets it.
NO_EVENT = math.inf


class DueQueue:
    """Things to write, by number, in the order they fall due.

    A thing stays noted until it is `remove`, so that an error in between loses nothing.
    Times are seconds on the daemon's own clock (`Now.lived`).
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, int]] = []
        self._tie_breaker = count()
        #: By number: when it is due, and the first event that asked for it.
        self._scheduled: dict[int, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._scheduled)

    def schedule(self, number: int, due: float, event_id: float = NO_EVENT) -> None:
        """Have a thing written; one that is noted already keeps its time."""
        known = self._scheduled.get(number)
        if known is None:
            self._push(number, due, event_id)
        elif event_id < known[1]:
            self._scheduled[number] = (known[0], event_id)

    def first_due(self, uptime_s: float) -> int | None:
        """Return the number of the next thing whose time has come."""
        soonest = self.earliest_due_at()
        if soonest is None or soonest > uptime_s:
            return None
        return self._heap[0][2]

    def remove(self, number: int) -> None:
        """Forget a thing: it is written."""
        self._scheduled.pop(number, None)

    def postpone(self, number: int, due: float) -> None:
        """Try a thing again later."""
        known = self._scheduled.pop(number, None)
        self._push(number, due, known[1] if known else NO_EVENT)

    def make_all_due(self) -> None:
        """Make everything due now."""
        numbers = list(self._scheduled.items())
        self._heap.clear()
        for number, (_, event_id) in numbers:
            self._push(number, -math.inf, event_id)

    def earliest_due_at(self) -> float | None:
        """Return when the next thing is due, None when nothing is noted."""
        while self._heap:
            due, _, number = self._heap[0]
            known = self._scheduled.get(number)
            if known is not None and known[0] == due:
                return due
            heapq.heappop(self._heap)
        return None

    def earliest_event(self) -> float:
        """Return the first event that still waits to be shown, or infinity."""
        return min((event for _, event in self._scheduled.values()), default=NO_EVENT)

    def _push(self, number: int, due: float, event_id: float) -> None:
        self._scheduled[number] = (due, event_id)
        heapq.heappush(self._heap, (due, next(self._tie_breaker), number))
