"""The daemon under measurement: started as a user would, watched from outside."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import imageio_ffmpeg

from bench import processes
from tests.youtube import YouTube

YTAUDIO = str(Path(sys.executable).with_name("ytaudio"))
#: Nothing here takes longer; a hang must not look like a slow figure.
PATIENCE_S = 900.0


def watch_url(video_id: str) -> str:
    """Return the link a user would drop."""
    return f"https://www.youtube.com/watch?v={video_id}"


def video_ids(count: int, kind: str = "v") -> list[str]:
    """Return that many IDs of eleven characters."""
    return [f"{kind}{number:010d}" for number in range(count)]


class Daemon:
    """One `ytaudio run` in a root of its own, and its log as a stream of events.

    The default configuration but for three things: no settling time, no pace and no
    quota, which are politeness and not speed.

    Args:
        root: Its folders.
        youtube: Where its traffic goes, or None for none.
        more: Further settings as environment variables.
    """

    def __init__(self, root: Path, youtube: YouTube | None, **more: str) -> None:
        self.root = root
        self.began = 0.0
        self.ready_s = 0.0
        self.environment = _environment(root.parent, youtube) | more
        #: What the log said and nobody has looked at yet.
        self.events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        #: Without the words for its root and what it is to do.
        self.command_line: Sequence[str] = (YTAUDIO,)
        (root / "inbox").mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        self.start()
        self.await_ready()
        return self

    def start(self) -> None:
        """Exec it; `await_ready` says when it serves."""
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = self.root / "notify"
        address.unlink(missing_ok=True)
        self._notified.bind(str(address))
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            [*self.command_line, "--root", str(self.root), "run"],
            env=self.environment | {"NOTIFY_SOCKET": str(address)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def await_ready(self) -> None:
        """Wait for READY=1, as systemd would."""
        self._notified.settimeout(60)
        while b"READY=1" not in self._notified.recv(4096):
            pass
        self.ready_s = time.perf_counter() - self.began

    @property
    def pid(self) -> int:
        """The daemon's process."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """How it ended; None while it lives."""
        return self._process.poll()

    @property
    def template(self) -> int | None:
        """The template's process, once it is warm."""
        for pid in processes.children(self.pid):
            # The kernel keeps fifteen characters of a name.
            if Path(f"/proc/{pid}/comm").read_text().strip() == "ytaudio-templat":
                return pid
        return None

    def workers(self) -> list[int]:
        """Return the workers and their ffmpeg processes alive now."""
        template = self.template
        return [] if template is None else processes.tree(template)[1:]

    def cpu_s(self) -> float:
        """Return the CPU seconds used so far by daemon, template and workers."""
        return processes.cpu_s(self.pid)

    def drop(self, session: str, lines: Iterable[str], name: str = "a.txt") -> float:
        """Rename a file with these lines into the inbox; return when, perf_counter."""
        folder = self.root / "inbox" / session
        folder.mkdir(exist_ok=True)
        part = folder / f".{name}.part"
        part.write_text("".join(f"{line}\n" for line in lines))
        began = time.perf_counter()
        part.rename(folder / name)
        return began

    def await_events(self, name: str, count: int) -> None:
        """Wait until the log has named `count` such events.

        Raises:
            RuntimeError: A job failed instead.
            queue.Empty: It took too long.
        """
        while count:
            event = self.events.get(timeout=PATIENCE_S)
            if event["event"] in {"job.failed", "job.waiting", "daemon.stopped"}:
                raise RuntimeError(f"not what was to be measured: {event}")
            count -= event["event"] == name

    def warm_up(self, video_id: str, options: str = "") -> None:
        """Have one job done, so that template and caches are as in service."""
        name = f"warm-{time.monotonic_ns()}"
        self.drop(name, [f"{watch_url(video_id)} {options}"])
        self.await_events("job.completed", 1)
        self.settle()

    def settle(self) -> float:
        """Wait until all is written and nobody works any more.

        Returns:
            When the work ended, on perf_counter, half a second more or less.
        """
        eventually(lambda: not self.workers())
        used, ended = -1.0, 0.0
        while used != (used := self.cpu_s()):
            ended = time.perf_counter()
            time.sleep(0.6)
        return ended

    def jobs(self) -> int:
        """Return how many jobs it counts, whatever their state."""
        return sum(self.status()["counts"].values())

    def status(self) -> dict[str, Any]:
        """Return `status/daemon.json`."""
        text = (self.root / "status" / "daemon.json").read_text()
        return dict(json.loads(text))

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            try:
                self.events.put(json.loads(line))
            except ValueError:
                sys.stderr.buffer.write(line)  # A traceback: let it be seen.
        self.events.put({"event": "daemon.stopped"})  # However it ended.

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._notified.close()


def eventually(
    condition: Callable[[], object], every_s: float = 0.0005, patience_s: float = 60.0
) -> float:
    """Wait until something holds and return when, on perf_counter."""
    deadline = time.perf_counter() + patience_s
    while not condition():
        if time.perf_counter() > deadline:
            raise TimeoutError("it did not come to pass")
        time.sleep(every_s)
    return time.perf_counter()


def path_with_ffmpeg(folder: Path) -> str:
    """Return a `PATH` on which everybody finds the same ffmpeg first, whatever is installed.

    Args:
        folder: Gets a folder `bin` with a link to the static ffmpeg.
    """
    programs = folder / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    ffmpeg = programs / "ffmpeg"
    if not ffmpeg.exists():
        ffmpeg.symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    return f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"


def _environment(folder: Path, youtube: YouTube | None) -> dict[str, str]:
    settings = {
        "PATH": path_with_ffmpeg(folder),
        "YTAUDIO_INBOX_SETTLE": "0s",
        "YTAUDIO_PACE_PER_HOUR": "0",
        "YTAUDIO_SESSIONS_MAX_JOBS": "0",
        "YTAUDIO_LOG_FORMAT": "json",
    }
    if youtube is not None:
        settings["YTAUDIO_DOWNLOAD_PROXY"] = youtube.proxy
        settings["YTAUDIO_DOWNLOAD_CA_FILE"] = str(youtube.ca_file)
    return os.environ | settings
