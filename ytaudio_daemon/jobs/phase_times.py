"""Measures how long attempts are in each phase, for a histogram. Pure."""

from collections import Counter

from ytaudio_daemon.ledger.counters import PHASE_BUCKETS, PHASE_SECONDS, counter_name
from ytaudio_daemon.model import Phase

#: The phases that a worker is in; publishing takes milliseconds.
TIMED_PHASES = (Phase.RESOLVING, Phase.DOWNLOADING, Phase.CONVERTING, Phase.VERIFYING)
#: Upper bounds of the histogram's buckets, in seconds; the last has none.
BOUNDS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
NO_BOUND = "+Inf"


class PhaseTimes:
    """Collects the phases that ended until they are stored; a crash loses them."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[str, float]] = {}
        self._ended: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}

    def observe(self, attempt: str, phase: str | None, mono: float) -> None:
        """Record the phase of an attempt.

        Args:
            attempt: Its name.
            phase: Its phase now; None when it has ended.
            mono: `time.monotonic()`.
        """
        before = self._since.get(attempt)
        if before is not None and before[0] == phase:
            return
        if before is not None:
            self._add(before[0], mono - before[1])
        if phase in TIMED_PHASES:
            self._since[attempt] = phase, mono
        else:
            self._since.pop(attempt, None)

    def totals(self) -> dict[str, float]:
        """Return the numbers to add to the ledger's counters, by their names."""
        return {**self._ended, **self._seconds}

    def clear(self) -> None:
        """Remove all times: they are in the ledger."""
        self._ended.clear()
        self._seconds.clear()

    def _add(self, phase: str, seconds: float) -> None:
        bucket = next((str(one) for one in BOUNDS_S if seconds <= one), NO_BOUND)
        self._ended[counter_name(PHASE_BUCKETS, phase, bucket)] += 1
        name = counter_name(PHASE_SECONDS, phase)
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds
