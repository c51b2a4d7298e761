"""Starts `ytaudio` by a fork of a process that has done its imports already.

They are two thirds of what a start costs, some hundred times in these tests, and the
same each time. Nothing else of a program's life differs: it gets the words, folder,
descriptors and settings it is given, and ends as any Python does. What depends on how Python
itself is started is started by exec: another user or interpreter, and everything with a
variable in its environment that is neither a setting nor one of `GIVEN`, which are read
when they are used. A program that downloads gets its first template likewise.
"""

import atexit
import functools
import gc
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Protocol

from tests.acceptance import warm_template
from tests.youtube.handle import CHECKOUT, child_environment
from ytaudio_daemon import fetch

#: The package, which is the command when it is run.
YTAUDIO = "ytaudio_daemon"
#: What the settings are given by; anything else in an environment is Python's start.
OURS = "YTAUDIO_"
#: More that each program is given its own of, or begins like one of them.
GIVEN = ("COLUMNS", "FAULTY_", "PIP_", "SYNCLESS_", "TERM", "TZ", "XDG_CACHE_HOME")
#: What the daemon and every command would import first, and on a new ledger; half of a
#: start's CPU time is Alembic's modules.
MODULES = (
    "ytaudio_daemon.daemon.start",
    "ytaudio_daemon.cli.entry",
    "ytaudio_daemon.settings",
    "alembic.command",
    "apscheduler.triggers.interval",
    "deno",
)
#: Every module of these, too.
PACKAGES = ("ytaudio_daemon.cli.arguments", "ytaudio_daemon.cli.commands")
#: Commands with workers: their first template is forked, too.
DOWNLOADING = {"run", "download"}
_LONGEST = 1 << 18


class Process(Protocol):
    """What is used of a `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def kill(self) -> None: ...


class WarmProcess:
    """A process that another one has forked, as its own parent would see it."""

    def __init__(self, pid: int, ended: int) -> None:
        """Take over.

        Args:
            pid: Its ID.
            ended: Where its wait status will be told.

        """
        self.pid = pid
        self._ended = ended
        self._returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit status, None while it runs."""
        if self._returncode is None and select.select([self._ended], [], [], 0)[0]:
            self._returncode = os.waitstatus_to_exitcode(
                int.from_bytes(os.read(self._ended, 4))
            )
            os.close(self._ended)
        return self._returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status as soon as it has one."""
        if self._returncode is None:
            select.select([self._ended], [], [], timeout)
        if (status := self.poll()) is None:
            raise subprocess.TimeoutExpired("ytaudio", timeout or 0)
        return status

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        """End it without any warning."""
        self.send_signal(signal.SIGKILL)


def start(
    words: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: IO[bytes],
    output: tuple[IO[bytes], IO[bytes]],
    module: str = YTAUDIO,
) -> WarmProcess | None:
    """Start `ytaudio` with these words; None where that takes a Python of its own.

    Args:
        words: The command line.
        cwd: The current folder.
        env: The environment.
        stdin: Standard input.
        output: Standard output and standard error.
        module: One whose `main` is the command, as a test has changed it.
    """
    control, started_with = _warm_python()
    if _foreign(env) != started_with:
        return None
    ended, tell = os.pipe()
    umask = os.umask(0)
    os.umask(umask)
    own = {name: text for name, text in env.items() if _is_given(name)}
    order = [words, str(cwd), own, umask, module]
    fds = [stdin.fileno(), *(file.fileno() for file in output), tell]
    socket.send_fds(control, [json.dumps(order).encode()], fds)
    os.close(tell)
    return WarmProcess(int(control.recv(64)), ended)


def run(
    words: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes,
    timeout: float,
) -> tuple[int, bytes, bytes] | None:
    """Run it to its end; returns exit status and what it said, None as `start` does."""
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write(stdin)
        given.seek(0)
        process = start(words, cwd=cwd, env=env, stdin=given, output=(out, err))
        if process is None:
            return None
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def _is_given(name: str) -> bool:
    return name.startswith((OURS, *GIVEN))


def _foreign(env: Mapping[str, str]) -> dict[str, str]:
    return {
        name: text
        for name, text in env.items()
        if not name.startswith("PYTEST_") and not _is_given(name)
    }


@functools.cache
def _warm_python() -> tuple[socket.socket, dict[str, str]]:
    """Start the process that forks and ends with us; returns its environment, too."""
    env = {k: v for k, v in child_environment().items() if not _is_given(k)}
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.warm", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=env | {warm_template.ROOM: "-" * warm_template.ROOM_BYTES},
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            # A terminal's Ctrl-C must not reach the programs before their test.
            start_new_session=True,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours, _foreign(env)


# In the process that forks.


@dataclass
class _Forking:
    """The process that forks, until it is a child."""

    control: socket.socket
    #: Where each child's end is told.
    children: dict[int, int]

    def serve(self) -> str | None:
        """Fork at each order; returns the module that a child runs, None at the end."""
        alarm, ring = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        before = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self.control.fileno(), alarm], [], [])
            if alarm in ready:
                os.read(alarm, 4096)
                self._reap()
            if self.control.fileno() not in ready:
                continue
            told, fds, _, _ = socket.recv_fds(self.control, _LONGEST, 4)
            if not told:
                return None
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, before)
                for fd in (alarm, ring, self.control.detach(), *self.children.values()):
                    os.close(fd)
                return _become(json.loads(told), fds)
            for fd in fds[:3]:
                os.close(fd)
            self.children[pid] = fds[3]
            self.control.send(str(pid).encode())

    def _reap(self) -> None:
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            tell = self.children.pop(pid)
            os.write(tell, status.to_bytes(4))
            os.close(tell)


def _become(order: list[Any], fds: list[int]) -> str:
    words, cwd, own, umask, module = order
    for number, fd in enumerate(fds[:3]):
        os.dup2(fd, number)
    for fd in fds:
        os.close(fd)
    # Made anew: those of the start think that they can be sought in, as files can.
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(  # noqa: SIM115
        2, "w", buffering=1, errors="backslashreplace", closefd=False
    )
    os.chdir(cwd)
    os.umask(umask)
    os.environ.update(own)
    os.environ.pop(warm_template.ROOM)
    time.tzset()
    if DOWNLOADING & set(words):
        warm_template.offer()
    sys.argv = ["ytaudio", *words]
    return str(module)


def main() -> int:
    """Serve; each child comes back from it to run its command to the end."""
    for name in MODULES:
        import_module(name)
    for package in PACKAGES:
        for found in pkgutil.iter_modules(import_module(package).__path__):
            import_module(f"{package}.{found.name}")
    fetch.preload()
    gc.collect()
    gc.freeze()
    module = _Forking(socket.socket(fileno=int(sys.argv[1])), {}).serve()
    if module is None:
        return 0
    program = import_module("ytaudio_daemon.cli" if module == YTAUDIO else module)
    return int(program.main())


if __name__ == "__main__":
    sys.exit(main())
