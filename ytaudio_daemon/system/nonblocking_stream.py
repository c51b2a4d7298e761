"""A stream to standard error that never blocks: lines that find no room are dropped.

A full pipe (`| less` left alone, a journal that hangs) blocks its writer, which would be
the daemon's only loop. The descriptor itself must not become non-blocking: it is shared
with the shell and with everything else on that terminal.
"""

import os
import select
from collections.abc import Callable

#: A reader that is only slow is waited for, in seconds.
WRITE_TIMEOUT_S = 0.02


class NonBlockingStream:
    """A text stream for `logging.StreamHandler`.

    Args:
        fd: Where lines go.
        format_dropped: Returns the line about a number of dropped lines.
    """

    def __init__(self, fd: int, format_dropped: Callable[[int], str]) -> None:
        self._fd = fd
        self._format_dropped = format_dropped
        self._poller = select.poll()
        self._poller.register(fd, select.POLLOUT)
        self._is_blocked = False
        self._has_partial_line = False
        #: Lines that were dropped since the last line about them.
        self.dropped = 0

    def write(self, text: str) -> None:
        """Write a line, or count it as dropped."""
        if self.dropped and self._try_write(self._format_dropped(self.dropped)):
            self.dropped = 0
        if not self._try_write(text):
            self.dropped += 1

    def flush(self) -> None:
        """Do nothing: lines are written at once."""

    def _try_write(self, text: str) -> bool:
        """Write the line in pieces, each only when the pipe has room for it (pipe(7))."""
        line = text.encode("utf-8", "backslashreplace")
        if self._has_partial_line:
            line = b"\n" + line
        for start in range(0, len(line), select.PIPE_BUF):
            piece = line[start : start + select.PIPE_BUF]
            if not self._is_writable() or not _write(self._fd, piece):
                self._has_partial_line = self._has_partial_line or start > 0
                return False
        self._has_partial_line = False
        return True

    def _is_writable(self) -> bool:
        """Return whether the pipe has room; waits only if the reader was not stuck before."""
        timeout_ms = 0 if self._is_blocked else int(WRITE_TIMEOUT_S * 1000)
        found = self._poller.poll(timeout_ms)
        self._is_blocked = not any(event & select.POLLOUT for _, event in found)
        return not self._is_blocked


def _write(fd: int, piece: bytes) -> bool:
    try:
        os.write(fd, piece)
    except OSError:  # nobody will ever read it: a closed pipe, a full disk
        return False
    return True
