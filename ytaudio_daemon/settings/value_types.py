"""The values that a setting may have: parsed from text or TOML, and formatted. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from ytaudio_daemon.model.library_template import LIBRARY_FIELDS, template_problem
from ytaudio_daemon.model.options import OptionError, check_option

#: A century; longer durations overflow dates.
MAX_SECONDS = 36_500 * 86_400.0
MAX_BYTES = 1 << 60

_UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
#: A parameter in the query of an address, or in a libpq connection string.
_PARAMETER = re.compile(r"(^|[?&\s])(\w+)\s*=\s*([^&\s]*)")
#: libpq's: password, sslpassword, oauth_client_secret, scram_client_key.
_SECRET_PARAMETER = re.compile(
    r"pass(?!file)|secret|token|scram_\w+_key", re.IGNORECASE
)
_DURATION_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(ms|s|m|h|d|w)\s*")
_BINARY_FACTORS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_DECIMAL_FACTORS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,6})?)\s*([KMGT]?)(iB|B)?", re.IGNORECASE)
#: The proxies that yt-dlp supports.
_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """A type of setting.

    Attributes:
        allowed: Its values in words, for error messages and the table of keys.
        parse: Returns the value of a text; raises ValueError when it is not allowed.
        format: Returns the text that `parse` turns into the same value.
        toml_types: The types it may have in a TOML file.
        redact: Returns the part of its text that may be shown; None: all of it.
        words: The words it consists of, where those are a closed list.
        problem: Returns what is wrong with a text that is not allowed, or "".
    """

    allowed: str
    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str
    toml_types: tuple[type, ...] = (str,)
    redact: Callable[[str], str] | None = None
    words: tuple[str, ...] = ()
    problem: Callable[[str], str] | None = None


def require(is_allowed: object, text: str) -> None:
    """Raise ValueError unless a text is allowed."""
    if not is_allowed:
        raise ValueError(text)


def integer(low: int, high: int) -> ValueType:
    """Return the type of whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        number = int(text)
        require(low <= number <= high, text)
        return number

    allowed = f"a whole number from {low} to {high}"
    return ValueType(allowed=allowed, parse=parse, toml_types=(int,))


def duration(high: float = MAX_SECONDS) -> ValueType:
    """Return the type of durations up to `high`, in seconds."""
    return _duration_type(lambda seconds: seconds <= high, ', or "0"')


def positive_duration(high: float = MAX_SECONDS) -> ValueType:
    """Return the type of durations above 0 and up to `high`, in seconds."""
    return _duration_type(lambda seconds: 0 < seconds <= high, " and more than 0")


def _duration_type(is_allowed: Callable[[float], bool], bounds: str) -> ValueType:
    def parse(text: str) -> float:
        seconds = _parse_duration(text)
        require(is_allowed(seconds), text)
        return seconds

    return ValueType(
        allowed=f'a duration such as "90s", "1h30m", "14d" (ms s m h d w){bounds}',
        parse=parse,
        format=_format_duration,
        toml_types=(str, int),
    )


def size(*, low: int = 0, high: int = MAX_BYTES, nothing: str = "0") -> ValueType:
    """Return the type of sizes from `low` to `high`, in bytes.

    Args:
        low: The least allowed.
        high: The most allowed.
        nothing: The text of 0: "" for keys where it means "not set".
    """

    def parse(text: str) -> int:
        count = _parse_size(text) if text or nothing else 0
        require(low <= count <= high, text)
        return count

    bounds = f", at least {_format_size(low)}" if low else ', or "0"'
    bounds += f", at most {_format_size(high)}" if high < MAX_BYTES else ""
    return ValueType(
        allowed=f'a size such as "500MB", "4GiB", "192k" (k M G T alone are KiB …){bounds}',
        parse=parse,
        format=lambda count: _format_size(count) if count else nothing,
        toml_types=(str, int),
    )


def text_type(allowed: str, is_allowed: Callable[[str], object]) -> ValueType:
    """Return the type of texts that are used as they are written, if allowed."""

    def parse(text: str) -> str:
        require(is_allowed(text), text)
        return text

    return ValueType(allowed=allowed, parse=parse)


def choice(*words: str) -> ValueType:
    """Return the type of one word of a list."""
    return text_type(" ".join(words), lambda text: text in words)


def download_option(name: str, allowed: str) -> ValueType:
    """Return the type of a download option, which drops may set, too."""

    def parse(text: str) -> str:
        try:
            return str(check_option(name, text))
        except OptionError as exc:
            raise ValueError(text) from exc

    return ValueType(allowed=allowed, parse=parse)


