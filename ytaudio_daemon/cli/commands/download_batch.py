"""Downloads a list of items: several at once, stopped by Ctrl-C."""

import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

from ytaudio_daemon.cli.commands.download_list import Item
from ytaudio_daemon.cli.commands.download_results import (
    BatchReporter,
    ItemResult,
    ItemStatus,
)
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.downloader.folder_downloader import (
    INTERRUPTED,
    DownloadControl,
    DownloadOutcome,
    DownloadRequest,
    FolderDownloader,
    StopLevel,
    StopSignal,
)
from ytaudio_daemon.downloader.retry_policy import FATAL_FOR_BATCH, with_short_retries
from ytaudio_daemon.downloader.work_dirs import user_cache_dir
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.jobs.config_values import converter_count
from ytaudio_daemon.model import Failure, Outcome
from ytaudio_daemon.settings import Settings

#: How often a signal is looked for, in seconds.
POLL_S = 0.1


def run(context: CommandContext, items: Sequence[Item], reporter: BatchReporter) -> int:
    """Download all items, report how each ended, and return the exit status."""
    settings = _settings(context)
    stop_signal = StopSignal()
    with (
        closing(WorkerRuntime(settings, user_cache_dir() / "home")) as worker_runtime,
        closing(reporter),
    ):
        downloader = FolderDownloader(
            Path(context.args.output_dir), settings, worker_runtime
        )
        if any(item.request is not None for item in items):
            worker_runtime.warm()
        batch = BatchDownloader(
            downloader, reporter, stop_signal, _thread_count(settings)
        )
        with stop_on_signals(stop_signal):
            results = batch.download_all(items)
        reporter.on_finish(results, downloader.output)
    return _exit_status(results, stop_signal)


class BatchDownloader:
    """Downloads items in several threads.

    Args:
        downloader: Downloads one item.
        reporter: Reports progress and results.
        stop_signal: Ends the batch early.
        threads: Number of threads.
    """

    def __init__(
        self,
        downloader: FolderDownloader,
        reporter: BatchReporter,
        stop_signal: StopSignal,
        threads: int,
    ) -> None:
        self._downloader = downloader
        self._reporter = reporter
        self._stop_signal = stop_signal
        self._thread_count = threads
        self._lock = threading.Lock()
        self._running_count = 0
        self._start_order = StartOrder(0)
        #: A failure that all other items would have as well.
        self._fatal_failure: Failure | None = None

    def download_all(self, items: Sequence[Item]) -> list[ItemResult]:
        """Download every item that can be; returns their results in the same order."""
        self._reporter.on_start(items)
        self._start_order = StartOrder(len(items))
        with ThreadPoolExecutor(self._thread_count, "ytaudio-download") as pool:
            futures = [
                pool.submit(self._download_item, number, item)
                for number, item in enumerate(items)
            ]
            try:
                self._wait_all(futures)
            except BaseException:
                self._stop_signal.level = StopLevel.IMMEDIATE
                raise
        return _with_original_results([future.result() for future in futures])

    def _wait_all(self, futures: Sequence["Future[ItemResult]"]) -> None:
        reported = StopLevel.NONE
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=POLL_S)
            if self._stop_signal.level is not reported:
                reported = self._stop_signal.level
                self._reporter.on_interrupted(reported, self._running_count)

    def _download_item(self, number: int, item: Item) -> ItemResult:
        self._start_order.wait_for_turn(number)
        try:
            result = self._item_result(number, item)
        finally:
            self._start_order.pass_turn(number)
        self._reporter.on_item_result(number, result)
        return result

    def _item_result(self, number: int, item: Item) -> ItemResult:
        if item.request is None:
            return ItemResult(item=item, status=ItemStatus.REJECTED)
        if item.duplicate_of is not None:
            return ItemResult(item=item, status=ItemStatus.DUPLICATE)
        reason = (
            INTERRUPTED
            if self._stop_signal.level is not StopLevel.NONE
            else self._fatal_failure
        )
        if reason is not None:
            skipped = DownloadOutcome(outcome=Outcome(failure=reason), attempts=0)
            return ItemResult(item=item, status=ItemStatus.SKIPPED, fetched=skipped)
        return self._fetch(number, item, item.request)

    def _fetch(self, number: int, item: Item, request: DownloadRequest) -> ItemResult:
        with self._lock:
            self._running_count += 1
        try:
            fetched = self._downloader.fetch(request, self._control(number, item))
        finally:
            with self._lock:
                self._running_count -= 1
        failure = fetched.outcome.failure
        if failure is None:
            return ItemResult(item=item, status=ItemStatus.COMPLETED, fetched=fetched)
        if failure.kind in FATAL_FOR_BATCH:
            self._fatal_failure = failure
        return ItemResult(item=item, status=ItemStatus.FAILED, fetched=fetched)

    def _control(self, number: int, item: Item) -> DownloadControl:
        return DownloadControl(
            on_progress=partial(self._reporter.on_progress, number, item),
            stop_signal=self._stop_signal,
            on_queued=partial(self._start_order.pass_turn, number),
        )


class StartOrder:
    """Lets items into the pool's queue in the order of the list, whatever the threads do.

    Args:
        count: The number of items.
    """

    def __init__(self, count: int) -> None:
        #: By item number: set once the items before it are queued or have ended.
        self._turns = [threading.Event() for _ in range(count + 1)]
        self._turns[0].set()

    def wait_for_turn(self, number: int) -> None:
        """Wait until the item before this one is queued or has ended."""
        self._turns[number].wait()

    def pass_turn(self, number: int) -> None:
        """Let the item after this one begin; may be called again."""
        self._turns[number + 1].set()


def _with_original_results(results: list[ItemResult]) -> list[ItemResult]:
    """Give duplicates the outcome of the items they repeat."""
    return [
        result
        if result.item.duplicate_of is None
        else replace(result, fetched=results[result.item.duplicate_of].fetched)
        for result in results
    ]


@contextmanager
def stop_on_signals(stop_signal: StopSignal) -> Iterator[None]:
    """Set `stop_signal` on a signal while it lasts.

    The first Ctrl-C lets running downloads finish; a second one, SIGTERM and SIGHUP
    stop them. What the caller ignores stays ignored: `nohup` ignores SIGHUP, a shell
    SIGINT for what it runs in the background.
    """

    def on_signal(number: int, _frame: FrameType | None) -> None:
        gently = number == signal.SIGINT and stop_signal.level is StopLevel.NONE
        stop_signal.level = StopLevel.GRACEFUL if gently else StopLevel.IMMEDIATE

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, on_signal)
        for number in signals
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _settings(context: CommandContext) -> Settings:
    settings = with_short_retries(context.settings)
    workers = context.args.jobs or settings.download.workers
    return replace(settings, download=replace(settings.download, workers=workers))


def _thread_count(settings: Settings) -> int:
    """Return the threads: while one download is converted, another can start."""
    return settings.download.workers + converter_count(settings)


def _exit_status(results: Sequence[ItemResult], stop_signal: StopSignal) -> int:
    undone = any(result.failure == INTERRUPTED for result in results)
    if stop_signal.level is not StopLevel.NONE and undone:
        return Exit.INTERRUPTED
    wrong = {ItemStatus.FAILED, ItemStatus.REJECTED, ItemStatus.SKIPPED}
    return Exit.FAILED if any(e.status in wrong for e in results) else Exit.OK
