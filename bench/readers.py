"""Clients of the REST API beside real downloads: some poll their job, some watch it.

Run as a program, `python -m bench.readers FILE …` is `ytaudio …` that counts its reads
of the ledger, and writes their number to FILE when it gets SIGUSR1.
"""

import asyncio
import itertools
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench import processes
from bench.findings import Finding, Section, Setting, at_most, percentile_95, spread
from bench.rig import Daemon, eventually
from ytaudio_daemon.cli import main as ytaudio
from ytaudio_daemon.ledger import Connection, Ledger

_POLLERS = 200
_STREAMS = 50
#: A session may have 32 streams; here it has 5 of them, and 20 pollers.
_SESSIONS = 10
#: Seconds between two polls, as in examples/api_client.py.
_POLL_INTERVAL_S = 2.0
#: With it the operator opens as many sessions at once as are wanted.
_TOKEN = "a-token-of-the-bench"
_P95_LIMIT_MS = 50


def measure(setting: Setting) -> Section:
    """Let each client post links and follow them to their end, one after the other."""
    youtube = setting.serve_clips(30)
    with Daemon(setting.folder / "daemon", youtube) as daemon:
        daemon.warm_up("w0000000000")
        with _Server(daemon) as server:
            setting.say(f"{_POLLERS} pollers and {_STREAMS} streams beside downloads")
            found = asyncio.run(_Crowd(server).run(setting.count(30, 8)))
    detail = (
        "Milliseconds as p50 / p95 / max, as the client sees them: each client posts a "
        f"link, then polls it every {_POLL_INTERVAL_S:g} s or watches its stream until it "
        "is finished, and posts the next. The clients are one process on the same cores "
        "as the server, the daemon's workers and their ffmpeg.\n"
    )
    return Section(title="Readers", findings=found.findings(), detail=detail)


@dataclass(slots=True, kw_only=True)
class _Found:
    """What the clients saw, and what the server took meanwhile."""

    polls_ms: list[float] = field(default_factory=list)
    events: int = 0
    finished: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    reads: int = 0

    def findings(self) -> list[Finding]:
        beside = f"{_POLLERS} pollers and {_STREAMS} streams beside downloads"
        rate = f"{self.finished / self.wall_s:.1f} links/s were downloaded"
        told = f"{self.events / self.wall_s:.0f} events/s to {_STREAMS} streams; {rate}"
        return [
            at_most(
                f"{beside}: poll, p95",
                percentile_95(self.polls_ms),
                _P95_LIMIT_MS,
                "ms",
                why="downloads and clients keep both cores busy, and an answer waits for "
                "one; how much of one the server takes stands below",
            ),
            Finding(what="Polls", measured=f"{spread(self.polls_ms)} ms"),
            Finding(what="Meanwhile", measured=told),
            Finding(
                what="The server's reads of the ledger",
                measured=f"{self.reads / self.wall_s:.0f} a second"
                f" ({len(self.polls_ms) / self.wall_s:.0f} polls a second)",
            ),
            Finding(
                what="The server's CPU",
                measured=f"{1000 * self.cpu_s / self.wall_s:.0f} ms a second",
            ),
        ]


class _Server:
    """`ytaudio serve` beside a daemon, in a process that counts its ledger reads.

    Args:
        daemon: Whose ledger it serves.
    """

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._count_file = daemon.root / "reads"
        self.port = 0

    def __enter__(self) -> Self:
        token_file = self._daemon.root / "token"
        token_file.touch(mode=0o600)
        token_file.write_text(_TOKEN)
        argv = [sys.executable, "-m", "bench.readers", str(self._count_file)]
        argv += ["--root", str(self._daemon.root), "serve", "--port", "0"]
        self._process = subprocess.Popen(
            [*argv, "--token-file", str(token_file)],
            env=self._daemon.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().rpartition(":")[2])
        return self

    def cpu_s(self) -> float:
        """Return the CPU seconds it has used so far."""
        return processes.cpu_s(self._process.pid)

    def reads(self) -> int:
        """Return how often it has read the ledger so far."""
        self._count_file.unlink(missing_ok=True)
        self._process.send_signal(signal.SIGUSR1)
        eventually(self._count_file.exists, 0.01)
        return int(self._count_file.read_text())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()


