"""Standard error without waiting: what nobody reads is dropped, and counted.

A full pipe (`| less` left alone, a journal that hangs) blocks whoever writes, and that
would be the daemon's only loop. The descriptor itself must not become non-blocking: it
is shared with the shell and with everything else on that terminal.
"""

import os
import select
from collections.abc import Callable

#: A reader that is only slow is waited for, in seconds.
PATIENCE_S = 0.02


class Outlet:
    """A text stream for `logging.StreamHandler`.

    Args:
        fd: Where lines go.
        notice: Words the line that tells how many were dropped before it.
    """

    def __init__(self, fd: int, notice: Callable[[int], str]) -> None:
        self._fd = fd
        self._notice = notice
        self._poller = select.poll()
        self._poller.register(fd, select.POLLOUT)
        self._is_stuck = False
        self._is_torn = False
        #: Lines that nobody took since the last notice.
        self.dropped = 0

    def write(self, text: str) -> None:
        """Write a line, or count it as dropped."""
        if self.dropped and self._put(self._notice(self.dropped)):
            self.dropped = 0
        if not self._put(text):
            self.dropped += 1

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""

    def _put(self, text: str) -> bool:
        """Write piece by piece, each only when a pipe has room for it (pipe(7))."""
        line = text.encode("utf-8", "backslashreplace")
        if self._is_torn:
            line = b"\n" + line
        for start in range(0, len(line), select.PIPE_BUF):
            piece = line[start : start + select.PIPE_BUF]
            if not self._has_room() or not _write(self._fd, piece):
                self._is_torn = self._is_torn or start > 0
                return False
        self._is_torn = False
        return True

    def _has_room(self) -> bool:
        """Look for room; a reader that was found stuck is not waited for again."""
        patience_ms = 0 if self._is_stuck else int(PATIENCE_S * 1000)
        found = self._poller.poll(patience_ms)
        self._is_stuck = not any(event & select.POLLOUT for _, event in found)
        return not self._is_stuck


def _write(fd: int, piece: bytes) -> bool:
    try:
        os.write(fd, piece)
    except OSError:  # nobody will ever read it: a closed pipe, a full disk
        return False
    return True
