"""Downloads and lists collections for a program, into the folder of its downloader."""

from collections.abc import Generator

from ytaudio_daemon.downloader.collection_downloads import CollectionDownloads
from ytaudio_daemon.downloader.collection_expander import (
    CollectionExpander,
    ExpandControl,
)
from ytaudio_daemon.downloader.entry_results import listed_entries
from ytaudio_daemon.downloader.expansion import CollectionRequest, Expansion
from ytaudio_daemon.downloader.folder_downloader import FolderDownloader
from ytaudio_daemon.downloader.result import (
    CollectionEntry,
    EntryResult,
    ProgressCallback,
    final_event,
)
from ytaudio_daemon.downloader.selection_input import collection_link
from ytaudio_daemon.downloader.stop_signal import StopSignal
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.jobs.config_values import converter_count
from ytaudio_daemon.model import Options
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import CollectionLink, LinkError


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
            collection = collection_link(url)
        except LinkError as error:
            return _yield_rejected(url, error, callback)
        downloads = CollectionDownloads(
            self._folder_downloader,
            self._expander,
            self._settings.download.workers + converter_count(self._settings),
            StopSignal(self._stop_signal),
            callback,
        )
        return downloads.results(self._expansion(collection, selection), options)

    def expand(self, url: str, selection: Selection) -> Generator[CollectionEntry]:
        """Return a generator of a collection's entries; it may raise ListingError.

        Args:
            url: As the caller wrote it.
            selection: Which entries would be wanted.

        Raises:
            UsageError: The link names no collection.
        """
        try:
            collection = collection_link(url)
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
