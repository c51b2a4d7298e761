"""A server on loopback that gives each connection a thread; it can be stopped and come back."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass
class Listener:
    """Accepts connections while it is open; what it does with one is `serve`'s part."""

    port: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        """Answer one connection; an OSError ends it."""
        raise NotImplementedError

    def start(self) -> None:
        """Listen, after a `stop` on the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on, and end those there are."""
        # `close` alone would leave the thread in `accept`, and the port open.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()

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

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(
                target=self._serve_one, args=(connection,), daemon=True
            ).start()

    def _serve_one(self, connection: socket.socket) -> None:
        # A client that leaves is what many tests are about.
        with connection, suppress(OSError):
            self.serve(connection)
