"""Downloads and lists collections for callers of the Python API."""

import queue
import threading
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from ytaudio_daemon.downloader.collection_expander import (
    CollectionExpander,
    ExpandControl,
)
from ytaudio_daemon.downloader.entry_results import (
    entry_result,
    failed_listing_result,
    listed_entries,
)
from ytaudio_daemon.downloader.expansion import (
    CollectionRequest,
    ExpandedEntry,
    Expansion,
)
from ytaudio_daemon.downloader.folder_downloader import (
    DownloadOutcome,
    DownloadRequest,
    FolderDownloader,
)
from ytaudio_daemon.downloader.ordered_batch import BatchTask, OrderedBatch
from ytaudio_daemon.downloader.result import (
    CollectionEntry,
    EntryResult,
    ProgressCallback,
    ProgressForwarder,
    final_event,
)
from ytaudio_daemon.downloader.selection_input import parse_collection_url
from ytaudio_daemon.downloader.stop_signal import StopLevel, StopSignal
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.jobs.config_values import converter_count
from ytaudio_daemon.model import Options, Progress
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import CollectionLink, Link, LinkError

#: Progress reports that may wait for the consumer; further ones are dropped.
MAX_WAITING_REPORTS = 1000


@dataclass(frozen=True, slots=True)
class _Report:
    """A progress report, on its way into the consumer's thread."""

    forwarder: ProgressForwarder
    progress: Progress


#: What the threads pass to the consumer; None is the last one.
_Event: TypeAlias = EntryResult | _Report | BaseException | None


class CollectionDownload:
    """Downloads the entries of one collection, in threads of its own.

    Args:
        downloader: Downloads one link.
        expander: Lists the collection.
        threads: Number of threads.
        stop_signal: Ends the download early.
        callback: Called with progress events, in the consumer's thread; or None.
    """

    def __init__(
        self,
        downloader: FolderDownloader,
        expander: CollectionExpander,
        threads: int,
        stop_signal: StopSignal,
        callback: ProgressCallback | None,
    ) -> None:
        self._downloader = downloader
        self._expander = expander
        self._threads = threads
        self._stop_signal = stop_signal
        self._callback = callback
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()

    def results(self, expansion: Expansion, options: Options) -> Generator[EntryResult]:
        """Yield the result of each selected entry as it ends; to be called once.

        Downloads go on while the consumer works with a result. When the consumer closes
        the generator, or an exception of the callback ends it, what runs is killed.

        Args:
            expansion: Has the collection and its selection.
            options: For the audio.
        """
        feeder = threading.Thread(
            target=self._feed, args=(expansion, options), daemon=True
        )
        feeder.start()
        try:
            while (event := self._events.get()) is not None:
                if isinstance(event, BaseException):
                    raise event
                if isinstance(event, _Report):
                    event.forwarder(event.progress)
                else:
                    self._report_end(event)
                    yield event
        finally:
            self._stop_signal.level = StopLevel.IMMEDIATE
            feeder.join()

    def _feed(self, expansion: Expansion, options: Options) -> None:
        try:
            self._download_entries(expansion, options)
            if expansion.failure is not None:
                self._events.put(failed_listing_result(expansion))
        except BaseException as error:  # noqa: BLE001 - raised in the consumer's thread
            self._events.put(error)
        finally:
            self._events.put(None)

    def _download_entries(self, expansion: Expansion, options: Options) -> None:
        control = ExpandControl(stop_signal=self._stop_signal)
        batch = OrderedBatch(self._downloader, self._stop_signal, self._threads)
        with batch:
            for expanded in self._expander.expand(expansion, control):
                if expanded.skipped is None:
                    task = self._task(expansion, expanded, options)
                    batch.add(task).add_done_callback(self._forward_error)

    def _task(
        self, expansion: Expansion, expanded: ExpandedEntry, options: Options
    ) -> BatchTask[None]:
        entry = expanded.entry
        link = Link(entry.video_id, is_music=expansion.collection.is_music)
        request = DownloadRequest(
            link=link, options=options, album_tags=expanded.album_tags
        )
        forwarder = ProgressForwarder(link.url, self._callback)
        return BatchTask(
            request=request if expanded.is_wanted else None,
            on_progress=partial(self._report_progress, forwarder),
            on_end=partial(self._end, expansion, expanded),
        )

    def _end(
        self,
        expansion: Expansion,
        expanded: ExpandedEntry,
        fetched: DownloadOutcome | None,
    ) -> None:
        self._events.put(entry_result(expansion, expanded, fetched))

    def _report_progress(self, forwarder: ProgressForwarder, report: Progress) -> None:
        if self._callback is not None and self._events.qsize() < MAX_WAITING_REPORTS:
            self._events.put(_Report(forwarder, report))

    def _forward_error(self, ended: "Future[None]") -> None:
        error = ended.exception()
        if error is not None:
            self._events.put(error)

    def _report_end(self, result: EntryResult) -> None:
        if self._callback is not None:
            self._callback(final_event(result.url, result))


class CollectionDownloader:
    """Downloads and lists collections; safe to use from many threads.

    Args:
        folder_downloader: Downloads one link.
        settings: As `with_short_retries` returns them.
        runtime: Runs the workers.
        stop_signal: Ends everything early.
    """

    def __init__(
        self,
        folder_downloader: FolderDownloader,
        settings: Settings,
        runtime: WorkerRuntime,
        stop_signal: StopSignal,
    ) -> None:
        self._folder_downloader = folder_downloader
        self._settings = settings
        self._stop_signal = stop_signal
        self._expander = CollectionExpander(
            settings,
            runtime,
            folder_downloader.work_dir.acquired,
            folder_downloader.egress,
        )

    def download(
        self,
        url: str,
        selection: Selection,
        options: Options,
        callback: ProgressCallback | None,
    ) -> Generator[EntryResult]:
        """Return a generator of the results of a collection's entries.

        Args:
            url: As the caller wrote it; a bad one is a failed result.
            selection: Which entries are wanted.
            options: For the audio.
            callback: Gets progress events.
        """
        try:
            collection = parse_collection_url(url)
        except LinkError as error:
            return _yield_rejected(url, error, callback)
        download = CollectionDownload(
            self._folder_downloader,
            self._expander,
            self._settings.download.workers + converter_count(self._settings),
            StopSignal(self._stop_signal),
            callback,
        )
        return download.results(self._expansion(collection, selection), options)

    def expand(self, url: str, selection: Selection) -> Generator[CollectionEntry]:
        """Return a generator of a collection's entries; it may raise ListingError.

        Args:
            url: As the caller wrote it.
            selection: Which entries would be wanted.

        Raises:
            UsageError: The link names no collection.
        """
        try:
            collection = parse_collection_url(url)
        except LinkError as error:
            raise UsageError(error.message) from error
        control = ExpandControl(stop_signal=StopSignal(self._stop_signal))
        expansion = self._expansion(collection, selection)
        return listed_entries(self._expander, expansion, control)

    def _expansion(self, collection: CollectionLink, selection: Selection) -> Expansion:
        request = CollectionRequest(collection=collection, selection=selection)
        limit = self._settings.collections.max_items
        return Expansion(request=request, max_items=limit)


def _yield_rejected(
    url: str, error: LinkError, callback: ProgressCallback | None
) -> Generator[EntryResult]:
    result = EntryResult.rejected(url, error.message)
    if callback is not None:
        callback(final_event(url, result))
    yield result
