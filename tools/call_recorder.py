"""Runs the daemon and writes down which functions of the package it calls, and when.

    python -m tools.call_recorder FOLDER WORD...    as `ytaudio WORD...`

The daemon, its template and each worker write a file in FOLDER when they end:
`ROLE-PID.json`, a list of calls as `Call` has them. The figures of `tools.drop_path` come
of it. Times are CLOCK_MONOTONIC, which all processes share.
"""

import atexit
import json
import os
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple, NoReturn

import ytaudio_daemon
from ytaudio_daemon.pool import template_process

PACKAGE = os.path.join(ytaudio_daemon.__path__[0], "")  # noqa: PTH118 - a plain str


class Call(NamedTuple):
    """A function that was called at least once.

    Attributes:
        file: Below the package.
        function: Its qualified name; what it defines inside counts as part of it.
        line: Where it begins.
        first: When it was called first.
        last: When it was called last.
    """

    file: str
    function: str
    line: int
    first: float
    last: float


class CallRecorder:
    """Records the calls of this process, and of each process forked from it.

    Args:
        folder: Where the files go.
        role: What this process is; a process forked from it is a worker.
    """

    def __init__(self, folder: Path, role: str) -> None:
        self._folder = folder
        self._role = role
        self._times: dict[CodeType, list[float]] = {}

    def install(self) -> None:
        """Record from now on, in this thread and every one that is started later."""
        os.register_at_fork(after_in_child=self._begin_anew)
        self._open_file()
        threading.setprofile(self._on_event)
        sys.setprofile(self._on_event)

    def write(self) -> None:
        """Write what was recorded."""
        sys.setprofile(None)
        calls = [
            Call(code.co_filename[len(PACKAGE) :], _name(code), _line(code), *times)
            for code, times in self._times.copy().items()
            if not code.co_qualname.startswith("<")
        ]
        with self._file:
            json.dump(calls, self._file)

    def _begin_anew(self) -> None:
        self._role = "worker"
        self._times.clear()
        self._open_file()

    def _open_file(self) -> None:
        """Open this process's file at once: a worker soon may open no file of ours."""
        path = self._folder / f"{self._role}-{os.getpid()}.json"
        self._file = path.open("w", encoding="utf-8")

    def _on_event(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE):
            now = time.monotonic()
            self._times.setdefault(code, [now, now])[1] = now


def _name(code: CodeType) -> str:
    return code.co_qualname.split(".<locals>", maxsplit=1)[0]


def _line(code: CodeType) -> int:
    return code.co_firstlineno


def main(folder: str, entry: str) -> int:
    """Be the template, in place of `pool.template`, with all its workers recorded."""
    recorder = CallRecorder(Path(folder), "template")
    leave = os._exit

    def write_and_leave(status: int) -> NoReturn:
        """Write first: a worker ends by this call alone."""
        recorder.write()
        leave(status)

    os._exit = write_and_leave
    template = import_module("ytaudio_daemon.pool.template")
    recorder.install()
    status: int = template.main(entry)
    recorder.write()
    return status


def run_recorded(folder: str, command_line: list[str]) -> int:
    """Run `ytaudio` with these words, recorded, with a template that is recorded too."""
    command = template_process.python_command

    def recorded_command(
        ytdlp_path: Path | None, module: str, *words: str
    ) -> list[str]:
        if module == "ytaudio_daemon.pool.template":
            return command(ytdlp_path, "tools.call_recorder", folder, *words)
        return command(ytdlp_path, module, *words)

    template_process.python_command = recorded_command
    recorder = CallRecorder(Path(folder), "daemon")
    atexit.register(recorder.write)
    ytaudio = import_module("ytaudio_daemon.cli").main
    recorder.install()
    status: int = ytaudio(command_line)
    return status


if __name__ == "__main__":
    sys.exit(run_recorded(sys.argv[1], sys.argv[2:]))
