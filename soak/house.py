"""The daemon of one case: its root, its commands, what its documents and its log say."""

import json
import os
import queue
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import processes, rig
from soak.daemon import NO_SABOTAGE
from tests.youtube import YouTube
from tests.youtube.handle import child_environment

#: Nothing here takes longer, in seconds; a hang must end the run.
PATIENCE_S = 3600.0
#: Words of the log that tell of what must not be.
COMPLAINTS = frozenset({"step.failed", "job.lost", "log.dropped"})

#: What a step says that had to wait too long for the ledger.
BUSY = "is busy with another process's write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command that has ended.

    Attributes:
        code: Its exit status.
        wall_s: Seconds on the clock.
        cpu_s: User and system seconds.
        waited_s: Seconds of the clock in which it could have run, had a processor been
            free: what a busy machine costs, and not the daemon.
        said: Everything it printed.
    """

    code: int
    wall_s: float
    cpu_s: float
    waited_s: float
    said: str

    @property
    def own_s(self) -> float:
        """Seconds on the clock that it took, on whatever machine."""
        return self.wall_s - self.waited_s


class House(rig.Daemon):
    """One `ytaudio run`, timed inside, with the settings it is shipped with.

    Args:
        root: Its folders; empty, or those of an earlier life.
        youtube: Where its traffic goes.
        sabotage: What is to go wrong, "" for nothing.
        settings: Other settings, `section_key`.
    """

    def __init__(
        self, root: Path, youtube: YouTube, sabotage: str = "", **settings: str
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.steps_log = root / "steps.log"
        #: So many steps may find the ledger busy: a command of ours has it, and may be
        #: kept from going on by a busy machine. They are taken again a second later.
        self.may_be_put_off = 0
        #: Temporary files of the daemon, should it make any.
        self.temporary = root / "tmp"
        self.temporary.mkdir(exist_ok=True)
        more = {f"YTAUDIO_{name.upper()}": text for name, text in settings.items()}
        more |= child_environment(TMPDIR=str(self.temporary))
        shipped = {"YTAUDIO_INBOX_SETTLE": "2s", "YTAUDIO_SESSIONS_MAX_JOBS": "10"}
        super().__init__(root, youtube, **(shipped | more))
        words = (str(self.steps_log), sabotage or NO_SABOTAGE)
        self.command_line = (sys.executable, "-m", "soak.daemon", *words)

    def command(self, *words: str) -> Ran:
        """Run a command of the product to its end."""
        argv = [sys.executable, "-m", "ytaudio_daemon", "--root", str(self.root)]
        began = time.perf_counter()
        process = subprocess.Popen(
            [*argv, *words],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None
        with process.stdout as output:
            said = output.read().decode(errors="replace")
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall_s = time.perf_counter() - began
        waited_s = _waited_s(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Ran(
            code=process.returncode,
            wall_s=wall_s,
            cpu_s=usage.ru_utime + usage.ru_stime,
            waited_s=waited_s,
            said=said,
        )

    def others(self) -> list[int]:
        """Return the template, the workers and what they run."""
        return processes.tree(self.pid)[1:]

    def counts(self) -> Counter[str]:
        """Return the jobs by state, as `status/daemon.json` has them."""
        try:
            return Counter(self.status()["counts"])
        except FileNotFoundError:  # it has just been started
            return Counter()

    def session(self, name: str) -> dict[str, Any]:
        """Return a session's status document."""
        file = self.root / "status" / "sessions" / f"{name}.json"
        return dict(json.loads(file.read_text()))

    def await_jobs(self, count: int, *states: str) -> None:
        """Wait until so many jobs are in one of these states; in any, without states."""
        self.until(lambda: self._number_of(states) >= count)

    def await_receipts(self, count: int) -> None:
        """Wait until so many receipts for programs are written."""
        folder = self.root / "status" / "receipts"
        self.until(lambda: sum(1 for _ in _written(folder)) >= count)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something, as long as the daemon lives.

        Raises:
            RuntimeError: It has ended.
            TimeoutError: It never came to pass.
        """
        rig.eventually(
            lambda: self.exit_status is not None or condition(),
            every_s=0.2,
            patience_s=PATIENCE_S,
        )
        if self.exit_status is not None:
            raise RuntimeError(f"the daemon has ended with {self.exit_status}")

    def complaints(self) -> list[str]:
        """Return what the log told so far of things that must not be."""
        found: Counter[str] = Counter()
        put_off = 0
        for event in self.told():
            if not _is_complaint(event):
                continue
            is_busy = BUSY in str(event.get("error"))
            put_off += is_busy
            if is_busy and put_off <= self.may_be_put_off:
                continue
            words = {k: v for k, v in event.items() if k not in {"timestamp", "at"}}
            found[json.dumps(words)] += 1
        return [f"{number} times {words}" for words, number in found.items()]

    def told(self) -> Iterator[dict[str, Any]]:
        """Yield the events of the log that came since the last time."""
        while True:
            try:
                yield self.events.get_nowait()
            except queue.Empty:
                return

    def flood(self, files: Iterable[tuple[str, str, str]]) -> None:
        """Put (session, name, text) into the inbox: written elsewhere, there at once.

        Without a session, straight into the inbox.
        """
        hidden = self.root / "flood"
        for session, name, text in files:
            folder = hidden / session
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        for each in list(hidden.iterdir()):
            each.rename(self.root / "inbox" / each.name)
        hidden.rmdir()

    def _number_of(self, states: tuple[str, ...]) -> int:
        counts = self.counts()
        return sum(counts[state] for state in states or counts)


def _is_complaint(event: Mapping[str, Any]) -> bool:
    is_error = event.get("level") in {"error", "critical"}
    return is_error or event["event"] in COMPLAINTS


def _waited_s(pid: int) -> float:
    """Return how long a process stood in line for a processor (schedstat, in proc(5))."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def _written(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the files below a folder that have their final name."""
    return (each for each in entries(folder) if not each.name.startswith("."))


def entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield all files below a folder; none when it is not there, or goes meanwhile."""
    try:
        found = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from entries(Path(entry.path))
        else:
            yield entry
