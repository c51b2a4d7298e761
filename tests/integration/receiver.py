"""A receiver of notices on the loopback, that behaves as badly as it is told to."""

import json
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What it got, and how it answers.

    Attributes:
        statuses: Answers to come; 200 when there are none left.
        headers: Of its answers.
        body: Of its answers.
        hangs: It takes a request and never answers, until `let_go`.
        drips: It answers a byte of its header at a time, for ever.
    """

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hangs: bool = False
    drips: bool = False
    got: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    #: How many requests were open at once, at most.
    most_at_once: int = 0
    _open: int = 0
    _released: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """Return its address, with secrets in every place that can hold one."""
        return f"http://me:hush-word@127.0.0.1:{self.port}/hush-path?key=hush-key"

    @property
    def apprise(self) -> str:
        """Return the same for Apprise."""
        return f"json://me:hush-word@127.0.0.1:{self.port}/hush-path"

    @property
    def events(self) -> list[str]:
        """Return the events of all notices that it accepted."""
        return [notice["event"] for notice in self.got]

    def let_go(self) -> None:
        """Answer whoever was left hanging."""
        self.hangs = self.drips = False
        self._released.set()

    def redirect_to(self, address: str) -> None:
        """Redirect the next request, in the way that keeps its method and its body."""
        self.statuses, self.headers = [307], {"Location": address}

    def receive(self, handler: BaseHTTPRequestHandler) -> None:
        """Take in a request, and answer it as told."""
        length = int(handler.headers["Content-Length"])
        body = json.loads(handler.rfile.read(length))
        with self._lock:
            self.requests.append((handler.path, dict(handler.headers)))
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
        try:
            status = self._status(handler, body)
        finally:
            # Before it answers: whoever has the answer may ask again at once.
            with self._lock:
                self._open -= 1
        if status is not None:
            self._answer(handler, status)

    def _status(
        self, handler: BaseHTTPRequestHandler, body: dict[str, Any]
    ) -> int | None:
        """Take as long as told; return the answer's status, None for no answer."""
        if self.hangs:
            self._released.wait(60)
            return None
        while self.drips:
            handler.wfile.write(b"HTTP/1.1 2" if not self._released.is_set() else b"0")
            if self._released.wait(0.1):
                return None
        with self._lock:
            status = self.statuses.pop(0) if self.statuses else 200
            if status == 200:
                self.got.append(body)
        return status

    def _answer(self, handler: BaseHTTPRequestHandler, status: int) -> None:
        handler.send_response(status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body)


@contextmanager
def serving(port: int = 0) -> Iterator[Receiver]:
    """Serve on a free port of the loopback, or on that one."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                receiver.receive(self)
            except (ConnectionError, ValueError):
                return  # whoever asked was killed

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_args: object) -> None:
            """Say nothing of those who were killed in between."""

    server = Server(("127.0.0.1", port), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go()
        server.shutdown()
        thread.join()
        server.server_close()


def pause() -> None:
    """Give other processes a moment, while something is waited for."""
    select.select([], [], [], 0.01)
