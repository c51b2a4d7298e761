"""Chooses the egress of one downloader's attempts."""

import threading
from collections import deque
from collections.abc import Iterable

from ytaudio_daemon.downloader.retry_policy import EGRESS_FAILURES, is_retryable
from ytaudio_daemon.model import Failure


class EgressChoice:
    """Chooses one egress until an attempt through it fails; safe to use from many threads.

    Args:
        keys: The egresses' keys, the preferred one first.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = deque(keys)
        self._lock = threading.Lock()

    @property
    def current(self) -> str:
        """The key of the egress for the next attempt."""
        return self._keys[0]

    def switch_after(self, failure: Failure, key: str) -> None:
        """Switch to the next egress if the failure may be the fault of the one named."""
        may_be_its_fault = failure.kind in EGRESS_FAILURES or is_retryable(failure.kind)
        with self._lock:
            if may_be_its_fault and self._keys[0] == key:
                self._keys.rotate(-1)
