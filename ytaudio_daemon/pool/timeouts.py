"""The time limits of a running attempt. Pure: time is an argument.

Three bounds, each off when its limit is 0: the deadline (paused while the worker waits
for a converter slot), the stall while downloading (too few bytes in a sliding window),
and one for resolving, during which no bytes are counted. A listing resolves to its end,
and each page restarts that bound.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from ytaudio_daemon.model import Failure, FailureKind, Limits, Phase, Progress

#: Bytes a second; slower than this over the whole stall window counts as stalled.
STALL_RATE_BPS = 1024
#: Seconds; a cold challenge on a small machine takes a minute.
MIN_RESOLVE_S = 180.0
#: Resolving may take this many stall windows: it asks for several pages.
RESOLVE_WINDOWS = 3


@dataclass(slots=True)
class AttemptTimeouts:
    """The clocks of one attempt.

    Attributes:
        limits: The request's.
        started_at: When the worker's first message came; monotonic seconds, as all times here.
    """

    limits: Limits
    started_at: float
    _phase: str = Phase.RESOLVING
    _last_page_at: float | None = None
    _paused_at: float | None = None
    _paused_s: float = 0.0
    _last_bytes: int = 0
    _total_bytes: int = 0
    #: (when, bytes by then): the first is where the stall window begins.
    _byte_samples: deque[tuple[float, int]] = field(default_factory=deque)

    def on_progress(self, progress: Progress, now: float) -> None:
        """Update the clocks by a progress message."""
        if progress.phase == Phase.DOWNLOADING:
            if self._phase != Phase.DOWNLOADING or not self._byte_samples:
                self._byte_samples = deque([(now, self._total_bytes)])
            self._add_bytes(progress.downloaded_bytes or 0, now)
        self._phase = progress.phase

    def on_page(self, now: float) -> None:
        """Update the clocks by a page of a listing."""
        self._last_page_at = now

    def pause(self, now: float) -> None:
        """Stop the clocks: the worker waits for a converter slot."""
        self._paused_at = now
        self._phase = Phase.CONVERTING

    def resume(self, now: float) -> None:
        """Start the clocks again: the worker has its converter slot."""
        if self._paused_at is not None:
            self._paused_s += now - self._paused_at
            self._paused_at = None

    def due(self) -> float | None:
        """Return when the next limit passes if no message comes before; None: never."""
        return min((at for at, _ in self._deadlines()), default=None)

    def expired(self, now: float) -> Failure | None:
        """Return the failure of the limit that has passed, or None."""
        passed = [bound for bound in self._deadlines() if bound[0] <= now]
        return min(passed, key=lambda bound: bound[0])[1] if passed else None

    def _add_bytes(self, downloaded: int, now: float) -> None:
        """Add the received bytes; a count that fell began a new file."""
        if downloaded < self._last_bytes:
            self._last_bytes = 0
        self._total_bytes += downloaded - self._last_bytes
        self._last_bytes = downloaded
        self._byte_samples.append((now, self._total_bytes))
        enough = STALL_RATE_BPS * self.limits.stall_timeout_s
        while (
            self._byte_samples[0][1] <= self._total_bytes - enough
            and len(self._byte_samples) > 1
        ):
            self._byte_samples.popleft()

    def _deadlines(self) -> Iterator[tuple[float, Failure]]:
        if self._paused_at is not None:
            return
        deadline, stall = self.limits.deadline_s, self.limits.stall_timeout_s
        if deadline:
            text = f"Not finished within {deadline:.0f} s."
            hint = "Raise [download] deadline if it was still getting on."
            end = self.started_at + deadline + self._paused_s
            yield end, _timeout("deadline", text, hint)
        if stall and self._phase == Phase.RESOLVING:
            bound = max(MIN_RESOLVE_S, RESOLVE_WINDOWS * stall)
            text = f"YouTube's pages did not arrive within {bound:.0f} s."
            since = self._last_page_at or self.started_at
            yield since + bound, _timeout("stalled", text)
        if stall and self._phase == Phase.DOWNLOADING:
            text = f"Hardly any bytes came for {stall:.0f} s."
            yield self._byte_samples[0][0] + stall, _timeout("stalled", text)


def _timeout(code: str, message: str, hint: str = "") -> Failure:
    return Failure(kind=FailureKind.TIMEOUT, code=code, message=message, hint=hint)
