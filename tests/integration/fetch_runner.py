"""A warm process that forks one child for each attempt, as the daemon's template does.

Orders come as JSON lines on standard input, answers go out as JSON lines.
"""

import ctypes
import errno
import itertools
import json
import os
import resource
import shutil
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ytaudio_daemon import fetch
from ytaudio_daemon.fetch import hosts, tools
from ytaudio_daemon.model import FetchRequest, Progress
from ytaudio_daemon.system import files


class Recorder:
    """A reporter that writes everything down, and dies where it is told to."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.events: list[dict[str, Any]] = []
        self._die_at = order["die_at"]
        self._remove_at, self._pattern = order["remove_at"]
        self._folder = Path(order["request"]["attempt_dir"])

    def progress(self, progress: Progress) -> None:
        self.events.append(asdict(progress))
        self._pass(progress.phase)

    def wait_for_converter_slot(self) -> None:
        self.events.append({"phase": "converter_slot"})
        self._pass("converter_slot")

    def _pass(self, place: str) -> None:
        if place == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if place == self._remove_at:
            self._remove()

    def _remove(self) -> None:
        if not self._pattern:
            shutil.rmtree(self._folder)
        for path in self._folder.glob(self._pattern or "*"):
            path.unlink()


def attempt(order: dict[str, Any]) -> dict[str, Any]:
    os.environ.update(order["environment"])
    if order["uid"]:
        os.setuid(order["uid"])
    if order["max_file_bytes"]:
        limit = order["max_file_bytes"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if number := os.environ.pop("FAILING_SYNC", None):
        fail_sync(int(number))
    if order["by_urllib"]:
        hosts.GUARDED_HANDLERS = frozenset({"Urllib"})
    if order["no_jit"]:
        forbid_jit()
    recorder = Recorder(order)
    outcome = fetch.run(FetchRequest.from_json(order["request"]), recorder)
    return {"outcome": outcome.to_json(), "events": recorder.events}


def fail_sync(number: int) -> None:
    """Have the disk fail at one sync of a file or folder, counted from 1."""
    sync, calls = files.fsync_path, itertools.count(1)

    def failing(path: Path) -> None:
        if next(calls) == number:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        sync(path)

    files.fsync_path = failing


def forbid_jit() -> None:
    """Do what systemd does for MemoryDenyWriteExecute= (PR_SET_MDWE, Linux 6.3)."""
    assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0
    tools.is_jit_forbidden.cache_clear()
    assert tools.is_jit_forbidden()


def fork(order: dict[str, Any]) -> dict[str, Any]:
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        with os.fdopen(writable, "w") as pipe:
            json.dump(attempt(order), pipe)
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as pipe:
        text = pipe.read()
    _, status, usage = os.wait4(child, 0)
    answer: dict[str, Any] = {"outcome": None, "events": []}
    if text:
        answer = json.loads(text)
    return answer | {
        "status": status,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss << 10,
    }


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    fetch.preload()
    say("ready")
    for line in sys.stdin:
        say(json.dumps(fork(json.loads(line))))


if __name__ == "__main__":
    main()
