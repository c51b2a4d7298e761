"""Reports the daemon's state to systemd (sd_notify(3)), without libsystemd.

The protocol is one datagram of `KEY=value` lines to the AF_UNIX socket that
`$NOTIFY_SOCKET` names, where a leading `@` means the abstract namespace
(sd_notify(3)). Without that variable nothing is sent, so callers need not ask.
"""

import logging
import os
import socket
import time
from collections.abc import Mapping

_log = logging.getLogger(__name__)


class SystemdNotifier:
    """Sends messages to the service manager, if there is one.

    Args:
        environment: Where `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are
            looked up; by default this process's own.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        found = os.environ if environment is None else environment
        name = found.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self._watchdog_s = _watchdog_s(found)
        self._warned = False

    @property
    def is_available(self) -> bool:
        """Whether there is a service manager."""
        return bool(self._address)

    @property
    def watchdog_s(self) -> float | None:
        """Seconds within which `ping_watchdog` must be called again; None: never."""
        return self._watchdog_s

    def ready(self, status: str = "") -> None:
        """Report that start-up (or a reload) is over."""
        self._send("READY=1", *_status_lines(status))

    def status(self, text: str) -> None:
        """Set the line that `systemctl status` shows."""
        self._send(*_status_lines(text))

    def ping_watchdog(self) -> None:
        """Report that the loop runs; the next ping is due within WatchdogSec=."""
        self._send("WATCHDOG=1")

    def stopping(self, status: str = "") -> None:
        """Report that the daemon is stopping."""
        self._send("STOPPING=1", *_status_lines(status))

    def extend_timeout(self, seconds: float) -> None:
        """Ask for that many seconds, from now, before a start or stop is cut off."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def reloading(self) -> None:
        """Report that the configuration is being reloaded; `ready` follows."""
        stamp = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={stamp}")

    def _send(self, *lines: str) -> None:
        """Send a message; an error is logged once and stops nothing."""
        if not self._address:
            return
        message = "\n".join(lines).encode("utf-8", "replace")
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        try:
            with socket.socket(socket.AF_UNIX, kind) as channel:
                channel.sendto(message, self._address)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            if not self._warned:  # once: the next message follows in a moment
                _log.warning("The service manager does not hear us: %s", error)
            self._warned = True


def _status_lines(text: str) -> list[str]:
    """Return the assignment of the status line; a line break would begin another one."""
    return [f"STATUS={' '.join(text.split())}"] if text else []


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Return WATCHDOG_USEC in seconds; None if WATCHDOG_PID names another process."""
    usec = environment.get("WATCHDOG_USEC", "")
    pid = environment.get("WATCHDOG_PID", "") or str(os.getpid())
    if not (usec.isascii() and usec.isdecimal()) or pid != str(os.getpid()):
        return None
    return int(usec) / 1e6 or None
