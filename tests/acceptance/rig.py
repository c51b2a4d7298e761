"""A house for a test: a root of its own, the real daemon in it, and a user's means."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

import psutil

from tests.acceptance import warm
from tests.youtube import Remote
from tests.youtube.handle import child_environment

Found = TypeVar("Found")
Document = dict[str, Any]
#: What is waited for is whatever is true.
Condition = Callable[[], Found | Literal[False] | None]

#: What every house is told unless its test wants otherwise: quick, and without pace.
QUICK = {
    "download_format": "m4a",
    "inbox_settle": "0s",
    "status_interval": "100ms",
    "pace_per_hour": "0",
    "retry_base": "100ms",
    "disk_reserve": "1MiB",
}
#: Waiting costs time only where something is wrong; machines may be very busy.
PATIENCE_S = 75.0
#: A daemon that is asked to look around all the time does nothing else.
POKE_INTERVAL_S = 0.1
#: As much for a command.
COMMAND_S = 150.0


def wait_until(
    condition: Condition[Found],
    timeout: float = PATIENCE_S,
    complain: Callable[[], str] = str,
) -> Found:
    """Return what the condition gives, as soon as that is true."""
    end = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < end, f"not in time. {complain()}"
        select.select([], [], [], 0.01)
    return found


def ids(prefix: str, count: int) -> list[str]:
    """Return so many video IDs that begin alike."""
    assert len(prefix) + len(str(count - 1)) <= 11
    return [f"{prefix}{n:0{11 - len(prefix)}d}" for n in range(count)]


def links(video_ids: Iterable[str]) -> str:
    """Return a drop's content: a link a line."""
    return "".join(f"https://youtu.be/{video_id}\n" for video_id in video_ids)


def read_json(path: Path) -> Document:
    """Return a document, {} when there is none yet."""
    try:
        document: Document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return document


