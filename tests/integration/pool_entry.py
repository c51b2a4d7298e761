"""An entry module for the template whose attempts do what `job_facts` says."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from ytaudio_daemon.model import (
    FetchRequest,
    ListedEntry,
    ListedPage,
    ListRequest,
    ListTotals,
    Outcome,
    Progress,
    Result,
)
from ytaudio_daemon.pool.worker import SocketReporter
from ytaudio_daemon.system import linux

#: Longer than any test waits: what ends was ended, it did not end by itself. Seconds.
_FOR_EVER = 600
_SLEEP = ["sleep", str(_FOR_EVER)]


def preload() -> None:
    home = Path.home()
    if (home / "preload-fails").exists():
        raise RuntimeError("preload fails as told")
    if (home / "preload-threads").exists():
        threading.Thread(target=time.sleep, args=(_FOR_EVER,), daemon=True).start()
    if (home / "preload-dies").exists():
        os._exit(3)
    if (home / "preload-crowded").exists():
        _be_refused_processes()


def _be_refused_processes() -> None:
    metadata.version("yt-dlp")  # imports what may be unreadable in a moment
    if os.getuid() == 0:  # whom the limit does not bind
        os.setresuid(64_999, 64_999, 64_999)
        linux._prctl(4, 1)  # PR_SET_DUMPABLE, else /proc/self is closed to us
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def run(request: FetchRequest, reporter: SocketReporter) -> Outcome:
    do, *words = str(request.job_facts.get("do", "finish")).split()
    return getattr(_Deeds, do)(request, reporter, *words)  # type: ignore[no-any-return] # by name


def list_entries(request: ListRequest, reporter: SocketReporter) -> Outcome:
    do, *words = request.url.split()
    return getattr(_Listings, do)(request, reporter, *words)  # type: ignore[no-any-return] # by name


def page_of(number: int, first: int, size: int, title: str = "t") -> ListedPage:
    entries = (
        ListedEntry(position=place, video_id=f"{place:011}", title=title)
        for place in range(first, first + size)
    )
    return ListedPage(number=number, kind="playlist", entries=tuple(entries))


class _Listings:
    @staticmethod
    def list(_: ListRequest, reporter: SocketReporter, pages: str) -> Outcome:
        """Send full pages as fast as they are taken."""
        for number in range(int(pages)):
            reporter.page(page_of(number + 1, 100 * number + 1, 100))
        return Outcome(listed=ListTotals(entries=100 * int(pages)))

    @staticmethod
    def say(request: ListRequest, reporter: SocketReporter) -> Outcome:
        """Send what the file in the attempt's folder holds, a message a line."""
        for line in (Path(request.attempt_dir) / "say").read_bytes().splitlines():
            reporter._channel.send(line)
        time.sleep(_FOR_EVER)
        return Outcome(listed=ListTotals(entries=1))

    @staticmethod
    def hang(_: ListRequest, reporter: SocketReporter) -> Outcome:
        reporter.page(page_of(1, 1, 1))
        time.sleep(_FOR_EVER)
        return Outcome()

    @staticmethod
    def drip(request: ListRequest, reporter: SocketReporter) -> Outcome:
        """Send a page of one entry each time the test makes a file."""
        for number in range(1, 4):
            reporter.page(page_of(number, number, 1))
            while not (Path(request.attempt_dir) / f"go{number}").exists():
                time.sleep(0.005)
        return Outcome(listed=ListTotals(entries=3))


def finished(title: str = "t", note: str = "") -> Outcome:
    result = Result(
        file_name="t.mp3",
        size_bytes=1,
        sha256="0" * 64,
        title=title,
        artist=None,
        duration_s=1.0,
        view_count=None,
        codec="mp3",
        bitrate_bps=1,
        copied=False,
        note=note,
    )
    return Outcome(result=result, title=title)


