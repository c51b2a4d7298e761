"""Real proxies on loopback, SOCKS5 (RFC 1928, 1929) and HTTP CONNECT, to the tests' YouTube.

The stand-in is a proxy itself, so these pass on to it; it sees by which one a request came.
"""

import base64
import socket
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.listener import Listener
from tests.youtube import Remote
from tests.youtube.routes import EGRESS_HEADER

_REFUSED = 5


@dataclass
class Proxy(Listener):
    """A proxy; `name` is how the stand-in knows it.

    Attributes:
        youtube: The stand-in.
        name: Among the tests' proxies.
        scheme: socks5h or http.
        user, password: Asked for when set.
        count: Tunnels opened so far.
    """

    youtube: Remote | None = None
    name: str = "a"
    scheme: str = "socks5h"
    user: str = ""
    password: str = ""
    count: int = 0

    @property
    def plain_address(self) -> str:
        """The address without user and password."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """What `[youtube] egress` must have in it."""
        who = f"{self.user}:{self.password}@" if self.user else ""
        return self.plain_address.replace("://", f"://{who}")

    def serve(self, connection: socket.socket) -> None:
        """Open the tunnel that is asked for."""
        if self.scheme == "http":
            target = self._http_target(connection)
            opened = b"HTTP/1.1 200 OK\r\n\r\n"
            failed = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
        else:
            target = self._socks_target(connection)
            opened, failed = _socks_reply(0), _socks_reply(_REFUSED)
        upstream = self._tunnel_to(target) if target else None
        if upstream is None:
            connection.sendall(failed)
            return
        self.count += 1
        connection.sendall(opened)
        threading.Thread(target=_pipe, args=(upstream, connection), daemon=True).start()
        _pipe(connection, upstream)

    def _http_target(self, connection: socket.socket) -> str:
        head = _read_head(connection)
        lines = head.split("\r\n")
        wanted = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if self.user and not any(line.endswith(f"Basic {wanted}") for line in lines):
            return ""  # a real one answers 407; to a client that is the same
        return lines[0].split()[1]

    def _socks_target(self, connection: socket.socket) -> str:
        _, count = _read(connection, 2)
        _read(connection, count)
        if self.user:
            connection.sendall(b"\x05\x02")
            if not self._knows(connection):
                return ""
        else:
            connection.sendall(b"\x05\x00")
        _, _, _, kind = _read(connection, 4)
        if kind != 3:  # a name, which is resolved here: there is no DNS in tests
            return ""
        host = _read(connection, _read(connection, 1)[0]).decode()
        return f"{host}:{int.from_bytes(_read(connection, 2))}"

    def _knows(self, connection: socket.socket) -> bool:
        _read(connection, 1)
        user = _read(connection, _read(connection, 1)[0]).decode()
        password = _read(connection, _read(connection, 1)[0]).decode()
        is_right = (user, password) == (self.user, self.password)
        connection.sendall(b"\x01\x00" if is_right else b"\x01\x01")
        return is_right

    def _tunnel_to(self, target: str) -> socket.socket | None:
        assert self.youtube is not None
        parts = urlsplit(self.youtube.proxy)
        upstream = socket.create_connection((str(parts.hostname), parts.port or 80))
        self._open.append(upstream)
        head = f"CONNECT {target} HTTP/1.1\r\n{EGRESS_HEADER}: {self.name}\r\n\r\n"
        try:
            upstream.sendall(head.encode())
            return upstream if " 200 " in _read_head(upstream) else None
        except OSError:  # the network behind it is down
            return None


def _socks_reply(code: int) -> bytes:
    return bytes([5, code, 0, 1, 0, 0, 0, 0, 0, 0])


def _read(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        if not (block := connection.recv(count - len(found))):
            raise ConnectionError
        found += block
    return found


def _read_head(connection: socket.socket) -> str:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += _read(connection, 1)
    return head.decode("latin-1")


def _pipe(source: socket.socket, target: socket.socket) -> None:
    try:
        while block := source.recv(65536):
            target.sendall(block)
    except OSError:
        pass  # one side has left
    finally:
        for end in (source, target):
            end.close()