def yes_or_no() -> ValueType:
    """Return the type of `true` and `false`."""

    def parse(text: str) -> bool:
        require(text.lower() in {"true", "false"}, text)
        return text.lower() == "true"

    return ValueType(
        allowed="true or false",
        parse=parse,
        format=lambda value: str(value).lower(),
        toml_types=(bool,),
    )


def library_template() -> ValueType:
    """Return the type of templates for names in the library."""
    fields = " ".join(f"{{{name}}}" for name in LIBRARY_FIELDS)
    allowed = f"words, / between folders, and any of {fields}"
    template = text_type(allowed, lambda text: not template_problem(text))
    return replace(template, problem=template_problem)


def file_mode_mask() -> ValueType:
    """Return the type of an octal umask."""

    def parse(text: str) -> int:
        require(re.fullmatch(r"0?[0-7]{3}", text), text)
        return int(text, 8)

    allowed = 'an octal mask in quotes, "0000" to "0777"'
    return ValueType(allowed=allowed, parse=parse, format=lambda mask: f"{mask:04o}")


def path() -> ValueType:
    """Return the type of a path; `load` makes relative ones absolute."""
    return text_type("a path", lambda text: text and "\0" not in text)


def optional_path() -> ValueType:
    """Return the type of a path, or "" for None."""
    any_path = text_type('a path, or ""', lambda text: "\0" not in text)
    return replace(any_path, format=lambda value: str(value or ""))


def group_name() -> ValueType:
    """Return the type of a group's name or number, or ""."""
    pattern = re.compile(r"[A-Za-z0-9_.$-]{0,64}")
    return text_type('the name of a group, or ""', pattern.fullmatch)


def proxy_url() -> ValueType:
    """Return the type of a proxy's address, or ""."""

    def parse(text: str) -> str:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port  # port raises ValueError if it is none
        require(not text or (parts.scheme in _PROXY_SCHEMES and host), text)
        return text

    allowed = (
        'an address such as "http://host:3128" or "socks5://user:word@host:1080" '
        '(http https socks4 socks4a socks5 socks5h), or ""'
    )
    return ValueType(allowed=allowed, parse=parse, redact=redact_credentials)


def database_url() -> ValueType:
    """Return the type of a ledger's SQLAlchemy URL, or "" for SQLite in `state`."""

    def parse(text: str) -> str:
        if not text:
            return ""
        scheme, _, rest = text.partition("://")
        if scheme in {"postgres", "postgresql"}:
            scheme = "postgresql+psycopg"  # the driver of the extra `postgres`
        is_sqlite = scheme == "sqlite" and rest.startswith("//") and rest != "//"
        is_postgres = scheme == "postgresql+psycopg" and rest and _has_port(rest)
        require(is_sqlite or is_postgres, text)
        return f"{scheme}://{rest}"

    allowed = (
        '"sqlite:////absolute/path", "postgresql://user@host/name", or "" for '
        "SQLite in the state folder"
    )
    return ValueType(allowed=allowed, parse=parse, redact=redact_credentials)


def _has_port(rest: str) -> bool:
    """True if the port of `user:word@host:port/name` is a number, or not given."""
    address = rest.partition("?")[0].rpartition("@")[2].partition("/")[0]
    port = address.rpartition("]")[2].partition(":")[2]
    return not port or port.isdecimal()


def redact_credentials(text: str) -> str:
    """Return an address without its user name and password."""
    # Mistyped, there may be no "//".
    text = re.sub(r"//.*@" if "//" in text else r"^.*@", "//***@", text)
    return _PARAMETER.sub(
        lambda found: (
            f"{found[1]}{found[2]}=***" if is_secret_parameter(found[2]) else found[0]
        ),
        text,
    )


def is_secret_parameter(name: str) -> bool:
    """True if a parameter in an address holds a secret, as libpq's `password`."""
    return bool(_SECRET_PARAMETER.search(name))


def _parse_duration(text: str) -> float:
    if text == "0":
        return 0.0
    bare = text.strip()
    parts = _DURATION_PART.findall(bare)
    require(parts and not _DURATION_PART.sub("", bare), text)
    return float(sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts))


def _format_duration(seconds: float) -> str:
    """Return a duration's text; days only from two days on, as people say "24h"."""
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
    number, prefix, unit = found[1], found[2].upper(), (found[3] or "").upper()
    is_decimal = prefix and unit == "B"
    factor = _DECIMAL_FACTORS[prefix] if is_decimal else _BINARY_FACTORS[prefix]
    return round(float(number) * factor) if "." in number else int(number) * factor


def _format_size(count: int) -> str:
    for prefix in "TGMK":
        if count and count % _BINARY_FACTORS[prefix] == 0:
            return f"{count // _BINARY_FACTORS[prefix]}{prefix}iB"
    return str(count)
