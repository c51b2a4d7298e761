"""What yt-dlp works out dozens of times in one extraction, worked out once.

It asks some 40 times which cookies a request would carry, and copies the settings of a
client some 30 times: together a tenth of an attempt's CPU.
"""

import time
from collections.abc import Iterable
from http.cookiejar import Cookie
from typing import Any, Protocol

from yt_dlp.extractor.youtube import YoutubeIE

_SETTINGS_FUNCTION = "_get_default_ytcfg"


class CookieJar(Protocol):
    """The part of yt-dlp's cookie jar that is used here."""

    def __iter__(self) -> Any:
        """Iterate over the cookies."""

    def get_cookie_header(self, url: str) -> str | None:
        """Return the header with which a request would be sent."""


class CookieHeaders:
    """Replaces a jar's `get_cookie_header`: remembers each header while it holds.

    Args:
        jar: The jar.
    """

    def __init__(self, jar: CookieJar) -> None:
        self._jar = jar
        self._work_out = jar.get_cookie_header
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
            self._headers[url] = self._work_out(url)
        return self._headers[url]


def cache_cookie_headers(jar: Any) -> None:
    """Let a jar remember its headers; a later yt-dlp's may have none."""
    if hasattr(jar, "get_cookie_header"):
        jar.get_cookie_header = CookieHeaders(jar)


def cache_client_settings() -> None:
    """Copy the dicts and lists of a client's settings; `copy.deepcopy` takes ten times as long.

    Should a later yt-dlp lack the function, nothing is changed.
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


def _copy_containers(value: Any) -> Any:
    """Copy dicts and lists; what is in them, policies besides text, is only read."""
    if type(value) is dict:
        return {key: _copy_containers(inner) for key, inner in value.items()}
    if type(value) is list:
        return [_copy_containers(inner) for inner in value]
    return value


def _contents(cookies: Iterable[Cookie]) -> list[tuple[object, ...]]:
    """Return all on which a header depends: cookies may also be changed in place."""
    return [(*vars(cookie).values(),) for cookie in cookies]
