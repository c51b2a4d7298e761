"""Waking the loop: signal handlers and other threads write a byte into a pipe."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class WakePipe:
    """A pipe that ends the loop's sleep; `wake` may be called from any thread."""

    def __init__(self) -> None:
        self._read_fd, self._write_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Return the descriptor that is readable after `wake`."""
        return self._read_fd

    @property
    def write_fd(self) -> int:
        """The descriptor for `signal.set_wakeup_fd`."""
        return self._write_fd

    def wake(self) -> None:
        """End the loop's sleep; a full pipe ends it as well."""
        try:
            os.write(self._write_fd, b"\0")
        except BlockingIOError:
            return

    def drain(self) -> None:
        """Discard the bytes: their writers set flags that the loop reads."""
        try:
            while os.read(self._read_fd, 4096):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._read_fd)
        os.close(self._write_fd)


class Signals:
    """Counts the signals received; the loop reads them once a tick."""

    def __init__(self) -> None:
        self.stop_count = 0
        self.is_reload_requested = False

    @contextmanager
    def installed(self, wake: WakePipe) -> Iterator[None]:
        """Handle SIGTERM, SIGINT and SIGHUP inside the block."""
        before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        old_fd = signal.set_wakeup_fd(wake.write_fd, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old_fd)
            for number, handler in before.items():
                signal.signal(number, handler)

    def pop_reload(self) -> bool:
        """Return whether SIGHUP came since the last call."""
        is_requested, self.is_reload_requested = self.is_reload_requested, False
        return is_requested

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self.is_reload_requested = True
        else:
            self.stop_count += 1
