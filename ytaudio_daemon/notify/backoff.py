"""When a failed delivery is tried again, and when no more. Pure.

All times are by `Now.lived`, so a jump of the wall clock gives nothing up.
"""

from ytaudio_daemon.notify.delivery.result import DeliveryResult

#: The first wait, in seconds; each is twice the one before.
BASE_S = 1.0
#: The longest wait, in seconds: a receiver that is back need not be waited for long.
CAP_S = 300.0
#: A notice that a receiver refuses is offered so often.
MAX_REJECTIONS = 5
#: Failures in a row after which people should know: one may be a receiver's restart.
REPORT_AFTER_FAILURES = 2


class DeliveryBackoff:
    """With one receiver."""

    def __init__(self) -> None:
        #: Failed deliveries in a row.
        self.failures = 0
        #: Notices given up since it was told something last.
        self.dropped_count = 0
        #: What it said last.
        self.last_error = ""
        self._since = 0.0
        self._due = 0.0
        self._rejections = 0

    @property
    def due(self) -> float | None:
        """When the next try is due; None when nothing has failed."""
        return self._due if self.failures else None

    @property
    def should_report(self) -> bool:
        """Whether people should know."""
        return self.failures >= REPORT_AFTER_FAILURES or self.dropped_count > 0

    def on_success(self) -> None:
        """Note that it has been told something."""
        self.failures = self.dropped_count = self._rejections = 0
        self.last_error = ""

    def on_failure(self, result: DeliveryResult, uptime_s: float) -> None:
        """Note that it could not be told."""
        if not self.failures:
            self._since = uptime_s
        wait = min(CAP_S, BASE_S * 2.0 ** min(self.failures, 30))
        self.failures += 1
        self._rejections = self._rejections + 1 if result.is_rejection else 0
        self._due = uptime_s + max(wait, result.retry_after_s or 0.0)
        self.last_error = result.said

    def should_drop_message(self) -> bool:
        """Tell whether the notice in hand has been refused often enough."""
        return self._rejections >= MAX_REJECTIONS

    def has_timed_out(self, uptime_s: float, give_up_s: float) -> bool:
        """Tell whether it has failed for so long that what is older is given up."""
        return self.failures > 0 and uptime_s - self._since >= give_up_s

    def on_dropped(self, notices: int) -> None:
        """Note that so many notices are given up; the next one has all its offers."""
        self.dropped_count += notices
        self._rejections = 0
