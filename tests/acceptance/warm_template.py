"""Gives a program its first template of workers by a fork, with its imports done.

Half of the CPU time of a daemon that downloads one clip is the start of its template. The
process that becomes the template is forked before the program begins: it has nothing of
the program's, is its child, and waits for what exec would give it. The start by exec is
left as it is for every later template, for another yt-dlp, and in the tests of the pool.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from ytaudio_daemon.pool import template, template_process
from ytaudio_daemon.pool.template_process import TemplateConfig, template_environment
from ytaudio_daemon.system import protocol

#: What is imported before the fork; a template with another entry is started by exec.
ENTRY = "ytaudio_daemon.fetch"
#: A variable that makes room in the first environment for the one to come.
ROOM = "WARM_TEMPLATE_ROOM"
ROOM_BYTES = 16_000
_LONGEST = 1 << 17
#: Signals that Popen gives their defaults back, and that Python then ignores.
_IGNORED_BY_PYTHON = {signal.SIGPIPE, signal.SIGXFSZ}
#: In /proc/PID/stat behind the name, see proc(5): env_start and env_end.
_ENV_START, _ENV_END = 47, 48


class _Forked(subprocess.Popen[bytes]):
    """A child that was forked, seen as one that was started."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.args = ENTRY
        self.returncode = None
        self.stdin = self.stdout = self.stderr = None
        self._child_created = True
        self._waitpid_lock = threading.Lock()


def offer() -> None:
    """Fork the process that waits, and let it be the first template of this program."""
    near, far = protocol.socket_pair()
    pid = os.fork()
    if pid == 0:
        near.close()
        _wait(far)
    far.close()
    spawn, unused, python = template_process._spawn, [near], sys.executable

    def spawn_warm(
        template_config: TemplateConfig, template_id: str
    ) -> tuple[subprocess.Popen[bytes], socket.socket]:
        is_this_python = sys.executable == python and not template_config.ytdlp_path
        if not (unused and is_this_python and template_config.entry == ENTRY):
            return spawn(template_config, template_id)
        with unused.pop() as order:
            return _Forked(pid), _give(order, pid, template_config, template_id)

    template_process._spawn = spawn_warm


def _give(
    order: socket.socket, pid: int, config: TemplateConfig, template_id: str
) -> socket.socket:
    """Give the one that waits what a process has from its parent; return its control."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    umask = os.umask(0)
    os.umask(umask)
    signals = signal.valid_signals() - _IGNORED_BY_PYTHON
    given = {
        "environment": template_environment(config, template_id, os.environ),
        "home": str(config.home),
        "umask": umask,
        "ignored": [n for n in signals if signal.getsignal(n) is signal.SIG_IGN],
    }
    near, far = protocol.socket_pair()
    with far:
        socket.send_fds(order, [json.dumps(given).encode()], [far.fileno(), 2])
    return near


def _wait(order: socket.socket) -> NoReturn:
    """Become the template when that is ordered; end with the program."""
    try:
        told, fds, _, _ = socket.recv_fds(order, _LONGEST, 2)
        if not told:
            os._exit(0)
        _become(json.loads(told), *fds)
        os._exit(template.main(ENTRY))
    finally:
        os._exit(1)


def _become(given: dict[str, Any], control: int, errors: int) -> None:
    os.setsid()
    os.umask(given["umask"])
    for number in given["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    os.chdir(given["home"])
    os.environ.clear()
    os.environ.update(given["environment"])
    time.tzset()
    _show(given["environment"])
    os.dup2(control, 0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(errors, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def _show(environment: Mapping[str, str]) -> None:
    """Write the environment where /proc/PID/environ shows it: orphans are found there."""
    block = b"".join(os.fsencode(f"{k}={v}") + b"\0" for k, v in environment.items())
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[_ENV_START]), int(fields[_ENV_END])
    assert len(block) <= end - start
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, block, len(block))
