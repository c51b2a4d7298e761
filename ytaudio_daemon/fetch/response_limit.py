"""Caps every HTTP body: of pages, errors and redirects.

yt-dlp reads pages, players and API errors whole into memory, and the libraries below it
the bodies of redirects, which nothing uses. An endless body, or some kilobytes that
unpack to gigabytes, would take all memory of the machine before a deadline comes.
"""

import functools
import importlib
import urllib.error
import urllib.request
from http.client import HTTPResponse
from typing import Any

from ytaudio_daemon.fetch.failure_catalog import AttemptFailedError, failure_for

#: After decompression. YouTube's largest pages and players have below 4 MiB, as do
#: pieces of a stream.
MAX_RESPONSE_BYTES = 32 << 20
_CHUNK_BYTES = 1 << 18
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def limit_response_size(response: Any) -> Any:
    """Wrap a response so that `read()` without a size fails beyond the limit.

    Reads with a size, as of a download, are not limited.
    """
    plain = response.read

    def read(amount: int | None = None) -> bytes:
        if amount is not None and amount >= 0:
            return bytes(plain(amount))
        pieces: list[bytes] = []
        size = 0
        while piece := plain(_CHUNK_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_RESPONSE_BYTES:
                response.close()
                raise AttemptFailedError(failure_for("endless_answer"))
        return b"".join(pieces)

    response.read = read
    return response


def limit_error_body(error: Exception) -> None:
    """Limit the response that yt-dlp's HTTPError carries; others carry none."""
    response = getattr(error, "response", None)
    if response is not None:
        limit_response_size(response)


def install_redirect_limits() -> None:
    """Make urllib and requests close redirects without reading their bodies.

    Both read them whole inside of yt-dlp's handlers, where `limit_response_size` comes too
    late.
    """
    _extend(urllib.request.OpenerDirector, "__init__", _add_plain_bodies)
    try:
        sessions = importlib.import_module("requests.sessions")
    except ImportError:  # then yt-dlp does without it, too
        return
    _extend(sessions.Session, "get_redirect_target", _close_redirect)


class PlainBodies(urllib.request.BaseHandler):
    """Makes urllib accept only uncompressed bodies, and close redirects unread.

    yt-dlp unpacks a body whole and without a limit as soon as urllib has its head.
    """

    handler_order = 100  # before yt-dlp's, which have 500

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        """Ask for a body as it is."""
        request.add_header("Accept-Encoding", "identity")
        return request

    def http_response(
        self, _request: urllib.request.Request, response: HTTPResponse
    ) -> HTTPResponse:
        """Close a redirect unread.

        Raises:
            URLError: The body is compressed, although that was not asked for.
        """
        if response.status in _REDIRECTS:
            response.close()
        encoding = response.headers.get("Content-Encoding", "identity")
        if not response.closed and encoding.strip().lower() != "identity":
            response.close()
            raise urllib.error.URLError("a compressed answer that was not asked for")
        return response

    https_request = http_request
    https_response = http_response


def _add_plain_bodies(opener: Any, _returned: None) -> None:
    opener.add_handler(PlainBodies())


def _close_redirect(_session: Any, target: str | None, response: Any) -> None:
    if target is not None:
        response.close()


def _extend(owner: Any, name: str, and_then: Any) -> None:
    """Extend a library's method by a call of `and_then`, once per process."""
    plain = getattr(owner, name)
    if hasattr(plain, "is_extended"):
        return

    @functools.wraps(plain)
    def extended(self: Any, *args: Any, **options: Any) -> Any:
        returned = plain(self, *args, **options)
        and_then(self, returned, *args, **options)
        return returned

    extended.is_extended = True  # type: ignore[attr-defined]  # our mark
    setattr(owner, name, extended)
