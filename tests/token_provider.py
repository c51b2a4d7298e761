"""A provider of proof-of-origin tokens that can misbehave, for the tests' YouTube.

It speaks the protocol of bgutil-ytdlp-pot-provider: GET /ping, POST /get_pot.
"""

import json
import socket
import time
from dataclasses import dataclass, field
from typing import Any

from tests.listener import Listener
from tests.youtube.tokens import token_for

VERSION = "2.0.2"


def response(content: object, *, status: str = "200 OK", more: str = "") -> bytes:
    """Return the bytes of an HTTP response with JSON in it."""
    body = json.dumps(content).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass
class TokenProvider(Listener):
    """A provider; each connection carries one request.

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

    @property
    def address(self) -> str:
        """What `[youtube] pot_provider` must be."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        """Answer one request."""
        path, body = _read(connection)
        self.paths.append(path)
        if self.is_silent:
            connection.recv(1)  # until it leaves
            return
        answer = self.answer
        if answer is None:
            answer = self._right_answer(path, body)
        self._send(connection, answer)

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
