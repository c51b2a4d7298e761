"""Runs many downloads in several threads, in the order in which they are added."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Generic, Self, TypeVar

from ytaudio_daemon.downloader.await_attempt import ProgressListener
from ytaudio_daemon.downloader.folder_downloader import (
    DownloadControl,
    DownloadOutcome,
    DownloadRequest,
    FolderDownloader,
)
from ytaudio_daemon.downloader.retry_policy import FATAL_FOR_BATCH
from ytaudio_daemon.downloader.stop_signal import INTERRUPTED, StopLevel, StopSignal
from ytaudio_daemon.model import Failure, Outcome

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTask(Generic[ResultT]):
    """One download of a batch.

    Attributes:
        request: The download; None: the task only waits for its turn, and ends.
        on_progress: Called with each progress report, in the thread that downloads.
        on_end: Makes the task's result of how the download ended, in the same thread;
            called with None when there was nothing to download.
    """

    request: DownloadRequest | None
    on_progress: ProgressListener
    on_end: Callable[[DownloadOutcome | None], ResultT]


class OrderedBatch:
    """Downloads that are added one by one; to be used in a `with` block.

    They enter the pool's queue in the order in which they are added, whatever thread runs
    them. After a failure that all others would have as well none is begun. When the block
    ends with an exception, running downloads are killed.

    Args:
        downloader: Downloads one link.
        stop_signal: Ends the batch early.
        threads: Number of threads.
    """

    def __init__(
        self, downloader: FolderDownloader, stop_signal: StopSignal, threads: int
    ) -> None:
        self._downloader = downloader
        self._stop_signal = stop_signal
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        # Daemons: a program that ends must not wait for a list of hundreds.
        self._threads = [
            threading.Thread(
                target=_run_all,
                args=(self._work,),
                name="ytaudio-download",
                daemon=True,
            )
            for _ in range(threads)
        ]
        self._lock = threading.Lock()
        self._last_turn = _passed_turn()
        self._fatal_failure: Failure | None = None
        #: The number of downloads that run.
        self.running_count = 0

    def add(self, task: BatchTask[ResultT]) -> "Future[ResultT]":
        """Add a download; only one thread may do so."""
        before, self._last_turn = self._last_turn, threading.Event()
        future: Future[ResultT] = Future()
        run = partial(self._run, task, before, self._last_turn)
        self._work.put(partial(_resolve, future, run))
        return future

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._stop_signal.level = StopLevel.IMMEDIATE
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def _run(
        self, task: BatchTask[ResultT], before: threading.Event, turn: threading.Event
    ) -> ResultT:
        before.wait()
        try:
            outcome = None
            if task.request is not None:
                outcome = self._skipped() or self._fetch(task, task.request, turn)
        finally:
            turn.set()
        return task.on_end(outcome)

    def _skipped(self) -> DownloadOutcome | None:
        """Return the outcome of a download that is not begun; None: it is begun."""
        reason = INTERRUPTED if self._stop_signal.is_set else self._fatal_failure
        if reason is None:
            return None
        return DownloadOutcome(outcome=Outcome(failure=reason), attempts=0)

    def _fetch(
        self, task: BatchTask[ResultT], request: DownloadRequest, turn: threading.Event
    ) -> DownloadOutcome:
        control = DownloadControl(
            on_progress=task.on_progress,
            stop_signal=self._stop_signal,
            on_queued=turn.set,
        )
        self._count_running(1)
        try:
            fetched = self._downloader.fetch(request, control)
        finally:
            self._count_running(-1)
        failure = fetched.outcome.failure
        if failure is not None and failure.kind in FATAL_FOR_BATCH:
            self._fatal_failure = failure
        return fetched

    def _count_running(self, change: int) -> None:
        with self._lock:
            self.running_count += change


def _run_all(work: "queue.SimpleQueue[Callable[[], None] | None]") -> None:
    while (each := work.get()) is not None:
        each()


def _resolve(future: "Future[ResultT]", run: Callable[[], ResultT]) -> None:
    try:
        result = run()
    except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
        future.set_exception(error)
    else:
        future.set_result(result)


def _passed_turn() -> threading.Event:
    turn = threading.Event()
    turn.set()
    return turn
