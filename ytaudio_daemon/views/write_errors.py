"""Remembers the folders that could not be written to, and when to try again."""

import structlog

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.host_errors import find_host_error
from ytaudio_daemon.views.snapshot import DaemonProblem

log = structlog.get_logger()

#: The codes of the problems: which files cannot be written.
STATUS_UNWRITABLE = "status_unwritable"
RECEIPT_UNWRITABLE = "receipt_unwritable"
LIBRARY_UNWRITABLE = "library_unwritable"
#: Seconds without another attempt after an error.
RETRY_AFTER_S = 30.0
#: Seconds by which a failed file comes behind those that only waited: it may be the
#: only one in its folder that cannot be written.
TURN_S = 1.0
#: Problems shown at most; the others most likely have the same cause.
MAX_PROBLEMS = 20


class WriteErrors:
    """The folders that cannot be written to, each with its problem."""

    def __init__(self) -> None:
        self._problems: dict[tuple[str, str], DaemonProblem] = {}
        self._retry_at: dict[tuple[str, str], float] = {}

    def __bool__(self) -> bool:
        """True if something could not be written."""
        return bool(self._problems)

    def record(self, code: str, place: str, error: Exception, now: Now) -> None:
        """Record that a file could not be written into `place`."""
        key = code, place
        if key not in self._problems:
            # Logged, too: the status files themselves may be what cannot be written.
            log.warning("views.not_written", place=place, error=_cause(error))
        since = self._problems[key].since if key in self._problems else now.wall
        self._problems[key] = DaemonProblem(
            code=code,
            message=f"Something cannot be written into {place}: {_cause(error)}.",
            hint=_hint(place, error),
            since=since,
        )
        self._retry_at[key] = now.uptime_s + RETRY_AFTER_S

    def clear(self, code: str, place: str) -> None:
        """Record that a file was written into `place`."""
        if self._problems:
            self._problems.pop((code, place), None)
            self._retry_at.pop((code, place), None)

    def blocked_until(self, code: str, place: str, now: Now) -> float | None:
        """Return when to try `place` again, in seconds of uptime; None for now."""
        until = self._retry_at.get((code, place))
        return until if until is not None and until > now.uptime_s else None

    def problems(self) -> list[DaemonProblem]:
        """Return the problems, the oldest first."""
        found = sorted(self._problems.values(), key=lambda problem: problem.since)
        return found[:MAX_PROBLEMS]


def _cause(error: Exception) -> str:
    """Return the cause without the file's name: an OSError names our temporary file."""
    if isinstance(error, UnsafePathError):
        return error.message
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _hint(place: str, error: Exception) -> str:
    if isinstance(error, UnsafePathError):
        return error.hint or "Move what stands there away."
    found = find_host_error(error.errno) if isinstance(error, OSError) else None
    remedy = found.remedy(place) if found else f"Look at {place}: `ytaudio doctor`."
    return f"{remedy} {_RETRY_HINT}"


_RETRY_HINT = "It is tried again every half minute."
