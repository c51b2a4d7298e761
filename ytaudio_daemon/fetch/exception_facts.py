"""Converts a chain of foreign exceptions into plain data for `classify`.

By shape, not by type: yt-dlp's exceptions keep the cause in `exc_info` or `cause`,
and a refused request carries its `response`.
"""

import socket
import ssl
import urllib.parse
from collections.abc import Iterator

from ytaudio_daemon.fetch.classify import Cause

MAX_CHAIN = 12


def causes_of(error: BaseException, url: str = "") -> tuple[Cause, ...]:
    """Return the facts of an exception and of its causes, outermost first.

    Args:
        error: The exception that ended the attempt, or one that yt-dlp recovered from.
        url: The requested address, for exceptions without one.
    """
    return tuple(_cause(link, url) for link in _exception_chain(error))


def endpoint_of(url: str) -> str:
    """Return the kind of server at an address: media, api, page, or "" for others."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    if host.endswith("googlevideo.com"):
        return "media"
    if not host.endswith("youtube.com"):
        return ""
    return "api" if parts.path.startswith("/youtubei/") else "page"


def _exception_chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    waiting = [error]
    while waiting and len(seen) < MAX_CHAIN:
        link = waiting.pop(0)
        if link in seen:
            continue
        seen.append(link)
        yield link
        waiting += _nested_exceptions(link)


def _nested_exceptions(error: BaseException) -> list[BaseException]:
    info = getattr(error, "exc_info", None)
    behind = [
        info[1] if isinstance(info, tuple) and len(info) > 1 else None,
        getattr(error, "cause", None),
        getattr(error, "reason", None),  # urllib3's MaxRetryError, URLError
        error.__cause__,
        None if error.__suppress_context__ else error.__context__,
        *(arg for arg in error.args if isinstance(arg, BaseException)),
    ]
    return [link for link in behind if isinstance(link, BaseException)]


def _errno(error: BaseException) -> int | None:
    """Return the kernel's error number; None for TLS and the resolver, whose numbers differ."""
    is_own = isinstance(error, ssl.SSLError | socket.gaierror | socket.herror)
    return error.errno if isinstance(error, OSError) and not is_own else None


def _cause(error: BaseException, url: str) -> Cause:
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or {}
    status = getattr(error, "status", None)
    return Cause(
        classes=frozenset(c.__name__ for c in type(error).__mro__ if c is not object),
        text=str(error),
        errno=_errno(error),
        status=status if isinstance(status, int) else None,
        endpoint=endpoint_of(getattr(response, "url", None) or url),
        retry_after=headers.get("Retry-After"),
    )
