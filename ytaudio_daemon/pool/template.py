"""The template: a warm, single-threaded process that workers are forked from.

The daemon starts it by exec with the control socket as fd 0. It preloads the entry
module, sends `ready`, forks a worker for each order, kills and reaps them by group,
and sends `reaped`. When the daemon is gone (end of file) it kills all groups and
exits. It never uses the network and never starts a thread: every worker would get a
copy of the socket, or of locks that no thread will ever release.
"""

import errno
import gc
import importlib
import os
import select
import signal
import socket
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import cast

from ytaudio_daemon.pool import worker
from ytaudio_daemon.system import linux, protocol
from ytaudio_daemon.system.distributions import installed_version

#: Seconds after the daemon's end in which killed workers are reaped.
_REAP_TIMEOUT_S = 5.0


class Template:
    """Forks, kills and reaps workers as the daemon orders.

    Args:
        control: The daemon's socket.
        entry: The preloaded module.
    """

    def __init__(self, control: socket.socket, entry: worker.WorkerEntryPoint) -> None:
        self._control = control
        self._entry = entry
        self._pid = os.getpid()
        self._tickets: dict[int, int] = {}  # worker's pid → attempt's ticket
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def serve(self) -> None:
        """Follow orders until the daemon is gone, then kill and reap all workers."""
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # wakes the poll below
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        poller.register(self._wake_read, select.POLLIN)
        with suppress(ConnectionError):  # the daemon died while we replied
            while True:
                ready = {fd for fd, _ in poller.poll()}
                if self._wake_read in ready:
                    self._reap()
                if self._control.fileno() in ready and not self._handle_order():
                    break
        self._shut_down()

    def _handle_order(self) -> bool:
        """Follow one order; return False at the end of file."""
        order = protocol.receive_order(self._control)
        if order is None:
            return False
        verb, ticket, payload, fds = order
        if verb == protocol.FORK:
            self._fork(ticket, payload, fds)
        elif verb == protocol.KILL:
            self._kill(ticket)
        return True

    def _fork(self, ticket: int, payload: bytes, fds: list[int]) -> None:
        if not fds:  # the kernel drops a received fd when our table is full
            self._send("refused", ticket=ticket, errno=errno.EMFILE)
            return
        with socket.socket(fileno=fds[0]) as channel:
            try:
                pid = os.fork()
            except OSError as error:
                self._send("refused", ticket=ticket, errno=error.errno)
                return
            if pid == 0:
                self._become_worker(channel, payload)
            self._tickets[pid] = ticket

    def _become_worker(self, channel: socket.socket, payload: bytes) -> None:
        try:
            signal.set_wakeup_fd(-1)
            self._control.close()
            os.close(self._wake_read)
            os.close(self._wake_write)
            worker.run_in_child(channel, self._entry, payload, self._pid)
        finally:  # the template's own loop must not run in the worker, too
            os._exit(1)

    def _kill(self, ticket: int) -> None:
        for pid, owner in self._tickets.items():
            if owner == ticket:
                linux.kill_group(pid)

    def _reap(self) -> None:
        """Reap ended children; a worker's group is killed while its pid cannot be reused."""
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        while (pid := _ended_child()) is not None:
            ticket = self._tickets.get(pid)
            if ticket is not None:
                linux.kill_group(pid)
            _, status = os.waitpid(pid, 0)
            if ticket is not None:
                del self._tickets[pid]
                code = os.waitstatus_to_exitcode(status)
                self._send("reaped", ticket=ticket, exit_code=code)
        self._kill_strays()

    def _kill_strays(self) -> None:
        """Kill adopted processes that left the group of a worker now dead."""
        for pid in linux.children():
            if pid not in self._tickets and os.getpgid(pid) not in self._tickets:
                os.kill(pid, signal.SIGKILL)

    def _shut_down(self) -> None:
        for pid in self._tickets:
            linux.kill_group(pid)
        self._tickets.clear()
        end = time.monotonic() + _REAP_TIMEOUT_S
        while time.monotonic() < end and not linux.reap_children():
            self._kill_strays()
            time.sleep(0.001)

    def _send(self, kind: str, **fields: object) -> None:
        self._control.send(protocol.encode(kind, **fields))


def _ended_child() -> int | None:
    """Return the pid of a child that has ended and is not reaped, or None."""
    with suppress(ChildProcessError):
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if (ended := os.waitid(os.P_ALL, 0, flags)) is not None:
            return ended.si_pid
    return None


def _move_control_socket() -> socket.socket:
    """Move the control socket off fd 0, where children would inherit it."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return control


def _warm_up(name: str) -> worker.WorkerEntryPoint:
    entry = cast("worker.WorkerEntryPoint", importlib.import_module(name))
    entry.preload()
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        raise RuntimeError(f"{name}.preload() left {threads} threads running")
    gc.collect()
    gc.freeze()  # else the first collection in each worker copies every page
    return entry


def _facts() -> dict[str, object]:
    yt_dlp = installed_version("yt-dlp")
    return {
        "pid": os.getpid(),
        "yt_dlp": yt_dlp,
        "ejs": installed_version("yt-dlp-ejs"),
        "engine_mark": _engine_mark(yt_dlp),
    }


def _engine_mark(version: str) -> str:
    """Return the folder that an upgrade of yt-dlp removes, or ""."""
    with suppress(metadata.PackageNotFoundError):
        name = f"yt_dlp-{version}.dist-info"
        mark = str(metadata.distribution("yt-dlp").locate_file(name))
        return mark if os.path.isdir(mark) else ""  # noqa: PTH112 - a plain str all along
    return ""


def main(entry_name: str) -> int:
    """Warm up, then serve; the control socket is fd 0. Return the exit status."""
    control = _move_control_socket()
    linux.become_subreaper()
    linux.set_process_name("ytaudio-template")
    try:
        entry = _warm_up(entry_name)
    except Exception as error:  # noqa: BLE001 - the daemon must get any error
        text = f"{type(error).__name__}: {error}"[: worker.TEXT_CHARS]
        control.send(protocol.encode("failed", message=text))
        return 1
    with suppress(ConnectionError):  # the daemon went away meanwhile
        control.send(protocol.encode("ready", **_facts()))
        Template(control, entry).serve()
    return 0
