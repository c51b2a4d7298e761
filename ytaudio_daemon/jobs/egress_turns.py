"""Which egress the next attempt takes. Pure."""

from collections import Counter
from collections.abc import Iterable


class EgressTurns:
    """Spreads attempts: the egress with the fewest of them first, then the longest unused."""

    def __init__(self) -> None:
        self._count = 0
        self._last_use: dict[str, int] = {}

    def in_order(self, keys: Iterable[str], running: Iterable[str]) -> list[str]:
        """Return the egresses, the one whose turn it is first.

        Args:
            keys: Of the configured egresses.
            running: The egress of each attempt that runs.
        """
        busy = Counter(running)
        return sorted(keys, key=lambda key: (busy[key], self._last_use.get(key, 0)))

    def use(self, key: str) -> None:
        """Store that an attempt begins by an egress."""
        self._count += 1
        self._last_use[key] = self._count
