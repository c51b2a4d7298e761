"""Downloads links into one folder: the core of `ytaudio download` and the Python API."""

import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path

from ytaudio_daemon.downloader.await_attempt import ProgressListener, run_to_end
from ytaudio_daemon.downloader.egress_choice import EgressChoice
from ytaudio_daemon.downloader.finished_files import FinishedFiles
from ytaudio_daemon.downloader.pool_thread import AttemptHandle
from ytaudio_daemon.downloader.retry_policy import retry_delay_s
from ytaudio_daemon.downloader.stop_signal import INTERRUPTED, StopLevel, StopSignal
from ytaudio_daemon.downloader.work_dirs import SharedWorkDir, user_cache_dir
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.errors import UnsafePathError, UsageError
from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.folders.output_folder import WorkFolder, move_into_output
from ytaudio_daemon.jobs.config_values import egress_keys
from ytaudio_daemon.jobs.fetch_requests import fetch_request
from ytaudio_daemon.model import Failure, FailureKind, Options, Outcome
from ytaudio_daemon.model.outcome import JOB_DIR
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadControl:
    """How the caller of a download observes it and ends it.

    Attributes:
        on_progress: Called with each progress report, in the caller's thread.
        stop_signal: Ends the download early.
        on_queued: Called when an attempt is in the pool's queue, which keeps the order.
    """

    on_progress: ProgressListener
    stop_signal: StopSignal
    on_queued: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest:
    """One link and the options for its audio.

    Attributes:
        link: The video.
        options: For its audio.
        album_tags: Tags of the album that the song is on; those of a person win.
    """

    link: Link
    options: Options
    album_tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def audio_key(self) -> tuple[str, str]:
        """Equal for requests that would produce the same audio."""
        return self.link.video_id, self.options.profile()


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadOutcome:
    """The end of a download request.

    Attributes:
        outcome: The last attempt's outcome.
        path: The finished file; None if the download failed.
        attempts: The number of attempts; 0 when an earlier run finished the file.
    """

    outcome: Outcome
    path: Path | None = None
    attempts: int = 1

    @property
    def was_skipped(self) -> bool:
        """Whether it was not even begun."""
        return self.outcome.failure is not None and self.attempts == 0

    @property
    def file_exists(self) -> bool:
        """Whether the finished file still exists."""
        return self.path is not None and self.path.is_file()


