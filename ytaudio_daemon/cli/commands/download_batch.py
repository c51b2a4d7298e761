"""Downloads a list of items: several at once, stopped by Ctrl-C."""

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

from ytaudio_daemon.cli.commands.download_feed import ItemFeed
from ytaudio_daemon.cli.commands.download_list import Item
from ytaudio_daemon.cli.commands.download_results import (
    BatchReporter,
    ItemResult,
    ItemStatus,
)
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.downloader.collection_expander import (
    CollectionExpander,
    ExpandControl,
)
from ytaudio_daemon.downloader.folder_downloader import (
    DownloadOutcome,
    FolderDownloader,
)
from ytaudio_daemon.downloader.ordered_batch import BatchTask, OrderedBatch
from ytaudio_daemon.downloader.retry_policy import with_short_retries
from ytaudio_daemon.downloader.stop_signal import (
    INTERRUPTED,
    POLL_S,
    StopLevel,
    StopSignal,
)
from ytaudio_daemon.downloader.work_dirs import user_cache_dir
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.jobs.config_values import converter_count
from ytaudio_daemon.model import Outcome
from ytaudio_daemon.settings import Settings


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
        if any(item.request or item.collection for item in items):
            worker_runtime.warm()
        batch = BatchDownloader(downloader, reporter, stop_signal, settings)
        with stop_on_signals(stop_signal):
            results = batch.download_all(items, worker_runtime)
        reporter.on_finish(results, downloader.output)
    return _exit_status(results, stop_signal)


class BatchDownloader:
    """Downloads items in several threads.

    Args:
        downloader: Downloads one item.
        reporter: Reports progress and results.
        stop_signal: Ends the batch early.
        settings: Sections download and collections.
    """

    def __init__(
        self,
        downloader: FolderDownloader,
        reporter: BatchReporter,
        stop_signal: StopSignal,
        settings: Settings,
    ) -> None:
        self._downloader = downloader
        self._reporter = reporter
        self._stop_signal = stop_signal
        self._settings = settings
        self._batch = OrderedBatch(downloader, stop_signal, _thread_count(settings))
        self._reported = StopLevel.NONE

    def download_all(
        self, items: Sequence[Item], runtime: WorkerRuntime
    ) -> list[ItemResult]:
        """Download every item that can be; returns their results in the same order.

        Entries of a collection begin while it is still being listed.
        """
        self._reporter.on_start(items)
        feed = self._feed(items, runtime)
        with self._batch:
            futures = [
                self._batch.add(self._task(number, item))
                for number, item in enumerate(feed)
            ]
            self._wait_all(futures)
        return _with_original_results([future.result() for future in futures])

    def _feed(self, items: Sequence[Item], runtime: WorkerRuntime) -> ItemFeed:
        expander = CollectionExpander(
            self._settings,
            runtime,
            self._downloader.work_dir.acquired,
            self._downloader.egress,
        )
        control = ExpandControl(
            stop_signal=self._stop_signal, on_wait=self._report_interruption
        )
        return ItemFeed(
            items,
            expander,
            max_items=self._settings.collections.max_items,
            control=control,
            on_listed=self._reporter.on_listed,
        )

    def _wait_all(self, futures: Sequence["Future[ItemResult]"]) -> None:
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=POLL_S)
            self._report_interruption()

    def _report_interruption(self) -> None:
        level = self._stop_signal.level
        if level is not self._reported:
            self._reported = level
            self._reporter.on_interrupted(level, self._batch.running_count)

    def _task(self, number: int, item: Item) -> BatchTask[ItemResult]:
        is_wanted = item.duplicate_of is None
        return BatchTask(
            request=item.request if is_wanted else None,
            on_progress=partial(self._reporter.on_progress, number, item),
            on_end=partial(self._end, number, item),
        )

    def _end(
        self, number: int, item: Item, fetched: DownloadOutcome | None
    ) -> ItemResult:
        result = _item_result(item, fetched)
        self._reporter.on_item_result(number, result)
        return result


def _item_result(item: Item, fetched: DownloadOutcome | None) -> ItemResult:
    if item.duplicate_of is not None:
        return ItemResult(item=item, status=ItemStatus.DUPLICATE)
    if fetched is not None:
        return ItemResult(item=item, status=_item_status(fetched), fetched=fetched)
    if item.entry is not None:
        return ItemResult(item=item, status=ItemStatus.UNAVAILABLE)
    if item.expansion is not None:
        outcome = Outcome(failure=item.expansion.failure)
        is_begun = item.expansion.failure != INTERRUPTED
        listed = DownloadOutcome(outcome=outcome, attempts=int(is_begun))
        return ItemResult(item=item, status=_item_status(listed), fetched=listed)
    return ItemResult(item=item, status=ItemStatus.REJECTED)


def _item_status(fetched: DownloadOutcome) -> ItemStatus:
    if fetched.was_skipped:
        return ItemStatus.SKIPPED
    failed = fetched.outcome.failure is not None
    return ItemStatus.FAILED if failed else ItemStatus.COMPLETED


def _with_original_results(results: list[ItemResult]) -> list[ItemResult]:
    """Return the results, where duplicates have the outcome of the items they repeat."""
    return [
        result
        if result.item.duplicate_of is None or result.item.collection is not None
        else replace(result, fetched=results[result.item.duplicate_of].fetched)
        for result in results
    ]


@contextmanager
def stop_on_signals(stop_signal: StopSignal) -> Iterator[None]:
    """Set `stop_signal` when a signal comes inside.

    The first Ctrl-C lets running downloads finish; a second one, SIGTERM and SIGHUP
    stop them. Signals that the caller ignores stay ignored: `nohup` ignores SIGHUP, a shell
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
