"""Which egress the attempts of one downloader take."""

import threading
from collections import deque
from collections.abc import Iterable

from ytaudio_daemon.downloader.retry_policy import OF_AN_EGRESS, is_retryable
from ytaudio_daemon.model import Failure


class EgressChoice:
    """Takes one egress until an attempt by it fails; safe to use from many threads.

    Args:
        keys: Of the egresses, the preferred one first.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = deque(keys)
        self._lock = threading.Lock()

    @property
    def current(self) -> str:
        """The key of the egress for the next attempt."""
        return self._keys[0]

    def leave_after(self, failure: Failure, key: str) -> None:
        """Go on by the next egress, if the failure may be of the one with that key."""
        may_be_its_fault = failure.kind in OF_AN_EGRESS or is_retryable(failure.kind)
        with self._lock:
            if may_be_its_fault and self._keys[0] == key:
                self._keys.rotate(-1)
