"""One download into a folder, asked for by several threads."""

import queue
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from ytaudio_daemon.downloader.finished_files import FinishedFiles
from ytaudio_daemon.downloader.folder_downloader import (
    DownloadControl,
    DownloadOutcome,
    DownloadRequest,
    FolderDownloader,
)
from ytaudio_daemon.downloader.pool_thread import CLOSED, AttemptHandle
from ytaudio_daemon.downloader.retry_policy import with_short_retries
from ytaudio_daemon.downloader.stop_signal import INTERRUPTED, StopLevel, StopSignal
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.model import AttemptRequest, Options, Outcome
from ytaudio_daemon.pool import Ended
from ytaudio_daemon.settings import load
from ytaudio_daemon.urls import Link

SETTINGS = with_short_retries(load(None, {}))
REQUEST = DownloadRequest(link=Link("dQw4w9WgXcQ"), options=Options())
TIMEOUT_S = 20.0


class EndlessRuntime(WorkerRuntime):
    """Starts attempts that run until they are killed."""

    def __init__(self, home: Path) -> None:
        super().__init__(SETTINGS, home)
        self.started: queue.SimpleQueue[AttemptHandle] = queue.SimpleQueue()

    def start(self, request: AttemptRequest) -> AttemptHandle:
        handle = AttemptHandle(request, self)  # type: ignore[arg-type] # has `kill`
        self.started.put(handle)
        return handle

    def kill(self, handle: AttemptHandle) -> None:
        key, attempt = handle.request.key, handle.request.attempt
        outcome = Outcome(failure=CLOSED)
        handle.events.put(
            Ended(key=key, attempt=attempt, outcome=outcome, worker_crashed=False)
        )


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EndlessRuntime:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return EndlessRuntime(tmp_path / "home")


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


def control(stop_signal: StopSignal) -> DownloadControl:
    return DownloadControl(on_progress=lambda _: None, stop_signal=stop_signal)


def wait_for_waiter(future: "Future[DownloadOutcome | None]") -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not future._condition._waiters:  # type: ignore[attr-defined]
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_who_interrupts_a_shared_download_interrupts_no_other_caller(
    runtime: EndlessRuntime, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    downloader = FolderDownloader(tmp_path / "out", SETTINGS, runtime)
    first_stop, second_stop = StopSignal(), StopSignal()
    first = threads.submit(downloader.fetch, REQUEST, control(first_stop))
    runtime.started.get(timeout=TIMEOUT_S)
    second = threads.submit(downloader.fetch, REQUEST, control(second_stop))
    wait_for_waiter(downloader._downloads[REQUEST.audio_key])
    first_stop.level = StopLevel.IMMEDIATE
    assert first.result(TIMEOUT_S).outcome.failure is INTERRUPTED
    runtime.started.get(timeout=TIMEOUT_S)
    second_stop.level = StopLevel.IMMEDIATE
    assert second.result(TIMEOUT_S).outcome.failure is INTERRUPTED


def test_a_record_that_cannot_be_read_costs_a_download_and_no_error(
    runtime: EndlessRuntime, tmp_path: Path
) -> None:
    downloader = FolderDownloader(tmp_path / "out", SETTINGS, runtime)
    audio = tmp_path / "out" / "audio.mp3"
    audio.write_bytes(b"sound")
    cache = tmp_path / "cache" / "ytaudio"
    FinishedFiles(downloader.output, cache).add(REQUEST.audio_key, audio, Outcome())
    (record,) = (cache / "finished").rglob("*.json")
    record.write_text("[" * 60_000)
    stopped = StopSignal()
    stopped.level = StopLevel.IMMEDIATE
    fetched = downloader.fetch(REQUEST, control(stopped))
    assert fetched.outcome.failure is INTERRUPTED
    assert runtime.started.qsize() == 1
