"""Start a courier by exec, with a clean environment, and speak to it."""

import math
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ytaudio_daemon.notify.delivery.result import DeliveryResult, retry_later
from ytaudio_daemon.system import protocol
from ytaudio_daemon.system.orphans import STATE_ENV, kill_by_env

DELIVERY_ENV = "YTAUDIO_COURIER_ID"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
#: What couriers and commands see of the environment; nothing of YTAUDIO_*, which may
#: hold passwords. The last line lets `notify-send` reach the user's desktop.
_PASSED_ENV = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR"}
    | set(_PROXIES)
    | {name.upper() for name in _PROXIES}
    | {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"}
)
# As the pool's template: `-I` keeps PYTHON* variables and the current folder out, and
# we ourselves go before other installed packages. Apprise takes a second to be unloaded
# in good order, which nobody needs.
_BOOTSTRAP = """
import os, sys
installed = [n for n, path in enumerate(sys.path) if path.endswith("-packages")]
sys.path.insert(min(installed, default=len(sys.path)), sys.argv[1])
from ytaudio_daemon.notify.delivery.process import main
os._exit(main())
"""
_PACKAGE_PARENT = str(Path(__file__).parents[3])
#: One that is asked to leave has so many seconds to end its command, and itself.
STOP_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTarget:
    """Whom a courier serves.

    Attributes:
        method: people, webhook or command.
        address: One address, or the words of a command.
        timeout_s: For each delivery.
    """

    method: str
    address: tuple[str, ...]
    timeout_s: float

    def to_json(self) -> dict[str, Any]:
        """Return what the child is told first."""
        return {
            "method": self.method,
            "address": list(self.address),
            "timeout_s": self.timeout_s,
            "parent": os.getpid(),
        }


class DeliveryProcess:
    """Our side of one courier.

    Args:
        target: Goes to it through its standard input: it may hold secrets, which anybody
            could see among the arguments of a process.
        state_id: Marks it and what it starts, for `kill_leftovers`; "" for none.

    Raises:
        OSError: No process or socket could be had.
    """

    def __init__(self, target: DeliveryTarget, state_id: str = "") -> None:
        self._id = uuid.uuid4().hex
        self._process, self._channel = _spawn(state_id, self._id)
        self._kill_at = math.inf
        with suppress(ConnectionError):  # gone, which `answers` will tell
            self._channel.send(protocol.dump(target.to_json()))

    def fileno(self) -> int:
        """Readable when it has answered, or is gone."""
        return self._channel.fileno()

    def send(self, number: int, message: Mapping[str, Any]) -> bool:
        """Give it a parcel; False when it has enough for now, or is gone."""
        try:
            self._channel.send(protocol.dump({"number": number, "parcel": message}))
        except OSError:  # full, or gone, which `answers` will tell
            return False
        return True

    def results(self) -> Iterator[tuple[int, DeliveryResult]]:
        """Yield (number, answer) as far as they are there, each for all up to it.

        The last word of one that is gone is number -1, with a failure.
        """
        try:
            while (message := protocol.receive(self._channel)) is not None:
                yield (
                    int(message["number"]),
                    DeliveryResult.from_json(message["answer"]),
                )
        except BlockingIOError:
            return
        except (
            protocol.ProtocolError,
            ConnectionError,
            KeyError,
            TypeError,
            ValueError,
        ):
            pass  # as good as gone
        yield -1, retry_later("the courier ended without an answer")

    def stop(self, mono: float, *, at_once: bool) -> None:
        """Have it go; see `is_gone`.

        Args:
            mono: `time.monotonic()`.
            at_once: It has something in hand, which ends, too.
        """
        with suppress(OSError):  # it is gone already
            self._channel.shutdown(socket.SHUT_WR)
        if at_once:
            self._process.terminate()
        self._kill_at = mono + STOP_TIMEOUT_S

    def is_gone(self, mono: float) -> bool:
        """Tell whether it is gone and reaped; kill one that takes too long to leave."""
        if self._process.poll() is None and mono >= self._kill_at:
            self._process.kill()
            self._kill_at = mono + STOP_TIMEOUT_S
        if self._process.returncode is None:
            return False
        if self._process.returncode not in {0, 1}:
            # It had no time to end what it started; those are our children by now.
            for pid in kill_by_env(DELIVERY_ENV, self._id):
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)
        return True

    def close(self) -> None:
        """Close our end, once it is gone."""
        self._channel.close()


def delivery_environment(
    base_env: Mapping[str, str], state_id: str, courier_id: str
) -> dict[str, str]:
    """Return the whole environment of a courier and of the commands it runs. Pure."""
    kept = {
        k: v for k, v in base_env.items() if k in _PASSED_ENV or k.startswith("LC_")
    }
    marks = {STATE_ENV: state_id, DELIVERY_ENV: courier_id}
    return kept | {name: mark for name, mark in marks.items() if mark}


def _spawn(
    state_id: str, courier_id: str
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Exec it; in our session, where the pool leaves children alone.

    A command that is root for somebody else (`sudo ytaudio notify test`) makes it that
    user's for good.
    """
    with ExitStack() as on_failure:
        near, far = protocol.socket_pair()
        on_failure.enter_context(near)
        with far:
            process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BOOTSTRAP, _PACKAGE_PARENT],
                stdin=far.fileno(),
                stdout=subprocess.DEVNULL,
                env=delivery_environment(os.environ, state_id, courier_id),
                cwd="/",
                process_group=0,
                user=os.geteuid() if os.getuid() != os.geteuid() else None,
                group=os.getegid() if os.getgid() != os.getegid() else None,
            )
        on_failure.pop_all()
    return process, near
