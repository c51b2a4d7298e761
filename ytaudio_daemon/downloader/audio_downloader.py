"""`AudioDownloader`: the object with which a program downloads."""

import os
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, Unpack

from ytaudio_daemon.downloader.collection_downloader import CollectionDownloader
from ytaudio_daemon.downloader.folder_downloader import (
    DownloadControl,
    DownloadRequest,
    FolderDownloader,
)
from ytaudio_daemon.downloader.options_input import (
    checked_options,
    default_settings,
    folder_path,
    parse_url,
)
from ytaudio_daemon.downloader.result import (
    CollectionEntry,
    DownloadResult,
    EntryResult,
    ProgressCallback,
    ProgressForwarder,
    final_event,
    rejected_result,
    result_of,
)
from ytaudio_daemon.downloader.retry_policy import with_short_retries
from ytaudio_daemon.downloader.selection_input import (
    SelectionOptions,
    checked_selection,
)
from ytaudio_daemon.downloader.stop_signal import StopLevel, StopSignal
from ytaudio_daemon.downloader.work_dirs import user_cache_dir
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.settings import KEYS, Settings
from ytaudio_daemon.system.utf8_mode import require_utf8_file_names
from ytaudio_daemon.urls import LinkError


class AudioDownloader:
    """Downloads audio into a folder; safe to use from many threads at once.

    Files go flat into the folder, "<Title> [id].mp3" where a title is taken; nothing
    there is ever replaced. The folder holds a hidden `.ytaudio-work-…` while a
    download runs. Its processes end with `close`, at the end of a `with` block, when the
    object is garbage-collected, or with the program.

    Args:
        output_dir: Made if missing.
        quality: bestaudio, worstaudio, best or worst.
        format: mp3, m4a, wav, flac, ogg or opus.
        progress_callback: Called with a dictionary for each progress report, in the
            thread that asked for the download. An exception it raises ends that download.
        bitrate: Such as "256k", for lossy formats. By default, audio that must be
            encoded gets the config's bitrate, and audio that can be copied is copied.
        filename: Words and any of `%(title)s %(artist)s %(album)s %(track)s %(date)s
            %(id)s %(channel)s`, without the ending.
        proxy: A URL that all requests to YouTube go through.
        ca_file: A PEM file with the certificate authorities to trust.
        max_workers: The number of downloads at once, however many threads ask.
        settings: Instead of those that `ytaudio` would find. Their sections download (but
            for format, quality and file name), retry, collections and disk hold for every
            download, the rest for those with a session.

    Raises:
        UsageError: An option is not allowed, `output_dir` is no path, the folder cannot
            be written, or this Python encodes file names otherwise than in UTF-8.
        ConfigError: The config file is unusable.
    """

    def __init__(  # noqa: PLR0913 - one named option each, all but two optional
        self,
        output_dir: str | os.PathLike[str] = "./downloads",
        quality: str = "bestaudio",
        format: str = "mp3",  # noqa: A002 - the word people use
        progress_callback: ProgressCallback | None = None,
        *,
        bitrate: str | None = None,
        filename: str = "%(title)s",
        proxy: str | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        max_workers: int | None = None,
        settings: Settings | None = None,
    ) -> None:
        require_utf8_file_names()
        given = {"quality": quality, "format": format, "filename": filename}
        if bitrate is not None:
            given["bitrate"] = bitrate
        overridden = _with_overrides(
            settings or default_settings(),
            {"proxy": proxy, "ca_file": ca_file, "max_workers": max_workers},
        )
        self._settings = with_short_retries(overridden)
        self._options = checked_options(given, self._settings)
        self._callback = progress_callback
        self._stop_signal = StopSignal()
        self._runtime = WorkerRuntime(self._settings, user_cache_dir() / "home")
        self._folder_downloader = FolderDownloader(
            folder_path(output_dir), self._settings, self._runtime
        )
        self._collections = CollectionDownloader(
            self._folder_downloader, self._settings, self._runtime, self._stop_signal
        )

    def download_audio(self, url: str) -> DownloadResult:
        """Download one video's audio and wait for it.

        The same link again, with the same downloader, returns the file that is there.

        Args:
            url: A link to one YouTube video, in any of its usual forms.

        Returns:
            The result. A failed download, or a bad link, is a result, too.

        Raises:
            UsageError: This downloader is closed.
        """
        self._require_open()
        try:
            link = parse_url(url)
        except LinkError as error:
            return self._report_end(url, rejected_result(error.message))
        request = DownloadRequest(link=link, options=self._options)
        control = DownloadControl(
            on_progress=ProgressForwarder(url, self._callback),
            stop_signal=self._stop_signal,
        )
        fetched = self._folder_downloader.fetch(request, control)
        return self._report_end(url, result_of(fetched.outcome, fetched.path))

    def download_audio_with_session(
        self, url: str, session_uuid: str, job_uuid: str, *, again: bool = False
    ) -> DownloadResult:
        """Download one video's audio as a job of a session, and wait for it.

        The job is in the configured ledger, and its audio where the daemon would put it:
        `downloads/<session>/<job>/audio/`. A running daemon leaves the job alone while
        this process has claimed it. Audio that the session has already is not downloaded
        again.

        Args:
            url: A link to one YouTube video.
            session_uuid: From `create_session`.
            job_uuid: From `get_url_uuid`.
            again: Download it although the archive has the video.

        Returns:
            The result, as from `download_audio`; a failed one, too, for a video that the
            archive has.

        Raises:
            UnknownSessionError: There is no such session.
            SessionExpiredError: It has ended.
            UsageError: `job_uuid` is no UUID, or another link's or session's.
            LedgerError: The ledger cannot be used.
        """
        from ytaudio_daemon.downloader import session_jobs  # noqa: PLC0415 - 0.2 s of SQL

        self._require_open()
        try:
            link = parse_url(url)
        except LinkError as error:
            return self._report_end(url, rejected_result(error.message))
        request = session_jobs.SessionJobRequest(
            download_request=DownloadRequest(link=link, options=self._options),
            session_uuid=session_uuid,
            job_uuid=job_uuid,
            again=again,
        )
        with session_jobs.open_runner(self._settings, self._runtime) as runner:
            result = runner.fetch(
                request, ProgressForwarder(url, self._callback), self._stop_signal
            )
        return self._report_end(url, result)

    def download_collection(
        self, url: str, **selection: Unpack[SelectionOptions]
    ) -> Generator[EntryResult]:
        """Download the entries of a playlist, an album or a channel.

        Nothing begins before the first result is asked for; then downloads go on while
        the caller works with one. Closing the generator, or leaving a loop over it with
        `break`, ends what runs.

        Args:
            url: A link to the list, alone or beside a video.
            selection: Which entries are wanted, such as `items="1-12"`.

        Returns:
            A generator of results, each as its download ends. A bad link, and a list
            that cannot be read, are failed results without a position.

        Raises:
            UsageError: The selection is not allowed, or this downloader is closed.
        """
        self._require_open()
        return self._collections.download(
            url, checked_selection(selection), self._options, self._callback
        )

    def expand(
        self, url: str, **selection: Unpack[SelectionOptions]
    ) -> Generator[CollectionEntry]:
        """List the entries of a playlist, an album or a channel; download nothing.

        Args:
            url: A link to the list, alone or beside a video.
            selection: Which entries would be wanted; the others say why not.

        Returns:
            A generator of entries; it raises ListingError where the list cannot be
            read, or not to its end.

        Raises:
            UsageError: Link or selection are not allowed, or this downloader is closed.
        """
        self._require_open()
        return self._collections.expand(url, checked_selection(selection))

    def close(self) -> None:
        """End everything that runs; those downloads return as failed."""
        self._stop_signal.level = StopLevel.IMMEDIATE
        self._runtime.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require_open(self) -> None:
        if self._stop_signal.level is not StopLevel.NONE:
            raise UsageError("this AudioDownloader was closed", "Make a new one.")

    def _report_end(self, url: str, result: DownloadResult) -> DownloadResult:
        if self._callback is not None:
            self._callback(final_event(url, result))
        return result


def _with_overrides(settings: Settings, overrides: Mapping[str, object]) -> Settings:
    """Return the settings with some keys of `[download]` replaced by the caller's values.

    Args:
        settings: The settings without them.
        overrides: By the parameter's name: the key's, with or without `max_`.

    Raises:
        UsageError: A value is not allowed.
    """
    changed: dict[str, Any] = {}
    for name, value in overrides.items():
        if value is None:
            continue
        key = KEYS[f"download.{name.removeprefix('max_')}"]
        text = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
        try:
            changed[key.name] = key.value_type.parse(text)
        except ValueError as error:
            raise UsageError(
                f"{name} cannot be {value!r}; allowed: {key.value_type.allowed}"
            ) from error
    if "ca_file" in changed:
        changed["ca_file"] = _existing_file(Path(changed["ca_file"]))
    return replace(settings, download=replace(settings.download, **changed))


def _existing_file(file: Path) -> Path:
    absolute = file.expanduser().absolute()
    if not absolute.is_file():
        raise UsageError(f"there is no ca_file {absolute}")
    return absolute
