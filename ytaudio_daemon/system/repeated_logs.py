"""Log records that repeat are written once a minute, with their number."""

import logging
import time
from collections.abc import Callable, Mapping

#: Seconds in which a record like the last one is counted instead of written.
QUIET_S = 60.0
#: Different records that are remembered at once.
MAX_KEYS = 256


class RepeatFilter(logging.Filter):
    """Lets a warning or error through once a minute, and counts those in between.

    A flood of bad requests, or of failed accepts, would fill the disk with one line
    over and over. Records are alike when logger and message are, before its arguments
    are put in; of more than one line the first counts.

    Args:
        monotonic: The clock, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        #: When a record was written last, and how many like it were not since.
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write a record; its text says how many were left out."""
        if record.levelno < logging.WARNING:
            return True
        key = record.name, _first_line(record.msg)
        now = self._monotonic()
        written_at, skipped = self._seen.get(key, (now - QUIET_S, 0))
        if now - written_at < QUIET_S:
            self._seen[key] = written_at, skipped + 1
            return False
        if len(self._seen) >= MAX_KEYS:
            self._seen.clear()
        self._seen[key] = now, 0
        if skipped:
            record.msg = _with_count(record.msg, skipped)
        return True


def _first_line(message: object) -> str:
    """Return what records are compared by; structlog's messages are mappings."""
    if isinstance(message, Mapping):
        message = f"{message.get('event')} {message.get('error', '')}"
    return str(message).partition("\n")[0]


def _with_count(message: object, skipped: int) -> object:
    if isinstance(message, Mapping):
        return {**message, "repeated": skipped}
    first, newline, rest = str(message).partition("\n")
    return f"{first} ({skipped} more like this since the last one){newline}{rest}"
