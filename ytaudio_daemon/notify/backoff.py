"""When a failed delivery is tried again, and when it is given up. Pure.

All times are `Now.uptime_s`, so a jump of the wall clock gives nothing up.
"""

from ytaudio_daemon.notify.delivery.result import DeliveryResult

#: The first pause, in seconds; each is twice the one before.
BASE_S = 1.0
#: The longest pause, in seconds: the delay after a receiver is back.
CAP_S = 300.0
#: A message is dropped after so many rejections in a row.
MAX_REJECTIONS = 5
#: A problem is reported after so many failures in a row: one may be a mere restart.
REPORT_AFTER_FAILURES = 2


class DeliveryBackoff:
    """Counts the failures of one receiver, and sets the next try.

    Attributes:
        failures: Failed deliveries in a row.
        dropped_count: Events dropped since the last success.
        last_error: What the receiver said last.
        due: When the next try is due; 0 when the last one succeeded.
    """

    def __init__(self) -> None:
        self.failures = 0
        self.dropped_count = 0
        self.last_error = ""
        self.due = 0.0
        self._since = 0.0
        self._rejections = 0

    @property
    def should_report(self) -> bool:
        """Whether `status` should show a problem."""
        return self.failures >= REPORT_AFTER_FAILURES or self.dropped_count > 0

    def on_success(self) -> None:
        """Reset everything."""
        self.failures = self.dropped_count = self._rejections = 0
        self.last_error, self.due = "", 0.0

    def on_failure(self, result: DeliveryResult, uptime_s: float) -> None:
        """Count a failure; the pause doubles, and is at least the receiver's own."""
        if not self.failures:
            self._since = uptime_s
        pause = min(CAP_S, BASE_S * 2.0 ** min(self.failures, 30))
        self.failures += 1
        self._rejections = self._rejections + 1 if result.is_rejection else 0
        self.due = uptime_s + max(pause, result.retry_after_s or 0.0)
        self.last_error = result.said

    def should_drop_message(self) -> bool:
        """Return True if the first message was rejected MAX_REJECTIONS times in a row."""
        return self._rejections >= MAX_REJECTIONS

    def has_timed_out(self, uptime_s: float, give_up_s: float) -> bool:
        """Return True if everything has failed for so long that old events are dropped."""
        return self.failures > 0 and uptime_s - self._since >= give_up_s

    def on_dropped(self, count: int) -> None:
        """Count dropped events; the next message may be rejected as often again."""
        self.dropped_count += count
        self._rejections = 0
