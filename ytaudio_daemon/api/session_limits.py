"""Limits the number of sessions that clients open; no I/O."""

from collections.abc import Callable
from dataclasses import dataclass

from ytaudio_daemon.system.recent_dict import RecentDict

#: Sessions that one client may open at once, and then one every second.
BURST = 120
REFILL_PER_S = 1.0
#: Sessions of the API, of all clients together, that are active and never had a job.
MAX_UNUSED = 1000
#: Clients that are remembered; the one that came longest ago is forgotten.
MAX_CLIENTS = 4096


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class OpeningRate:
    """A token bucket for each client: how fast it may open sessions.

    Args:
        monotonic: The clock, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._buckets = RecentDict[str, _Bucket](MAX_CLIENTS)

    def try_take(self, client: str) -> bool:
        """Return whether a client may open one more session now, and count it."""
        now = self._monotonic()
        bucket = self._buckets.get(client) or _Bucket(BURST, now)
        refilled = bucket.tokens + (now - bucket.filled_at) * REFILL_PER_S
        bucket.tokens, bucket.filled_at = min(BURST, refilled), now
        self._buckets[client] = bucket
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
