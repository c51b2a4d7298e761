"""The options of a collection's line: a closed list, beside those of its jobs. Pure.

They choose the entries that become jobs, not how these are fetched: they are no part of
`Options`, and the same audio is the same job, by whichever options it was selected.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from ytaudio_daemon.model.options import Layer, OptionError

ORDERS = ("list", "reverse", "newest", "oldest")
YES_OR_NO = ("yes", "no")
#: Positions and numbers of entries; a channel may have more than a hundred thousand.
POSITIONS = range(1, 1_000_000)
MAX_RANGES = 100
MAX_WORDS_CHARS = 200
MAX_SECONDS = 30 * 86400

#: The shortest and the longest interval between two looks at a list, in seconds.
FOLLOW_SECONDS = range(900, 90 * 86400 + 1)

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_UNIT_DURATION = re.compile(
    r"(?:([0-9]{1,4})d)?(?:([0-9]{1,5})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,7})s?)?"
)
_CLOCK_DURATION = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{2})")
_RANGE = re.compile(r"([0-9]{1,6})(?:(-)([0-9]{1,6})?)?", re.ASCII)


def check_collection_option(key: str, value: object) -> Any:
    """Return the value of a collection's option in its canonical form.

    Args:
        key: One of `COLLECTION_KEYS`.
        value: As it was given.

    Raises:
        OptionError: The value is not allowed.
    """
    return _CHECKS[key](key, value)


def find_empty_range(layer: Layer) -> OptionError | None:
    """Return the refusal of limits between which no video can be; None: they are fine.

    Args:
        layer: Checked options.
    """
    if {"min", "max"} <= layer.keys() and (
        parse_seconds(layer["min"]) > parse_seconds(layer["max"])
    ):
        return OptionError(
            "bad_option",
            f"min={layer['min']} is longer than max={layer['max']}, so no video can be "
            "meant: give the shorter length as min",
        )
    if {"since", "until"} <= layer.keys() and layer["since"] > layer["until"]:
        return OptionError(
            "bad_option",
            f"since={layer['since']} is after until={layer['until']}, so no video can "
            "be meant: give the earlier day as since",
        )
    return None


def parse_ranges(text: str) -> tuple[tuple[int, int | None], ...]:
    """Return the first and last position of each range of `items`; None is no end.

    Raises:
        ValueError: It is no list of ranges.
    """
    pieces = [piece.strip() for piece in text.split(",")]
    if len(pieces) > MAX_RANGES:
        raise ValueError(text)
    return tuple(_parse_range(piece) for piece in pieces)


def _parse_range(text: str) -> tuple[int, int | None]:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    first = int(found[1])
    last = first if found[2] is None else int(found[3]) if found[3] else None
    if first not in POSITIONS or (last is not None and last < first):
        raise ValueError(text)
    return first, last


def parse_seconds(text: str) -> int:
    """Return the seconds of a duration such as `2m`, `1h30m`, `90` or `1:30:00`.

    Raises:
        ValueError: It is none.
    """
    if clock := _CLOCK_DURATION.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return hours * 3600 + minutes * 60 + seconds
    found = _UNIT_DURATION.fullmatch(text)
    if found is None or not text:
        raise ValueError(text)
    return sum(
        int(count) * size
        for count, (_, size) in zip(found.groups(), _UNITS, strict=True)
        if count
    )


def duration_text(seconds: int) -> str:
    """Return a duration as people write it: `1h30m`."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _shown(value: object) -> str:
    return repr(str(value)[:40])


def _check_items(key: str, value: object) -> str:
    text = "" if isinstance(value, bool) else str(value).replace(" ", "")
    try:
        parse_ranges(text)
    except ValueError as error:
        raise OptionError(
            "bad_option",
            f"{key} cannot be {_shown(value)}; give positions in the list from 1 on, "
            "the lower one first, such as 1-12,15 or 20-",
        ) from error
    return text


def _seconds_or_zero(value: object) -> int:
    """Return the seconds of a duration as a person gave it; 0 if it is none."""
    try:
        return (
            0 if isinstance(value, bool) else parse_seconds(str(value).strip().lower())
        )
    except ValueError:
        return 0


def _check_duration(key: str, value: object) -> str:
    seconds = _seconds_or_zero(value)
    if not 0 < seconds <= MAX_SECONDS:
        raise OptionError(
            "bad_option",
            f"{key} cannot be {_shown(value)}; give a length such as 90s, 2m or 1h30m",
        )
    return duration_text(seconds)


def _check_follow(key: str, value: object) -> str:
    seconds = _seconds_or_zero(value)
    if seconds not in FOLLOW_SECONDS:
        raise OptionError(
            "bad_option",
            f"{key} cannot be {_shown(value)}; give how often to look at the list, "
            f"from {duration_text(FOLLOW_SECONDS[0])} to "
            f"{duration_text(FOLLOW_SECONDS[-1])}, such as 6h or 1d",
        )
    return duration_text(seconds)


def _check_date(key: str, value: object) -> str:
    text = str(value).strip()
    try:
        return date(*map(int, text.split("-"))).isoformat()
    except (OverflowError, TypeError, ValueError) as error:
        raise OptionError(
            "bad_option",
            f"{key} cannot be {_shown(value)}; give a day such as 2026-01-31",
        ) from error


def _check_words(key: str, value: object) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text or not text.isprintable() or len(text) > MAX_WORDS_CHARS:
        raise OptionError(
            "bad_option",
            f"{key} needs 1 to {MAX_WORDS_CHARS} readable characters of the title",
        )
    return text


def _check_count(key: str, value: object) -> int:
    text = "" if isinstance(value, bool) else str(value).strip()
    if (
        re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) is None
        or int(text) not in POSITIONS
    ):
        raise OptionError(
            "bad_option",
            f"{key} cannot be {_shown(value)}; give a whole number from {POSITIONS[0]} "
            f"to {POSITIONS[-1]}",
        )
    return int(text)


def _word_check(words: tuple[str, ...]) -> Callable[[str, object], str]:
    def check(key: str, value: object) -> str:
        word = str(value).strip().lower()
        word = {"true": "yes", "false": "no"}.get(word, word)
        if word not in words:
            raise OptionError(
                "bad_option",
                f"{key} cannot be {_shown(value)}; allowed: {' '.join(words)}",
            )
        return word

    return check


_CHECKS: dict[str, Callable[[str, object], Any]] = {
    "items": _check_items,
    "order": _word_check(ORDERS),
    "min": _check_duration,
    "max": _check_duration,
    "since": _check_date,
    "until": _check_date,
    "match": _check_words,
    "not": _check_words,
    "max_items": _check_count,
    "list": _word_check(YES_OR_NO),
    "follow": _check_follow,
    "keep_last": _check_count,
    "again": _word_check(YES_OR_NO),
}

#: Every key there is.
COLLECTION_KEYS = tuple(_CHECKS)
#: Also allowed for a single video: whether the list in its link is meant, and whether
#: it is fetched although the archive has it.
KEYS_OF_VIDEOS = frozenset({"list", "again"})