class House:
    """One root and at most one daemon in it.

    Args:
        root: Made if missing.
        youtube: Where downloads come from.
        user: The uid that daemon and commands run as; None = ours.
        python: The interpreter that they run with; that user must be allowed to.
        settings: `<section>_<key>` and values; they go before `QUICK`.
    """

    #: What is run as the daemon.
    module = warm.YTAUDIO

    def __init__(
        self,
        root: Path,
        youtube: Remote,
        *,
        user: int | None = None,
        python: str = sys.executable,
        **settings: str,
    ) -> None:
        self.root = root
        self.user = user
        self.python = python
        self.settings = {
            **QUICK,
            "download_proxy": youtube.proxy,
            "download_ca_file": str(youtube.ca_file),
            **settings,
        }
        self.process: warm.Process | None = None
        root.mkdir(parents=True, exist_ok=True)
        if user is not None:
            os.chown(root, user, user)

    # Folders.

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def downloads(self) -> Path:
        return self.root / "downloads"

    @property
    def library(self) -> Path:
        return self.root / "library"

    @property
    def ledger(self) -> Path:
        return self.root / "state" / "ledger.sqlite3"

    @property
    def log(self) -> Path:
        """What the daemon says on standard error."""
        return self.root / "daemon.err"

    def configure(self, toml: str) -> None:
        """Write the config file; what it says must not be in `settings` as well."""
        file = self.root / "config" / "ytaudio.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(toml)

    # The daemon's life.

    def start(self, *words: str, **environment: str) -> None:
        """Start the daemon and return when it says that it runs."""
        before = self.daemon.get("seq", 0)
        self.launch(*words, **environment)
        self.wait(
            lambda: (
                self.daemon.get("seq", 0) != before
                and self.daemon["daemon"]["pid"] == self.running.pid
                and self.daemon["daemon"]["state"] in {"running", "degraded"}
            )
        )

    def launch(self, *words: str, **environment: str) -> None:
        """Start the daemon; it is not yet ready."""
        env = self.environment(**environment)
        with self.log.open("ab") as log, Path(os.devnull).open("rb") as nothing:
            if self.is_plain:
                self.process = warm.start(
                    [*words, "run"],
                    cwd=self.root,
                    env=env,
                    stdin=nothing,
                    output=(log, log),
                    module=self.module,
                )
                if self.process is not None:
                    return
            self.process = subprocess.Popen(
                [self.python, "-m", self.module, *words, "run"],
                cwd=self.root,
                env=env,
                stdin=nothing,
                stdout=log,
                stderr=log,
                **self._as_user(),
            )

    @property
    def is_plain(self) -> bool:
        """Whether its programs need no start of their own (`warm`)."""
        return (self.user, self.python) == (None, sys.executable)

    @property
    def running(self) -> warm.Process:
        """The daemon's process."""
        assert self.process is not None, "the daemon was not started"
        return self.process

    def stop(self, timeout: float = 60) -> int:
        """Ask the daemon to stop; returns its exit status."""
        self.running.send_signal(signal.SIGTERM)
        return self.ended(timeout)

    def kill(self) -> None:
        """End the daemon without any warning."""
        self.running.kill()
        self.ended()

    def ended(self, timeout: float = 60) -> int:
        """Wait for the daemon's end; returns its exit status."""
        status = self.running.wait(timeout)
        self.process = None
        return status

    def close(self) -> None:
        """Leave nothing running, whatever the test did."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        kill_all(self.workers())

    def workers(self) -> list[int]:
        """Return the pids of template, workers, and whatever they started."""
        if not self.ledger.exists():
            return []
        found = self.query("SELECT value FROM meta WHERE key = 'state_id'")
        marks = {f"YTAUDIO_STATE_ID={row[0]}".encode() for row in found}
        return [pid for pid in _pids() if marks & set(_environ(pid).split(b"\0"))]

    def at_work(self) -> list[int]:
        """Return the pids of the workers alone."""
        return [pid for pid in self.workers() if _name(pid) == "ytaudio-worker"]

    def share_of_cpu(self, seconds: float) -> float:
        """Return how much of a processor the daemon itself takes for so long."""
        process = psutil.Process(self.running.pid)
        began, before = time.monotonic(), process.cpu_times()
        self.wait(lambda: time.monotonic() > began + seconds)
        used = process.cpu_times()
        spent = used.user + used.system - before.user - before.system
        return float(spent / (time.monotonic() - began))

    # A user's means.

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of daemon and commands."""
        plain = {k: v for k, v in child_environment().items() if "YTAUDIO" not in k}
        told = {f"YTAUDIO_{key.upper()}": text for key, text in self.settings.items()}
        return plain | {"YTAUDIO_PATHS_ROOT": str(self.root)} | told | more

    def cli(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        env = self.environment()
        if self.is_plain:
            ran = warm.run(
                words, cwd=self.root, env=env, stdin=stdin, timeout=COMMAND_S
            )
            if ran is not None:
                code, out, err = ran
                return subprocess.CompletedProcess(
                    words, code, out.decode(), err.decode()
                )
        done = subprocess.run(
            [self.python, "-m", "ytaudio_daemon", *words],
            cwd=self.root,
            env=env,
            input=stdin,
            capture_output=True,
            timeout=COMMAND_S,
            check=False,
            **self._as_user(),
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def must(self, *words: str) -> str:
        """Run a command that has to succeed; returns what it printed."""
        done = self.cli(*words)
        assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def poke(self) -> None:
        """Have the daemon look at the ledger now, as commands do."""
        (self.root / "state" / "wake" / "poke").write_bytes(b".")

    def drop(
        self, session: str, content: str | bytes, name: str | bytes = "songs.txt"
    ) -> Path:
        """Put a file into a session's folder ("" = the inbox itself), in one rename."""
        folder = self.inbox / session
        folder.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path = folder / os.fsdecode(name)
        hidden = folder / ".being-written"
        hidden.write_bytes(data)
        hidden.rename(path)
        return path

    # What programs read.

    @property
    def daemon(self) -> Document:
        """status/daemon.json."""
        return read_json(self.root / "status" / "daemon.json")

    def session(self, name: str) -> Document:
        """A session's status document."""
        return read_json(self.root / "status" / "sessions" / f"{name}.json")

    def receipt(self, session: str, file: str = "songs.txt") -> Document:
        """A drop's receipt for programs."""
        return read_json(self.root / "status" / "receipts" / session / f"{file}.json")

    def jobs(self, session: str) -> dict[str, Document]:
        """Return a session's jobs by video ID."""
        jobs = self.session(session).get("jobs", [])
        return {job["video_id"]: job for job in jobs}

    def counts(self, session: str) -> Document:
        """Return a session's jobs by state, {} when there is no session."""
        counts: Document = self.session(session).get("session", {}).get("counts", {})
        return counts

    def problem(self, code: str) -> Document | None:
        """Return the problem of that code, or None."""
        found = self.daemon.get("problems", [])
        return next((problem for problem in found if problem["code"] == code), None)

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the ledger itself, past the program."""
        import sqlite3  # noqa: PLC0415 - few tests look there

        db = sqlite3.connect(self.ledger, timeout=10, isolation_level=None)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    # Waiting.

    def wait(self, condition: Condition[Found], timeout: float = PATIENCE_S) -> Found:
        """Wait for something the daemon brings about; fail at once if it dies."""

        def looked_at() -> Found | Literal[False] | None:
            if self.process is not None:
                assert self.process.poll() is None, f"the daemon died: {self.tail()}"
            return condition()

        return wait_until(looked_at, timeout, self.tail)

    def wait_swept(self, condition: Condition[Found]) -> Found:
        """Wait for what a look through the sessions brings about; have it look."""

        poked_at = 0.0

        def looked_at() -> Found | Literal[False] | None:
            nonlocal poked_at
            if time.monotonic() > poked_at + POKE_INTERVAL_S:
                poked_at = time.monotonic()
                self.poke()
            return condition()

        return self.wait(looked_at)

    def wait_counts(self, session: str, **counts: int) -> Document:
        """Return a session's jobs by state as soon as there are so many."""

        def counted() -> Document | None:
            found = self.counts(session)
            return found if found and counts.items() <= found.items() else None

        return self.wait(counted)

    def wait_for_state(self, session: str, video_id: str, *states: str) -> Document:
        """Return the job as soon as it has one of these states."""
        return self.wait(
            lambda: next(
                (
                    job
                    for job in [self.jobs(session).get(video_id)]
                    if job is not None and job["state"] in states
                ),
                {},
            )
        )

    def wait_done(
        self, session: str, count: int, timeout: float = PATIENCE_S
    ) -> Document:
        """Return the counts when so many jobs are finalized and none is left."""

        def done() -> Document:
            counts = self.counts(session)
            final = sum(counts.get(s, 0) for s in ("completed", "failed", "cancelled"))
            return counts if final == count == sum(counts.values()) else {}

        return self.wait(done, timeout)

    def wait_filed(self, path: Path, folder: str = "processed") -> Path:
        """Return the drop's place as soon as it has been moved there."""
        there = path.parent / folder / path.name
        self.wait(lambda: there.exists() and not path.exists())
        return there

    def wait_receipt(
        self, session: str, file: str = "songs.txt", **counts: int
    ) -> Document:
        """Return a drop's receipt as soon as it counts so."""

        def told() -> Document:
            receipt = self.receipt(session, file)
            found = receipt.get("counts", {})
            return receipt if receipt and counts.items() <= found.items() else {}

        return self.wait(told)

    def tail(self) -> str:
        """Return the end of what the daemon said, for a failing test."""
        said = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"The daemon said:\n{said[-3000:]}"

    def _as_user(self) -> dict[str, Any]:
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.user, "extra_groups": []}


@contextmanager
def running(house: House, **environment: str) -> Iterator[House]:
    """Start the daemon of a house; nothing is left of it afterwards."""
    try:
        house.start(**environment)
        yield house
    finally:
        house.close()


def kill_all(pids: Iterable[int]) -> None:
    """Kill what a test left behind."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


@contextmanager
def stopped(pids: Iterable[int]) -> Iterator[None]:
    """Hold processes up for a while; there must be some."""
    held = list(pids)
    assert held
    for pid in held:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in held:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _pids() -> list[int]:
    return [
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()
    ]


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
