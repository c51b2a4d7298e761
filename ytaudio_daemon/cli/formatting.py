"""Formats numbers and times for people. Pure."""

import time

_MINUTE = 60
_HOUR = 3600
_DAY = 86_400


def format_duration(seconds: float) -> str:
    """Return a length of time in its two largest units: `3 h 12 min`."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two_units(whole, _MINUTE, "min", 1, "s")
    if whole < _DAY:
        return _two_units(whole, _HOUR, "h", _MINUTE, "min")
    return _two_units(whole, _DAY, "d", _HOUR, "h")


def _two_units(
    whole: int, large: int, large_unit: str, small: int, small_unit: str
) -> str:
    first, rest = divmod(whole, large)
    second = rest // small
    return f"{first} {large_unit}" + (f" {second} {small_unit}" if second else "")


def format_roughly(seconds: float) -> str:
    """Return an estimate: `less than a minute`, `about 5 min`, `about 3 h 20 min`."""
    if seconds < _MINUTE:
        return "less than a minute"
    step = _MINUTE if seconds < _HOUR else 10 * _MINUTE
    return f"about {format_duration(round(seconds / step) * step)}"


def format_playing_time(seconds: float) -> str:
    """Return a playing time: `3:07`, `1:02:33`."""
    minutes, secs = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def format_size(count: float) -> str:
    """Return a number of bytes: `4.2 MiB`."""
    if count < 1 << 10:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        count /= 1 << 10
        if count < 1 << 10 or unit == "TiB":
            break
    return f"{count:.0f} {unit}" if count >= 100 else f"{count:.1f} {unit}"  # noqa: PLR2004 - three digits are enough


def phase_text(phase: str) -> str:
    """Return a phase as a person understands it at once."""
    return "looking up" if phase == "resolving" else phase


def local_time(wall: float, now: float, *, seconds: bool = True) -> str:
    """Return a time of day in the local zone, with the date unless it is today."""
    then, today = time.localtime(wall), time.localtime(now)
    same_day = then[:3] == today[:3]
    time_of_day = "%H:%M:%S" if seconds else "%H:%M"
    return time.strftime(time_of_day if same_day else "%Y-%m-%d %H:%M", then)


def local_time_and_distance(wall: float, now: float) -> str:
    """Return `21:14:03 (in 5 min)` or `21:14:03 (2 h ago)`."""
    ahead = wall - now
    distance = (
        f"in {format_duration(ahead)}"
        if ahead >= 0
        else f"{format_duration(-ahead)} ago"
    )
    return f"{local_time(wall, now)} ({distance})"


def pluralize(number: int, one: str, many: str = "") -> str:
    """Return `1 job`, `2 jobs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