class _Deeds:
    @staticmethod
    def finish(*_: Any) -> Outcome:
        return finished()

    @staticmethod
    def facts(request: FetchRequest, *_: Any) -> Outcome:
        """Write what this process looks like into the attempt's folder."""
        fds = [_target(fd) for fd in Path("/proc/self/fd").iterdir()]
        lines = [
            f"pid={os.getpid()} sid={os.getsid(0)} pgid={os.getpgid(0)}",
            f"oom={Path('/proc/self/oom_score_adj').read_text().strip()}",
            f"fds={sorted(fd for fd in fds if fd)}",
            f"env={sorted(os.environ)}",
            f"home={os.environ['HOME']}",
            f"argv0={sys.executable} flags={sys.flags.isolated}",
            f"nice={os.nice(0)}",
        ]
        Path(request.attempt_dir, "facts").write_text("\n".join(lines))
        return finished()

    @staticmethod
    def sleep(
        _: FetchRequest, reporter: SocketReporter, phase: str = "resolving"
    ) -> Outcome:
        reporter.progress(Progress(phase=phase, title="Sleeper", downloaded_bytes=5))
        time.sleep(_FOR_EVER)
        return finished()

    @staticmethod
    def grandchild(
        request: FetchRequest, reporter: SocketReporter, how: str = ""
    ) -> Outcome:
        """Start a `sleep`, in this group or escaped from it, and wait for it."""
        child = subprocess.Popen(_SLEEP, start_new_session=how == "escaped")
        Path(request.attempt_dir, "grandchild").write_text(str(child.pid))
        reporter.progress(Progress(phase="converting"))
        if how == "left":
            return finished()
        child.wait()
        return finished()

    @staticmethod
    def die(_: FetchRequest, __: SocketReporter, number: str) -> Outcome:
        os.kill(os.getpid(), int(number))
        return finished()

    @staticmethod
    def exit(_: FetchRequest, __: SocketReporter, status: str) -> Outcome:
        os._exit(int(status))

    @staticmethod
    def stop(*_: Any) -> Outcome:
        os.kill(os.getpid(), signal.SIGSTOP)
        return finished()

    @staticmethod
    def fail(*_: Any) -> Outcome:
        raise LookupError("a bug")

    @staticmethod
    def flood(_: FetchRequest, reporter: SocketReporter) -> Outcome:
        while True:
            reporter._channel.send(b'{"kind":"progress","progress":{"phase":"x"}}')

    @staticmethod
    def garbage(_: FetchRequest, reporter: SocketReporter, what: str) -> Outcome:
        words = {"bytes": b"\xff\x00", "list": b"[]", "kind": b'{"kind":"nonsense"}'}
        words["outcome"] = b'{"kind":"outcome","outcome":{"failure":7}}'
        words["number"] = b'{"kind":"progress","progress":{"phase":"x","eta_s":NaN}}'
        words["title"] = b'{"kind":"outcome","outcome":{"title":[]}}'
        words["progress"] = b'{"kind":"progress","progress":{"phase":7,"percent":[]}}'
        words["long"] = b"x" * 100_000
        reporter._channel.send(words[what])
        time.sleep(_FOR_EVER)
        return finished()

    @staticmethod
    def download(
        _: FetchRequest, reporter: SocketReporter, bps: str, seconds: str
    ) -> Outcome:
        """Claim to download at some rate for a while, then finish."""
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < float(seconds):
            done = int(passed * int(bps))
            reporter.progress(Progress(phase="downloading", downloaded_bytes=done))
            time.sleep(0.02)
        return finished()

    @staticmethod
    def convert(_: FetchRequest, reporter: SocketReporter, seconds: str) -> Outcome:
        reporter.wait_for_converter_slot()
        reporter.progress(Progress(phase="converting"))
        time.sleep(float(seconds))
        return finished()

    @staticmethod
    def chatter(_: FetchRequest, reporter: SocketReporter, seconds: str) -> Outcome:
        """Report as fast as possible for a while."""
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            reporter.progress(Progress(phase="downloading"))
        return finished()

    @staticmethod
    def say_page(_: FetchRequest, reporter: SocketReporter) -> Outcome:
        reporter.page(page_of(1, 1, 1))
        time.sleep(_FOR_EVER)
        return finished()

    @staticmethod
    def long_outcome(_: FetchRequest, __: SocketReporter, chars: str) -> Outcome:
        return finished(note="x" * int(chars))


def _target(fd: Path) -> str:
    try:
        return str(fd.readlink()).split(":")[0]
    except FileNotFoundError:  # the one that listed the folder
        return ""
