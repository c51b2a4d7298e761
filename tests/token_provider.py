"""A provider of proof-of-origin tokens that can misbehave, for the tests' YouTube.

It speaks the protocol of bgutil-ytdlp-pot-provider: GET /ping, POST /get_pot.
"""

import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from tests.youtube.tokens import token_for

VERSION = "2.0.2"


def response(content: object, *, status: str = "200 OK", more: str = "") -> bytes:
    """Return the bytes of an HTTP response with JSON in it."""
    body = json.dumps(content).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass
class TokenProvider:
    """Listens on loopback; each connection carries one request.

    Attributes:
        answer: Sent instead of the right answer.
        drip_s: Seconds between two bytes of an answer.
        is_silent: Connections are accepted and never answered.
        queries: The bodies of all requests for tokens.
        paths: The paths of all requests.
    """

    answer: bytes | None = None
    drip_s: float = 0.0
    is_silent: bool = False
    queries: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, after a `stop` on the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        # `close` alone would leave the thread in `accept`, and the port open.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()

    @property
    def address(self) -> str:
        """What `[youtube] pot_provider` must be."""
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(
                target=self._serve, args=(connection,), daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            path, body = _read(connection)
            self.paths.append(path)
            if self.is_silent:
                return
            answer = self.answer
            if answer is None:
                answer = self._right_answer(path, body)
            self._send(connection, answer)
        except OSError:
            return  # it left: what it does to a slow provider is the test
        connection.close()

    def _right_answer(self, path: str, body: bytes) -> bytes:
        if path == "/ping":
            return response({"server_uptime": 1.5, "version": VERSION})
        query = json.loads(body)
        self.queries.append(query)
        binding = query["content_binding"]
        return response({"poToken": token_for(binding), "contentBinding": binding})

    def _send(self, connection: socket.socket, answer: bytes) -> None:
        if not self.drip_s:
            connection.sendall(answer)
            return
        for byte in answer:
            connection.sendall(bytes([byte]))
            time.sleep(self.drip_s)


def _read(connection: socket.socket) -> tuple[str, bytes]:
    """Return a request's path and body."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        if not (block := connection.recv(65536)):
            raise ConnectionError
        raw += block
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    lengths = [line for line in lines if line.lower().startswith("content-length:")]
    missing = int(lengths[0].split(":")[1]) if lengths else 0
    while len(body) < missing:
        body += connection.recv(65536)
    return lines[0].split()[1], body
