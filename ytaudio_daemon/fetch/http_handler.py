"""Sends yt-dlp's requests over connections that are kept, with Python's own HTTP client.

yt-dlp's handler for the library `requests` takes a fifth of the CPU of a short attempt, its
handler for urllib a handshake for each request. Both stay for what this one cannot:
proxies other than HTTP ones.
"""

import http.client
import ssl
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

from yt_dlp.networking.common import Features, Request, RequestHandler, Response
from yt_dlp.networking.exceptions import (
    CertificateVerifyError,
    HTTPError,
    IncompleteRead,
    RequestError,
    SSLError,
    TransportError,
)
from yt_dlp.utils.networking import normalize_url, select_proxy

from ytaudio_daemon.fetch import hosts
from ytaudio_daemon.fetch.http_body import accepted_encodings, open_body
from ytaudio_daemon.fetch.http_connections import ConnectionPool, Route

#: As many as browsers follow.
MAX_REDIRECTS = 20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OF_BODY = frozenset({"content-length", "content-type"})
#: yt-dlp's exception for each of the libraries below; the first that fits.
_TRANSLATIONS: tuple[tuple[type[Exception], Callable[..., Exception]], ...] = (
    (ssl.SSLCertVerificationError, CertificateVerifyError),
    (ssl.SSLError, SSLError),
    (http.client.InvalidURL, RequestError),
    (http.client.HTTPException, TransportError),
    (OSError, TransportError),
    (EOFError, TransportError),
    (zlib.error, TransportError),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One request on the way that redirects lead.

    Attributes:
        url: Where it goes.
        method: GET, POST or HEAD.
        data: Its body, if it has one.
        headers: Without the cookies, which depend on the address.
    """

    url: str
    method: str
    data: Any
    headers: dict[str, str]


class KeptResponse(Response):  # type: ignore[misc]  # yt-dlp ships no types
    """A response that returns its connection when it was read to its end.

    Args:
        raw: Its head was read.
        url: Where it came from.
        release: Called at its end.
        discard: Called when it is closed before.
    """

    def __init__(
        self,
        raw: http.client.HTTPResponse,
        url: str,
        release: Callable[[], None],
        discard: Callable[[], None],
    ) -> None:
        super().__init__(raw, url, raw.headers, raw.status, raw.reason)
        self._release: Callable[[], None] | None = release
        self._discard = discard
        self._body = open_body(raw)

    def read(self, amt: int | None = None) -> bytes:
        """Return up to `amt` bytes, or all; none at the end.

        Raises:
            RequestError: The connection broke, or the body is damaged.
        """
        if self.closed:
            return b""
        try:
            data = self._body.read(amt)
        except Exception as error:
            self.close()
            raise as_request_error(error) from error
        if not data and amt != 0 and self.fp.isclosed():
            self._give_back()
        return data

    def close(self) -> None:
        """Close the response; what is left of it closes the connection, too."""
        if self._release is not None:
            self._release = None
            self._discard()
        super().close()

    def _give_back(self) -> None:
        release, self._release = self._release, None
        if release is not None:
            release()


class KeptConnectionsRH(RequestHandler):  # type: ignore[misc]  # yt-dlp ships no types
    """yt-dlp's handler of requests over connections that are kept."""

    _SUPPORTED_URL_SCHEMES = ("https",)
    _SUPPORTED_PROXY_SCHEMES = ("http",)
    _SUPPORTED_FEATURES = (Features.NO_PROXY, Features.ALL_PROXY)
    RH_NAME = "kept-connections"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._connections: ConnectionPool | None = None

    def close(self) -> None:
        """Close the connections that are idle."""
        if self._connections is not None:
            self._connections.close()

    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        super()._check_extensions(extensions)
        extensions.pop("cookiejar", None)
        extensions.pop("timeout", None)

    def _prepare_headers(self, _: Request, headers: Any) -> None:
        headers.setdefault("Accept-Encoding", ", ".join(accepted_encodings()))
        headers.setdefault("Connection", "keep-alive")

    def _send(self, request: Request) -> KeptResponse:
        hop = Hop(
            url=request.url,
            method=request.method,
            data=request.data,
            headers=self._get_headers(request),
        )
        for _ in range(MAX_REDIRECTS + 1):
            response = self._exchange(hop, request)
            target = response.headers.get("Location")
            if response.status not in _REDIRECTS or target is None:
                break
            response.close()
            hop = next_hop(hop, target, response.status)
        else:
            raise HTTPError(response, redirect_loop=True)
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            raise HTTPError(response)
        return response

    def _exchange(self, hop: Hop, request: Request) -> KeptResponse:
        """Send one request and return its response, with its head read."""
        hosts.check_host(hop.url)
        jar = self._get_cookiejar(request)
        headers = dict(hop.headers)
        if "Cookie" not in headers and (cookie := jar.get_cookie_header(hop.url)):
            headers["Cookie"] = cookie
        route = Route.to(hop.url, select_proxy(hop.url, self._get_proxies(request)))
        pool = self._pool()
        connection = pool.acquire(route, self._calculate_timeout(request))
        try:
            connection.request(hop.method, _target(hop.url), hop.data, headers)
            raw = connection.getresponse()
            if "Set-Cookie" in raw.headers:
                jar.extract_cookies(raw, urllib.request.Request(hop.url))  # noqa: S310 - https
            return KeptResponse(
                raw,
                hop.url,
                release=lambda: pool.release(route, connection),
                discard=connection.close,
            )
        except Exception as error:
            connection.close()
            raise as_request_error(error) from error

    def _pool(self) -> ConnectionPool:
        if self._connections is None:
            self._connections = ConnectionPool(self._make_sslcontext())
        return self._connections


def prefer_kept_connections(handler: RequestHandler, _: Request) -> int:
    """Return how much yt-dlp should prefer a handler to others; `requests` has 100."""
    return 200 if isinstance(handler, KeptConnectionsRH) else 0


def next_hop(hop: Hop, location: str, status: int) -> Hop:
    """Return the request that a redirect asks for, as browsers send it (RFC 9110, 15.4). Pure."""
    url = normalize_url(urljoin(hop.url, location))
    dropped = {"cookie"}
    if urlsplit(url).hostname != urlsplit(hop.url).hostname:
        dropped.add("authorization")
    method = hop.method
    if (status == HTTPStatus.SEE_OTHER and method != "HEAD") or (
        status in (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND) and method == "POST"
    ):
        method = "GET"
    data = hop.data if method == hop.method else None
    if method != hop.method:
        dropped |= _OF_BODY
    kept = {
        name: text for name, text in hop.headers.items() if name.lower() not in dropped
    }
    return replace(hop, url=url, method=method, data=data, headers=kept)


def as_request_error(error: Exception) -> Exception:
    """Return yt-dlp's exception for one of the connection; others as they are."""
    if isinstance(error, http.client.IncompleteRead):
        cut: Exception = IncompleteRead(
            partial=len(error.partial), expected=error.expected, cause=error
        )
        return cut
    for kind, translate in _TRANSLATIONS:
        if isinstance(error, kind):
            return translate(cause=error)
    return error


def _target(url: str) -> str:
    """Return the path and query of a URL."""
    parts = urlsplit(url)
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
