"""TLS connections that are kept while an attempt lasts, also through a proxy's tunnel."""

import base64
import http.client
import select
import ssl
from collections import defaultdict
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from yt_dlp.networking.exceptions import ProxyError

_HTTPS_PORT = 443
_PROXY_PORT = 80


class Route(NamedTuple):
    """A server, and the way to it.

    Attributes:
        host: The server's name.
        port: Its port.
        proxy: The URL of an HTTP proxy, or "".
    """

    host: str
    port: int
    proxy: str

    @classmethod
    def to(cls, url: str, proxy: str | None) -> "Route":
        """Return the route to a URL's server."""
        parts = urlsplit(url)
        return cls(parts.hostname or "", parts.port or _HTTPS_PORT, proxy or "")


class ConnectionPool:
    """Opens connections, and stores those that are idle; safe for several threads.

    Args:
        context: Whom to trust.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._idle: defaultdict[Route, list[http.client.HTTPSConnection]] = defaultdict(
            list
        )

    def acquire(self, route: Route, timeout_s: float) -> http.client.HTTPSConnection:
        """Return an idle connection, or a new one, which connects with its first request."""
        while (kept := self._pop(route)) is not None:
            if _is_open(kept):
                kept.sock.settimeout(timeout_s)
                return kept
            kept.close()
        return self._new(route, timeout_s)

    def release(self, route: Route, connection: http.client.HTTPSConnection) -> None:
        """Store a connection whose last response was read to its end."""
        if connection.sock is not None:  # else the server did not want to keep it
            self._idle[route].append(connection)

    def close(self) -> None:
        """Close all idle connections."""
        for route in list(self._idle):
            while (kept := self._pop(route)) is not None:
                kept.close()

    def _pop(self, route: Route) -> http.client.HTTPSConnection | None:
        try:
            return self._idle[route].pop()
        except IndexError:
            return None

    def _new(self, route: Route, timeout_s: float) -> http.client.HTTPSConnection:
        if not route.proxy:
            return _Connection(
                route.host, route.port, timeout=timeout_s, context=self._context
            )
        proxy = urlsplit(route.proxy)
        tunnelled = _Connection(
            proxy.hostname or "",
            proxy.port or _PROXY_PORT,
            timeout=timeout_s,
            context=self._context,
        )
        headers = _proxy_headers(proxy.username, proxy.password)
        tunnelled.set_tunnel(route.host, route.port, headers)
        return tunnelled


class _Connection(http.client.HTTPSConnection):
    """A connection that says whether the proxy failed or the server behind it."""

    _tunnel_host: str | None
    _context: ssl.SSLContext

    def connect(self) -> None:
        """Connect, through the tunnel if there is one, and shake hands.

        Raises:
            ProxyError: The proxy cannot be reached, or refuses the tunnel.
            OSError: The server cannot be reached, or is not trusted.
        """
        try:
            http.client.HTTPConnection.connect(self)
        except OSError as error:
            if self._tunnel_host is None:
                raise
            raise ProxyError(cause=error) from error
        name = self._tunnel_host or self.host
        self.sock: Any = self._context.wrap_socket(self.sock, server_hostname=name)


def _is_open(connection: http.client.HTTPSConnection) -> bool:
    """Return whether nothing came unasked: an end of file, or bytes that belong to nothing."""
    poller = select.poll()
    poller.register(connection.sock, select.POLLIN)
    return not poller.poll(0)


def _proxy_headers(user: str | None, password: str | None) -> dict[str, str]:
    """Return the header with which a proxy lets its user through (RFC 7617)."""
    if user is None:
        return {}
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
