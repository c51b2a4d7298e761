"""When each file must be written: a queue of entries by due time. Pure."""

import heapq
import math
from collections import Counter
from itertools import count

#: The event of work that no event asked for: after a crash it need not be done.
NO_EVENT = math.inf


class DueQueue:
    """Entries, by number, in the order they fall due.

    An entry stays in the queue until it is removed, so that an error before that loses
    nothing. Times are seconds of the daemon's uptime (`Now.uptime_s`).
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, int]] = []
        self._tie_breaker = count()
        #: By number: when it is due, and the first event that asked for it.
        self._scheduled: dict[int, tuple[float, float]] = {}
        #: Entries being worked on over several calls, with their first event.
        self._begun: dict[int, float] = {}
        #: A heap of the events that asked for an entry, and the number of entries of
        #: each. An event without any is removed when it is on top of the heap.
        self._events: list[float] = []
        self._entries_by_event: Counter[float] = Counter()

    def __len__(self) -> int:
        return len(self._scheduled)

    def schedule(self, number: int, due: float, event_id: float = NO_EVENT) -> None:
        """Add an entry; one that is scheduled already keeps its time."""
        known = self._scheduled.get(number)
        if known is None:
            self._push(number, due, event_id)
        elif event_id < known[1]:
            self._scheduled[number] = (known[0], event_id)
            self._release_event(known[1])
            self._hold_event(event_id)

    def first_due(self, uptime_s: float) -> int | None:
        """Return the number of the next entry whose time has come."""
        soonest = self._first_scheduled_at()
        if soonest is None or soonest > uptime_s:
            return None
        return self._heap[0][2]

    def begin(self, number: int) -> None:
        """Take an entry out for work that spans several calls, until `finish`.

        If its number is scheduled meanwhile, that is another entry: the change may have
        come too late for this work.
        """
        self.finish(number)
        self._begun[number] = self._scheduled.pop(number)[1]

    def finish(self, number: int) -> None:
        """Remove an entry that was begun."""
        if number in self._begun:
            self._release_event(self._begun.pop(number))

    def remove(self, number: int) -> None:
        """Remove a scheduled entry: its file has been written, or is not needed."""
        if number in self._scheduled:
            self._release_event(self._scheduled.pop(number)[1])

    def postpone(self, number: int, due: float) -> None:
        """Schedule an entry again, begun or not, for another attempt at `due`."""
        _, scheduled_for = self._scheduled.get(number, (due, NO_EVENT))
        first_event = min(self._begun.get(number, NO_EVENT), scheduled_for)
        self.finish(number)
        self.remove(number)
        self._push(number, due, first_event)

    def make_all_due(self) -> None:
        """Make everything due now."""
        numbers = list(self._scheduled.items())
        self._heap.clear()
        for number, _ in numbers:
            self.remove(number)
        for number, (_, event_id) in numbers:
            self._push(number, -math.inf, event_id)

    def earliest_due_at(self) -> float | None:
        """Return when there is work next, None when the queue is empty."""
        return -math.inf if self._begun else self._first_scheduled_at()

    def earliest_event(self) -> float:
        """Return the first event that no file shows yet, or infinity."""
        while self._events and self._events[0] not in self._entries_by_event:
            heapq.heappop(self._events)
        return self._events[0] if self._events else NO_EVENT

    def _first_scheduled_at(self) -> float | None:
        while self._heap:
            due, _, number = self._heap[0]
            known = self._scheduled.get(number)
            if known is not None and known[0] == due:
                return due
            heapq.heappop(self._heap)
        return None

    def _push(self, number: int, due: float, event_id: float) -> None:
        self._scheduled[number] = (due, event_id)
        self._hold_event(event_id)
        heapq.heappush(self._heap, (due, next(self._tie_breaker), number))

    def _hold_event(self, event_id: float) -> None:
        if event_id not in self._entries_by_event:
            heapq.heappush(self._events, event_id)
        self._entries_by_event[event_id] += 1

    def _release_event(self, event_id: float) -> None:
        self._entries_by_event[event_id] -= 1
        if not self._entries_by_event[event_id]:
            del self._entries_by_event[event_id]
