"""HTTP connections without a network, for the warm-up extraction in the template.

A request goes through all layers of requests and urllib3 down to a socket; only TLS is
left out. The socket's other end is in this process: the response is written to it as
soon as the request has been sent, so one thread is enough.
"""

import functools
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPConnection

#: Returns status, headers and body of the response to a request for a path.
Responder = Callable[[str], tuple[int, Mapping[str, str], bytes]]
#: What a connection without TLS can be created with.
_OPTIONS = frozenset({"host", "port", "timeout", "blocksize", "socket_options"})


class OfflineConnection(HTTPConnection):
    """A connection whose other end is in this process.

    Args:
        respond: Makes the responses.
        options: As for urllib3's `HTTPSConnection`.
    """

    is_verified = True  # else urllib3 warns that there is no certificate

    def __init__(self, respond: Responder, **options: Any) -> None:
        super().__init__(**{k: v for k, v in options.items() if k in _OPTIONS})
        self._respond = respond
        self._far_end: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        near_end, self._far_end = socket.socketpair()
        return near_end

    def request(self, method: str, url: str, *args: Any, **options: Any) -> None:
        """Send the request, and then its response from the other end."""
        super().request(method, url, *args, **options)
        if self._far_end is not None:
            self._far_end.sendall(_encode_response(*self._respond(url)))

    def close(self) -> None:
        """Close both ends."""
        super().close()
        if self._far_end is not None:
            self._far_end.close()


@contextmanager
def offline_connections(respond: Responder) -> Iterator[None]:
    """Make each new https connection of urllib3 an `OfflineConnection`, until the end."""
    usual = HTTPSConnectionPool.ConnectionCls
    offline = functools.partial(OfflineConnection, respond)
    HTTPSConnectionPool.ConnectionCls = offline  # type: ignore[assignment]
    try:
        yield
    finally:
        HTTPSConnectionPool.ConnectionCls = usual


def _encode_response(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a response as HTTP/1.1 sends it (RFC 9112)."""
    fields = {"Content-Length": str(len(body)), **headers}
    lines = [f"HTTP/1.1 {status} ", *(f"{k}: {v}" for k, v in fields.items()), "", ""]
    return "\r\n".join(lines).encode("ascii") + body
