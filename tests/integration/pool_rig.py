"""A pool under test: real template, real workers, a clock that can be put forward."""

import os
import select
import signal
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from ytaudio_daemon.model import FetchRequest, Limits, ListRequest
from ytaudio_daemon.pool import Ended, Event, Pool, Progressed, Started
from ytaudio_daemon.system import linux

HERE = Path(__file__).parent


def request(key: str, do: str, folder: Path, **limits: float) -> FetchRequest:
    facts: Mapping[str, Any] = {"do": do}
    return FetchRequest(
        key=key,
        attempt=1,
        url="https://www.youtube.com/watch?v=AAAAAAAAAAA",
        video_id="AAAAAAAAAAA",
        options={},
        fallback_bitrate="192k",
        attempt_dir=str(folder),
        job_facts=facts,
        limits=Limits(**limits),  # type: ignore[arg-type] # whole numbers where it matters
    )


def list_request(
    key: str, do: str, folder: Path, max_entries: int = 10_000, **limits: float
) -> ListRequest:
    return ListRequest(
        key=key,
        attempt=1,
        url=do,
        kind="playlist",
        max_entries=max_entries,
        attempt_dir=str(folder),
        limits=Limits(**limits),  # type: ignore[arg-type] # whole numbers where it matters
    )


def wait_until(condition: Callable[[], object], timeout: float = 60) -> None:
    """Wait for what no descriptor tells, e.g. the death of somebody's grandchild."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        select.select([], [], [], 0.001)


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


#: Servers of other tests in this process: not the pool's, and not to be struck.
_strangers: set[int] = set()


def descendants() -> list[psutil.Process]:
    """List the processes that came since the rig was made, zombies too."""
    found: list[psutil.Process] = psutil.Process().children(recursive=True)
    return [process for process in found if process.pid not in _strangers]


class Rig:
    """Drives a pool as the daemon's loop does: sleeps on `fileno` until `next_due`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        _strangers.clear()
        _strangers.update(process.pid for process in descendants())
        self.folder = folder
        self.home = folder / "home"
        self.state_id = uuid.uuid4().hex
        self.skipped = 0.0
        self.events: list[Event] = []
        chosen: dict[str, Any] = {
            "downloads": 3,
            "converters": 1,
            "ytdlp_path": HERE,
            "entry": "pool_entry",
        }
        self.pool = Pool(state_id=self.state_id, home=self.home, **(chosen | settings))

    def close(self) -> None:
        """End it; nothing may be left, and pytest shall adopt no strangers' orphans."""
        self.pool.close()
        linux._prctl(linux._PR_SET_CHILD_SUBREAPER, 0)
        assert descendants() == []

    def now(self) -> float:
        return time.monotonic() + self.skipped

    def start(self, key: str, do: str, **limits: float) -> None:
        self.pool.start(request(key, do, self.folder, **limits))

    def until(self, condition: Callable[[], object], timeout: float = 60) -> None:
        end = time.monotonic() + timeout
        while not condition():
            left = end - time.monotonic()
            assert left > 0, f"not in time; seen: {self.events}"
            due = self.pool.next_due(self.now())
            nap = left if due is None else max(0, min(left, due - self.now()))
            select.select([self.pool], [], [], nap)
            self.events += self.pool.poll(self.now())

    def until_something_happens(self) -> None:
        seen = len(self.events)
        self.until(lambda: len(self.events) > seen)

    def skip(self, seconds: float) -> None:
        """Put the clock forward and let the pool see it."""
        self.skipped += seconds
        self.events += self.pool.poll(self.now())

    def listened(self) -> bool:
        """Let the pool take in what is there, while nothing wakes it; always true."""
        self.skip(0)
        return True

    def warm(self) -> int:
        self.pool.ensure_template()
        self.until(lambda: self.pool.template_facts)
        assert self.pool.template_facts is not None
        return self.pool.template_facts.pid

    def of(self, kind: type[Any], key: str) -> list[Any]:
        return [e for e in self.events if isinstance(e, kind) and e.key == key]

    def ended(self, key: str, timeout: float = 60) -> Ended:
        self.until(lambda: self.of(Ended, key), timeout)
        (event,) = self.of(Ended, key)
        assert isinstance(event, Ended)
        return event

    def run(self, do: str, **limits: float) -> Ended:
        key = uuid.uuid4().hex
        self.start(key, do, **limits)
        return self.ended(key)

    def started(self, key: str) -> int:
        self.until(lambda: self.of(Started, key))
        return int(self.of(Started, key)[0].pid)

    def progressed(self, key: str) -> None:
        self.until(lambda: self.of(Progressed, key))

    def failure(self, ended: Ended) -> tuple[str, str]:
        assert ended.outcome.failure is not None
        return ended.outcome.failure.kind, ended.outcome.failure.code

    def grandchild(self) -> int:
        """Return the pid that a `grandchild` attempt wrote down."""
        pid = int((self.folder / "grandchild").read_text())
        (self.folder / "grandchild").unlink()
        assert alive(pid)
        return pid


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
