"""Times as text: RFC 3339 for programs, UTC for people and for file names. Pure."""

import math
from datetime import UTC, datetime
from typing import Literal, overload

#: Sortable, and fit for every file system.
_FILE_FORM = "%Y%m%dT%H%M%SZ"


@overload
def rfc3339(wall: float, timespec: Literal["milliseconds", "seconds"] = ...) -> str: ...
@overload
def rfc3339(wall: None, timespec: Literal["milliseconds", "seconds"] = ...) -> None: ...
@overload
def rfc3339(
    wall: float | None, timespec: Literal["milliseconds", "seconds"] = ...
) -> str | None: ...
def rfc3339(
    wall: float | None, timespec: Literal["milliseconds", "seconds"] = "milliseconds"
) -> str | None:
    """Return a time as RFC 3339 in UTC, None for None.

    Args:
        wall: Seconds since 1970.
        timespec: How exact.
    """
    if wall is None:
        return None
    text = datetime.fromtimestamp(wall, UTC).isoformat(timespec=timespec)
    return text.replace("+00:00", "Z")


def parse_rfc3339(text: str) -> float:
    """Return the seconds since 1970 of an RFC 3339 time.

    Raises:
        ValueError: It is none.
    """
    return datetime.fromisoformat(text).timestamp()


def may_be_after(coarse: float, wall: float) -> bool:
    """Return whether a time that is known to the second may be after an exact one.

    Args:
        coarse: From `job.json`, or from a file system, whose clock runs some
            milliseconds late; seconds since 1970.
        wall: Seconds since 1970.
    """
    return coarse >= math.floor(wall)


def utc_time(wall: float) -> str:
    """Return a time for people: `2026-11-30 12:00:00 UTC`."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def file_timestamp(wall: float) -> str:
    """Return a time for file names: `20261130T120000Z`."""
    return datetime.fromtimestamp(wall, UTC).strftime(_FILE_FORM)
