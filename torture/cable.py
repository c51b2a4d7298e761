"""The cable between the daemon and the stand-in: without it the proxy is not there."""

import socket
import threading
from contextlib import suppress

#: Bytes carried at once.
PIECE = 1 << 16


class Cable:
    """Listens on a port of its own and carries every connection on.

    Args:
        far: The stand-in's port, on loopback as all here.
    """

    def __init__(self, far: int) -> None:
        """Plug it in."""
        self._far = far
        self.port = 0
        self._listening: socket.socket | None = None
        self._carried: set[socket.socket] = set()
        self.plug()

    def plug(self) -> None:
        """Connect, always under the same port."""
        listening = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = listening.getsockname()[1]
        self._listening = listening
        threading.Thread(target=self._accept, args=[listening], daemon=True).start()

    def pull(self) -> None:
        """Refuse connections, and break those there are."""
        if self._listening is not None:
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)  # wakes `accept`
            self._listening.close()
            self._listening = None
        for end in list(self._carried):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self._far))
            except OSError:  # pulled, or the run is over
                return
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        """Carry one way; whatever ends it ends both."""
        self._carried.add(source)
        with suppress(OSError):
            while piece := source.recv(PIECE):
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._carried.discard(source)
        source.close()
