"""What a setting's value may be: read from text or TOML, shown again. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ytaudio_daemon.model.options import OptionError, check_option

#: A century; longer ones overflow dates.
MAX_SECONDS = 36_500 * 86_400.0
MAX_BYTES = 1 << 60

_UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(ms|s|m|h|d|w)\s*")
_BINARY_FACTORS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_DECIMAL_FACTORS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,6})?)\s*([KMGT]?)(iB|B)?", re.IGNORECASE)
#: What yt-dlp's networking understands.
_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """A kind of value.

    Attributes:
        allowed: In words, for error messages and the table of keys.
        parse: Returns the value; raises ValueError when it is not allowed.
        format: Returns the text that `parse` would read back.
        toml_types: How it may stand in a TOML file.
        redact: Returns what may be shown of its text; None where all of it may.
    """

    allowed: str
    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str
    toml_types: tuple[type, ...] = (str,)
    redact: Callable[[str], str] | None = None


def integer(low: int, high: int) -> ValueType:
    """Return the kind of whole numbers from `low` to `high`."""

    def read(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    allowed = f"a whole number from {low} to {high}"
    return ValueType(allowed=allowed, parse=read, toml_types=(int,))


def duration(*, may_be_zero: bool, high: float = MAX_SECONDS) -> ValueType:
    """Return the kind of durations, in seconds."""

    def read(text: str) -> float:
        seconds = _parse_duration(text)
        if seconds > high or (seconds == 0 and not may_be_zero):
            raise ValueError(text)
        return seconds

    zero = ', or "0"' if may_be_zero else " and more than 0"
    allowed = f'a duration such as "90s", "1h30m", "14d" (ms s m h d w){zero}'
    return ValueType(
        allowed=allowed, parse=read, format=_format_duration, toml_types=(str, int)
    )


def size(*, low: int = 0, high: int = MAX_BYTES, nothing: str = "0") -> ValueType:
    """Return the kind of sizes, in bytes.

    Args:
        low: The least allowed.
        high: The most allowed.
        nothing: How 0 is shown: "" where it stands for "not set".
    """

    def read(text: str) -> int:
        count = _parse_size(text) if text or nothing else 0
        if not low <= count <= high:
            raise ValueError(text)
        return count

    def show(count: int) -> str:
        return _format_size(count) if count else nothing

    bounds = f", at least {_format_size(low)}" if low else ', or "0"'
    bounds += f", at most {_format_size(high)}" if high < MAX_BYTES else ""
    allowed = (
        f'a size such as "500MB", "4GiB", "192k" (k M G T alone are KiB …){bounds}'
    )
    return ValueType(allowed=allowed, parse=read, format=show, toml_types=(str, int))


def choice(*words: str) -> ValueType:
    """Return the kind of one word of a list."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return ValueType(allowed=" ".join(words), parse=read)


def download_option(key: str, allowed: str) -> ValueType:
    """Return the kind of a download option's value, as drops have it too."""

    def read(text: str) -> str:
        try:
            return str(check_option(key, text))
        except OptionError as exc:
            raise ValueError(text) from exc

    return ValueType(allowed=allowed, parse=read)


def file_mode_mask() -> ValueType:
    """Return the kind of an octal umask."""

    def read(text: str) -> int:
        if re.fullmatch(r"0?[0-7]{3}", text) is None:
            raise ValueError(text)
        return int(text, 8)

    return ValueType(
        allowed='an octal mask in quotes, "0000" to "0777"',
        parse=read,
        format=lambda mask: f"{mask:04o}",
    )


def path(*, may_be_empty: bool) -> ValueType:
    """Return the kind of a path; relative ones are completed by `load`."""

    def read(text: str) -> str:
        if "\0" in text or not (text or may_be_empty):
            raise ValueError(text)
        return text

    return ValueType(
        allowed='a path, or ""' if may_be_empty else "a path",
        parse=read,
        format=lambda value: "" if value is None else str(value),
    )


def group_name() -> ValueType:
    """Return the kind of a group's name or number, or ""."""

    def read(text: str) -> str:
        if re.fullmatch(r"[A-Za-z0-9_.$-]{0,64}", text) is None:
            raise ValueError(text)
        return text

    return ValueType(allowed='the name of a group, or ""', parse=read)


def proxy_url() -> ValueType:
    """Return the kind of a proxy's address, or ""."""

    def read(text: str) -> str:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port  # port raises ValueError if it is none
        if text and (parts.scheme not in _PROXY_SCHEMES or not host):
            raise ValueError(text)
        return text

    allowed = (
        'an address such as "http://host:3128" or "socks5://user:word@host:1080" '
        '(http https socks4 socks4a socks5 socks5h), or ""'
    )
    return ValueType(allowed=allowed, parse=read, redact=redact_credentials)


def database_url() -> ValueType:
    """Return the kind of a ledger's SQLAlchemy URL, or "" for SQLite in `state`."""

    def read(text: str) -> str:
        scheme, _, rest = text.partition("://")
        if scheme in {"postgres", "postgresql"}:
            scheme = "postgresql+psycopg"  # the driver of the extra `postgres`
        is_sqlite = scheme == "sqlite" and rest.startswith("//") and rest != "//"
        if text and not (is_sqlite or (scheme == "postgresql+psycopg" and rest)):
            raise ValueError(text)
        return f"{scheme}://{rest}" if text else ""

    return ValueType(
        allowed=(
            '"sqlite:////absolute/path", "postgresql://user@host/name", or "" for '
            "SQLite in the state folder"
        ),
        parse=read,
        redact=redact_credentials,
    )


def redact_credentials(text: str) -> str:
    """Return an address without its user name and password."""
    text = re.sub(r"//.*@", "//***@", text)
    return re.sub(r"(?i)([?&][a-z]*pass[a-z]*=)[^&]*", r"\1***", text)


def _parse_duration(text: str) -> float:
    if text == "0":
        return 0.0
    bare = text.strip()
    parts = _DURATION_PART.findall(bare)
    if not parts or _DURATION_PART.sub("", bare):
        raise ValueError(text)
    return float(sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts))


def _format_duration(seconds: float) -> str:
    """Write hours rather than days below two days, as people say it."""
    milliseconds = round(seconds * 1000)
    if milliseconds and milliseconds % 86_400_000 == 0 and seconds > _UNIT_SECONDS["d"]:
        return f"{milliseconds // 86_400_000}d"
    shown = ""
    for unit, length in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, length)
        shown += f"{count}{unit}" if count else ""
    return shown or "0"


def _parse_size(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    prefix, unit = found[2].upper(), (found[3] or "").upper()
    is_decimal = prefix and unit == "B"
    factor = _DECIMAL_FACTORS[prefix] if is_decimal else _BINARY_FACTORS[prefix]
    return (
        round(float(found[1]) * factor) if "." in found[1] else int(found[1]) * factor
    )


def _format_size(count: int) -> str:
    for prefix in "TGMK":
        if count and count % _BINARY_FACTORS[prefix] == 0:
            return f"{count // _BINARY_FACTORS[prefix]}{prefix}iB"
    return str(count)
