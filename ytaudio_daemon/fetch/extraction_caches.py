"""Caches of values that yt-dlp computes dozens of times in one extraction.

It builds a request's cookie header some 40 times, copies the settings of a client some
30 times, and tries 53 formats of dates on the one that YouTube has: together more than
a tenth of an attempt's CPU.
"""

import functools
import re
import time
from collections.abc import Iterable
from datetime import date
from http.cookiejar import Cookie
from typing import Any, Protocol

from yt_dlp.extractor.youtube import YoutubeIE

#: ISO 8601 as YouTube writes it, "2020-03-01" or "2020-03-01T02:03:04-08:00".
_ISO_DATE = re.compile(
    r"([12]\d{3})-(\d\d)-(\d\d)(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:Z|[+-]\d\d:\d\d)?)?",
    re.ASCII,
)
_DATE_FUNCTION = "unified_strdate"
_SETTINGS_FUNCTION = "_get_default_ytcfg"


class CookieJar(Protocol):
    """The part of yt-dlp's cookie jar that is used here."""

    def __iter__(self) -> Any:
        """Iterate over the cookies."""

    def get_cookie_header(self, url: str) -> str | None:
        """Return the header with which a request would be sent."""


class CookieHeaders:
    """Replaces a jar's `get_cookie_header`: caches each header while it is valid.

    Args:
        jar: The jar.
    """

    def __init__(self, jar: CookieJar) -> None:
        self._jar = jar
        self._build_header = jar.get_cookie_header
        self._valid_for: tuple[object, ...] = ()
        self._headers: dict[str, str | None] = {}

    def __call__(self, url: str) -> str | None:
        """Return the header with which a request would be sent now."""
        # A cookie may expire meanwhile, in whole seconds.
        valid_for = (int(time.time()), *_contents(self._jar))
        if valid_for != self._valid_for:
            self._headers.clear()
            self._valid_for = valid_for
        if url not in self._headers:
            self._headers[url] = self._build_header(url)
        return self._headers[url]


def cache_cookie_headers(jar: Any) -> None:
    """Cache a jar's headers; the jar of a later yt-dlp may lack the method."""
    if hasattr(jar, "get_cookie_header"):
        jar.get_cookie_header = CookieHeaders(jar)


def cache_client_settings() -> None:
    """Copy the dicts and lists of a client's settings; `copy.deepcopy` takes ten times as long.

    If a later yt-dlp lacks the function, nothing is changed.
    """
    copy_deeply = getattr(YoutubeIE, _SETTINGS_FUNCTION, None)
    if copy_deeply is None or hasattr(copy_deeply, "originals"):
        return
    originals: dict[str, Any] = {}

    def copy_settings(self: Any, client: str = "web") -> Any:
        if client not in originals:
            originals[client] = copy_deeply(self, client)
        return _copy_containers(originals[client])

    copy_settings.originals = originals  # type: ignore[attr-defined]  # our mark
    setattr(YoutubeIE, _SETTINGS_FUNCTION, copy_settings)


def read_iso_dates() -> None:
    """Parse YouTube's form of dates directly; yt-dlp parses all others.

    If a later yt-dlp lacks the function, nothing is changed.
    """
    namespace = YoutubeIE._real_extract.__globals__  # noqa: SLF001 - of its module
    try_all_formats = namespace.get(_DATE_FUNCTION)
    if try_all_formats is None or hasattr(try_all_formats, "reads_iso_dates"):
        return

    @functools.wraps(try_all_formats)
    def read_date(text: Any, *args: Any, **options: Any) -> Any:
        return _compact_date(text) or try_all_formats(text, *args, **options)

    read_date.reads_iso_dates = True  # type: ignore[attr-defined]  # our mark
    namespace[_DATE_FUNCTION] = read_date


def _compact_date(text: object) -> str | None:
    """Return an ISO date as "YYYYMMDD"; None for anything else. Pure."""
    found = _ISO_DATE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day = found.groups()
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return None
    return f"{year}{month}{day}"


def _copy_containers(value: Any) -> Any:
    """Copy dicts and lists; the values in them are shared, since yt-dlp only reads them."""
    if type(value) is dict:
        return {key: _copy_containers(inner) for key, inner in value.items()}
    if type(value) is list:
        return [_copy_containers(inner) for inner in value]
    return value


def _contents(cookies: Iterable[Cookie]) -> list[tuple[object, ...]]:
    """Return the values a header depends on: cookies may also be changed in place."""
    return [(*vars(cookie).values(),) for cookie in cookies]
