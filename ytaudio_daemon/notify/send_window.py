"""What a receiver is to be told next, in order, each with a number. No I/O."""

from collections import deque
from collections.abc import Sequence

from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.notify.message_builders import Draft

#: A draft and its number; answers name the number.
Numbered = tuple[int, Draft]


class Hand:
    """A few drafts; all else waits in the ledger."""

    def __init__(self) -> None:
        self._drafts: deque[Numbered] = deque()
        self._number = 0

    def __len__(self) -> int:
        return len(self._drafts)

    @property
    def first(self) -> Numbered:
        """The one that is told next, or just now."""
        return self._drafts[0]

    def all(self) -> Sequence[Numbered]:
        """Return all of them, the first first."""
        return tuple(self._drafts)

    def add(self, draft: Draft) -> None:
        """Take up one more."""
        self._number += 1
        self._drafts.append((self._number, draft))

    def drop_first(self, told: DeliveryCursor) -> DeliveryCursor:
        """Be done with the first; returns what its receiver knows then.

        Args:
            told: What it knew before.
        """
        _, draft = self._drafts.popleft()
        return DeliveryCursor(
            cursor=told.cursor if draft.cursor is None else draft.cursor,
            degraded=told.degraded if draft.degraded is None else draft.degraded,
        )

    def knows_degraded(self, told: DeliveryCursor) -> bool:
        """Return what the receiver will know of the daemon when it has heard all."""
        known = [d.degraded for _, d in self._drafts if d.degraded is not None]
        return known[-1] if known else told.degraded

    def take_back_weather(self, under_way: int) -> None:
        """Forget what is to be said of the daemon and nobody has heard of yet.

        Args:
            under_way: So many of the first ones are being told already.
        """
        for pair in self.all()[under_way:]:
            if pair[1].degraded is not None:
                self._drafts.remove(pair)
