"""What a receiver is to be told next, in order, each with a number. No I/O."""

from collections import deque
from collections.abc import Sequence

from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.notify.message_builders import Message

#: A draft and its number; answers name the number.
NumberedMessage = tuple[int, Message]


class SendWindow:
    """A few drafts; all else waits in the ledger."""

    def __init__(self) -> None:
        self._messages: deque[NumberedMessage] = deque()
        self._number = 0

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def first(self) -> NumberedMessage:
        """The one that is told next, or just now."""
        return self._messages[0]

    def all(self) -> Sequence[NumberedMessage]:
        """Return all of them, the first first."""
        return tuple(self._messages)

    def add(self, message: Message) -> None:
        """Take up one more."""
        self._number += 1
        self._messages.append((self._number, message))

    def pop_first(self, delivered: DeliveryCursor) -> DeliveryCursor:
        """Be done with the first; returns what its receiver knows then.

        Args:
            delivered: What it knew before.
        """
        _, message = self._messages.popleft()
        return DeliveryCursor(
            cursor=delivered.cursor if message.cursor is None else message.cursor,
            degraded=delivered.degraded
            if message.degraded is None
            else message.degraded,
        )

    def announced_degraded(self, delivered: DeliveryCursor) -> bool:
        """Return what the receiver will know of the daemon when it has heard all."""
        known = [d.degraded for _, d in self._messages if d.degraded is not None]
        return known[-1] if known else delivered.degraded

    def drop_unsent_health(self, in_flight: int) -> None:
        """Forget what is to be said of the daemon and nobody has heard of yet.

        Args:
            in_flight: So many of the first ones are being told already.
        """
        for pair in self.all()[in_flight:]:
            if pair[1].degraded is not None:
                self._messages.remove(pair)