class _Crowd:
    """All clients, in one event loop; raw HTTP, so that they take little themselves.

    Args:
        server: Whom they ask.
    """

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._videos = (f"r{number:010d}" for number in itertools.count())
        self._found = _Found()
        self._posted = 0
        self._all_have_posted = asyncio.Event()

    async def run(self, seconds: int) -> _Found:
        """Let them work for a while, and measure after they have settled."""
        keys = [await self._open_session() for _ in range(_SESSIONS)]
        clients = [self._poll] * _POLLERS + [self._watch] * _STREAMS
        tasks = [
            asyncio.create_task(client(keys[number % _SESSIONS]))
            for number, client in enumerate(clients)
        ]
        await self._all_have_posted.wait()
        await asyncio.sleep(_POLL_INTERVAL_S)
        self._found = _Found()
        before = time.perf_counter(), self._server.cpu_s(), self._server.reads()
        done, _ = await asyncio.wait(
            tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
        )
        for task in done:
            task.result()
        found = self._found
        found.wall_s = time.perf_counter() - before[0]
        found.cpu_s = self._server.cpu_s() - before[1]
        found.reads = self._server.reads() - before[2]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return found

    async def _open_session(self) -> str:
        async with _connected(self._server.port) as connection:
            made = await connection.ask(
                "POST", "/api/sessions/", f"Authorization: Bearer {_TOKEN}"
            )
        return str(made["session_uuid"])

    async def _poll(self, key: str) -> None:
        async with _connected(self._server.port) as connection:
            while True:
                job = await self._post(connection, key)
                await asyncio.sleep(random.uniform(0, _POLL_INTERVAL_S))
                while job["status"] in {"pending", "processing"}:
                    began = time.perf_counter()
                    job = await connection.ask(
                        "GET", f"/api/jobs/{job['job_uuid']}", f"X-Session-ID: {key}"
                    )
                    self._found.polls_ms.append(1000 * (time.perf_counter() - began))
                    await asyncio.sleep(_POLL_INTERVAL_S)
                self._count_end(job)

    async def _watch(self, key: str) -> None:
        while True:
            async with _connected(self._server.port) as connection:
                job = await self._post(connection, key)
                path = f"/api/jobs/{job['job_uuid']}/events"
                async for job in connection.watch(path, f"X-Session-ID: {key}"):  # noqa: B007 - the last
                    self._found.events += 1
            self._count_end(job)

    async def _post(self, connection: "_Connection", key: str) -> dict[str, Any]:
        link = {"url": f"https://youtu.be/{next(self._videos)}"}
        job = await connection.ask(
            "POST", "/api/jobs/", f"X-Session-ID: {key}", json.dumps(link)
        )
        self._posted += 1
        if self._posted == _POLLERS + _STREAMS:
            self._all_have_posted.set()
        return job

    def _count_end(self, job: dict[str, Any]) -> None:
        if job["status"] != "completed":
            raise RuntimeError(f"not what was to be measured: {job}")
        self._found.finished += 1


@dataclass(frozen=True, slots=True)
class _Connection:
    """A connection of HTTP/1.1 that stays open."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(
        self, method: str, path: str, header: str, body: str = ""
    ) -> dict[str, Any]:
        """Send a request and return its answer, which must be a good one."""
        self._send(method, path, header, body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        answer = await self.reader.readexactly(int(length))
        if not head.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(f"{method} {path}: {head.decode()}{answer.decode()}")
        return dict(json.loads(answer))

    async def watch(self, path: str, header: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the job of each event, that of the last one, too."""
        self._send("GET", path, header)
        event = b""
        while line := await self.reader.readline():
            if line.startswith(b"event: "):
                event = line[7:].strip()
            elif line.startswith(b"data: "):
                yield json.loads(line[6:])
                if event == b"finalized":
                    return
        raise RuntimeError("a stream has ended before its job")

    def _send(self, method: str, path: str, header: str, body: str = "") -> None:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", header]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        self.writer.write("\r\n".join([*lines, "", body]).encode())


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[_Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield _Connection(reader, writer)
    finally:
        writer.close()


def _run_counted(count_file: Path, arguments: list[str]) -> int:
    """Run `ytaudio`, counting its reads of the ledger."""
    count, read = itertools.count(), Ledger.read

    @contextmanager
    def counted_read(ledger: Ledger) -> Iterator[Connection]:
        next(count)
        with read(ledger) as db:
            yield db

    def tell(*_: object) -> None:
        part = count_file.with_suffix(".part")
        part.write_text(str(next(count)))
        part.rename(count_file)

    Ledger.read = counted_read  # type: ignore[assignment,method-assign] # that is the purpose
    signal.signal(signal.SIGUSR1, tell)
    return ytaudio(arguments)


if __name__ == "__main__":
    sys.exit(_run_counted(Path(sys.argv[1]), sys.argv[2:]))
