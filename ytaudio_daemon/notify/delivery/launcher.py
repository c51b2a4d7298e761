"""Starts a delivery process by exec, with a clean environment, and reads its results."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ytaudio_daemon.notify.delivery.result import DeliveryResult, retry_later
from ytaudio_daemon.system.linux import PIPE_BYTES, memory_file
from ytaudio_daemon.system.orphans import STATE_ENV, kill_by_env
from ytaudio_daemon.system.utf8_mode import UTF8_MODE

DELIVERY_ENV = "YTAUDIO_DELIVERY_ID"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
#: Variables passed on to delivery processes and commands; not YTAUDIO_*, which may
#: hold passwords. The last line lets `notify-send` reach the user's desktop.
_PASSED_ENV = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR"}
    | set(_PROXIES)
    | {name.upper() for name in _PROXIES}
    | {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"}
)
# As in the pool's template: `-I` keeps out PYTHON* variables and the current folder, and
# our package goes before other installed ones. `os._exit`, because unloading
# Apprise takes a second.
_BOOTSTRAP = """
import os, sys
installed = [n for n, path in enumerate(sys.path) if path.endswith("-packages")]
sys.path.insert(min(installed, default=len(sys.path)), sys.argv[1])
from ytaudio_daemon.notify.delivery.process import main
os._exit(main())
"""
_PACKAGE_PARENT = str(Path(__file__).parents[3])
#: After SIGTERM a process has so many seconds to end its command and itself.
STOP_TIMEOUT_S = 2.0
#: Added to the time limit of a message, in seconds: a process starts slowly on a busy
#: machine.
TIMEOUT_MARGIN_S = 15.0
_NO_RESULT = "the delivery process ended without an answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTarget:
    """The receiver that a delivery process delivers to.

    Attributes:
        method: people, webhook or command.
        address: One address, or the words of a command.
        timeout_s: For each message.
    """

    method: str
    address: tuple[str, ...]
    timeout_s: float


class DeliveryProcess:
    """Starts a delivery process for a batch of messages and follows it to its end.

    `now_s` is any clock that only goes forward, in seconds.

    Args:
        target: Passed on standard input: it may hold secrets, and the arguments of a
            process can be read by everybody.
        messages: The batch, in the order of delivery.
        now_s: The current time.
        state_id: Marks the process and what it starts, for `kill_orphans`; "": no mark.

    Attributes:
        has_ended: The process is gone, with everything that it had started.

    Raises:
        OSError: There are no processes or descriptors left.
    """

    def __init__(
        self,
        target: DeliveryTarget,
        messages: Sequence[Mapping[str, Any]],
        now_s: float,
        state_id: str = "",
    ) -> None:
        self.has_ended = False
        self._id = uuid.uuid4().hex
        self._process, self._out, self._pidfd = _spawn(
            _encode_batch(target, messages),
            delivery_environment(os.environ, state_id, self._id),
        )
        self._timeout_s = target.timeout_s
        self._deadline = now_s + self._timeout_s + TIMEOUT_MARGIN_S
        self._is_stopping = False
        self._unread = b""
        #: Messages whose result is still to come; none after a failure.
        self._expected = len(messages)

    def fileno(self) -> int:
        """Return a descriptor that is readable once the process has ended."""
        return self._pidfd

    def poll(self, now_s: float) -> list[DeliveryResult]:
        """Return the results since the last call, one a message, in order.

        A process that is silent for too long is stopped; that, and its unexpected end,
        is a failure, too. Not to be called again when `has_ended` is True.
        """
        self.has_ended = self._process.poll() is not None
        results = self._read_results()
        if results:
            self._deadline = now_s + self._timeout_s + TIMEOUT_MARGIN_S
        if self.has_ended:
            self._release()
            if self._process.returncode != 0 and not self._is_stopping:
                results.append(retry_later(_NO_RESULT))
        elif now_s >= self._deadline and self._is_stopping:
            self._process.kill()
        elif now_s >= self._deadline:
            self.stop(now_s)
            results.append(retry_later(f"did not answer within {self._timeout_s:g} s"))
        return self._up_to_failure(results)

    def stop(self, now_s: float) -> None:
        """Ask the process to exit; `poll` kills it when it does not."""
        self._is_stopping = True
        self._deadline = now_s + STOP_TIMEOUT_S
        self._process.terminate()

    def _read_results(self) -> list[DeliveryResult]:
        with suppress(BlockingIOError):
            while data := os.read(self._out, PIPE_BYTES):
                self._unread += data
        *lines, self._unread = self._unread.split(b"\n")
        return [_parse_result(line) for line in lines]

    def _up_to_failure(self, results: list[DeliveryResult]) -> list[DeliveryResult]:
        """Return as many results as are expected, and none after a failure."""
        expected = results[: self._expected]
        ok_count = sum(result.ok for result in expected)
        self._expected -= ok_count
        if ok_count < len(expected):
            self._expected = 0
        return expected[: ok_count + 1]

    def _release(self) -> None:
        """Close the descriptors, which also leave any epoll (epoll(7)); kill orphans."""
        os.close(self._out)
        os.close(self._pidfd)
        if self._process.returncode not in {0, 1}:
            # It had no time to kill what it had started, which is now our child.
            for pid in kill_by_env(DELIVERY_ENV, self._id):
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def _parse_result(line: bytes) -> DeliveryResult:
    try:
        return DeliveryResult.from_json(json.loads(line))
    except (TypeError, ValueError):  # as good as none
        return retry_later(_NO_RESULT)


def delivery_environment(
    base_env: Mapping[str, str], state_id: str, delivery_id: str
) -> dict[str, str]:
    """Return the whole environment of a delivery process and its commands. Pure."""
    kept = {
        k: v for k, v in base_env.items() if k in _PASSED_ENV or k.startswith("LC_")
    }
    marks = {STATE_ENV: state_id, DELIVERY_ENV: delivery_id}
    return kept | {name: mark for name, mark in marks.items() if mark}


def _encode_batch(
    target: DeliveryTarget, messages: Sequence[Mapping[str, Any]]
) -> bytes:
    lines = ({**asdict(target), "parent": os.getpid()}, *messages)
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _spawn(
    batch: bytes, environment: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], int, int]:
    """Start the process; return it, the read end of its results, and a pidfd.

    It stays in our session, where the pool leaves children alone. When root acts for
    another user (`sudo ytaudio notify test`) the process belongs to that user for good.
    """
    with ExitStack() as on_failure:
        out, write_end = os.pipe2(os.O_CLOEXEC)
        on_failure.callback(os.close, out)
        os.set_blocking(out, False)
        try:
            process = _popen(batch, write_end, environment)
        finally:
            os.close(write_end)
        on_failure.callback(process.wait)
        on_failure.callback(process.kill)
        pidfd = os.pidfd_open(process.pid)
        on_failure.pop_all()
    return process, out, pidfd


def _popen(
    batch: bytes, stdout: int, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    with memory_file(batch) as stdin:
        return subprocess.Popen(
            [sys.executable, "-I", *UTF8_MODE, "-c", _BOOTSTRAP, _PACKAGE_PARENT],
            stdin=stdin,
            stdout=stdout,
            env=environment,
            cwd="/",
            process_group=0,
            user=os.geteuid() if os.getuid() != os.geteuid() else None,
            group=os.getegid() if os.getgid() != os.getegid() else None,
        )