class FolderDownloader:
    """Downloads into a folder; safe to use from many threads.

    Args:
        output: The folder; made if missing.
        settings: As `with_short_retries` returns them.
        runtime: Runs the workers.

    Attributes:
        output: The folder, absolute.
        work_dir: Where attempts work.
        egress: Which egress attempts take.

    Raises:
        UsageError: The folder cannot be made or written.
    """

    def __init__(
        self, output: Path, settings: Settings, runtime: WorkerRuntime
    ) -> None:
        self.output = usable_folder(output)
        self._settings = settings
        self._runtime = runtime
        cache = user_cache_dir()
        self.work_dir = SharedWorkDir(self.output, cache)
        self._finished_files = FinishedFiles(self.output, cache)
        self.egress = EgressChoice(egress_keys(settings))
        self._lock = threading.Lock()
        #: By `audio_key`: the end of the download, or None if it ended with an exception.
        self._downloads: dict[tuple[str, str], Future[DownloadOutcome | None]] = {}

    def fetch(
        self, request: DownloadRequest, control: DownloadControl
    ) -> DownloadOutcome:
        """Download a link, or return the end of an equal request, also of an earlier run.

        A request that equals a running one waits for it; if the other caller interrupts
        that one, the download begins anew.

        Args:
            request: The link and its options.
            control: Observes the download and ends it early.
        """
        while True:
            future, is_mine = self._get_or_add_future(request)
            if is_mine:
                return self._fetch_and_resolve(request, future, control)
            was_over = future.done()
            fetched = future.result()
            if fetched is not None and (
                fetched.file_exists
                or not (was_over or _ended_by_other_caller(fetched, control))
            ):
                return fetched
            self._remove_future(request, future)

    def _get_or_add_future(
        self, request: DownloadRequest
    ) -> tuple["Future[DownloadOutcome | None]", bool]:
        mine: Future[DownloadOutcome | None] = Future()
        with self._lock:
            future = self._downloads.setdefault(request.audio_key, mine)
        return future, future is mine

    def _remove_future(
        self, request: DownloadRequest, future: "Future[DownloadOutcome | None]"
    ) -> None:
        with self._lock:
            if self._downloads.get(request.audio_key) is future:
                del self._downloads[request.audio_key]

    def _fetch_and_resolve(
        self,
        request: DownloadRequest,
        future: "Future[DownloadOutcome | None]",
        control: DownloadControl,
    ) -> DownloadOutcome:
        fetched = None
        try:
            fetched = self._find_finished(request) or self._fetch_with_retries(
                request, control
            )
        except (OSError, UnsafePathError) as error:
            fetched = DownloadOutcome(
                outcome=Outcome(failure=output_folder_failure(error))
            )
        finally:
            future.set_result(fetched)
        return fetched

    def _find_finished(self, request: DownloadRequest) -> DownloadOutcome | None:
        """Return the finished file of an earlier run, None when there is none."""
        found = self._finished_files.find(request.audio_key)
        if found is None:
            return None
        path, outcome = found
        return DownloadOutcome(outcome=outcome, path=path, attempts=0)

    def _fetch_with_retries(
        self, request: DownloadRequest, control: DownloadControl
    ) -> DownloadOutcome:
        """Try until it succeeds, fails for good, or has been tried often enough."""
        key = str(uuid.uuid4())
        failures: list[Failure] = []
        with self.work_dir.acquired() as layout:
            try:
                while True:
                    name = (key, len(failures) + 1)
                    fetched = self._attempt(request, layout, name, control)
                    if fetched.outcome.failure is None:
                        return fetched
                    failures.append(fetched.outcome.failure)
                    pause = retry_delay_s(failures, self._settings)
                    if pause is None or not control.stop_signal.wait(pause):
                        return fetched
            finally:
                publishing.clear_work(layout, key)

    def _attempt(
        self,
        request: DownloadRequest,
        layout: Layout,
        name: tuple[str, int],
        control: DownloadControl,
    ) -> DownloadOutcome:
        """Make one attempt, and move its audio into the output folder.

        Args:
            request: The link and its options.
            layout: The tree in which the attempt works.
            name: The download's key and the attempt's number.
            control: Observes the attempt and ends it early.
        """
        key, number = name
        egress = self.egress.current
        handle = self._start(request, layout, name, egress)
        control.on_queued()
        stop_signal = control.stop_signal
        ended = run_to_end(
            handle,
            control.on_progress,
            lambda: stop_signal.level is StopLevel.IMMEDIATE,
        )
        outcome = ended.outcome
        if outcome.result is not None:
            job = layout.attempt_dir(key, number) / JOB_DIR
            return self._publish(request, job, outcome, number)
        if outcome.failure is not None:
            self.egress.switch_after(outcome.failure, egress)
        if stop_signal.level is StopLevel.IMMEDIATE:
            outcome = replace(outcome, failure=INTERRUPTED)
        return DownloadOutcome(outcome=outcome, attempts=number)

    def _start(
        self,
        request: DownloadRequest,
        layout: Layout,
        name: tuple[str, int],
        egress: str,
    ) -> AttemptHandle:
        key, number = name
        earlier = publishing.begin_attempt(layout, key, number)
        attempt_request = fetch_request(
            self._settings,
            self._runtime.tools,
            key=key,
            attempt=number,
            link=request.link,
            options=request.options.to_json(),
            attempt_dir=layout.attempt_dir(key, number),
            earlier_dirs=earlier,
            cache_dir=layout.cache,
            album_tags=request.album_tags,
            egress=egress,
        )
        return self._runtime.start(attempt_request)

    def _publish(
        self, request: DownloadRequest, job: Path, outcome: Outcome, attempts: int
    ) -> DownloadOutcome:
        result = outcome.result
        if result is None:
            raise ValueError("an outcome without failure carries a result")
        audio = job / "audio" / result.file_name
        try:
            path = move_into_output(audio, self.output, result, request.link.video_id)
        except (OSError, UnsafePathError) as error:
            failed = replace(outcome, result=None, failure=output_folder_failure(error))
            return DownloadOutcome(outcome=failed, attempts=attempts)
        self._finished_files.add(request.audio_key, path, outcome)
        return DownloadOutcome(outcome=outcome, path=path, attempts=attempts)


def _ended_by_other_caller(fetched: DownloadOutcome, control: DownloadControl) -> bool:
    """Return whether a shared download was interrupted, but not for this caller."""
    return fetched.outcome.failure is INTERRUPTED and not control.stop_signal.is_set


def usable_folder(folder: Path) -> Path:
    """Return a folder as an absolute path, made if missing and proven writable.

    Raises:
        UsageError: It cannot be made or written.
    """
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        WorkFolder(folder).remove()
    except OSError as error:
        raise UsageError(
            f"the output folder {folder} cannot be used: {error.strerror}",
            "Choose another folder, or let this user write there.",
        ) from error
    return folder


def output_folder_failure(error: Exception) -> Failure:
    """Return the failure of an output folder that cannot be written."""
    return Failure(
        kind=FailureKind.HOST,
        code="output_folder",
        message=f"The output folder cannot be written: {error}",
        hint="Check the disk and the folder's permissions.",
    )
