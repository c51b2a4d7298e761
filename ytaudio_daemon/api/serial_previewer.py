"""Makes previews of collections for the server, one at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.downloader.collection_expander import ExpandControl
from ytaudio_daemon.downloader.collection_preview import (
    CollectionPreviewer,
    PreviewedCollection,
)
from ytaudio_daemon.downloader.expansion import CollectionRequest
from ytaudio_daemon.downloader.stop_signal import StopLevel, StopSignal
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.jobs.prepare import private_paths
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.options import Options
from ytaudio_daemon.settings import Settings

#: Seconds that a preview may take.
TIMEOUT_S = 60.0
#: Seconds after which a client should ask again while another preview is made.
RETRY_AFTER_S = 5
#: Failures that are the list's own; the others may pass.
_LIST_FAILURES = frozenset({FailureKind.UNAVAILABLE, FailureKind.POLICY})


class SerialPreviewer:
    """Previews one collection at a time; starts no process before the first.

    Args:
        layout: What its workers must not reach.
        settings: The daemon's.
    """

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self._layout = layout
        self._settings = settings
        self._lock = threading.Lock()
        self._previewer: CollectionPreviewer | None = None

    def preview(
        self,
        request: CollectionRequest,
        options: Options,
        own_cookies: Path | None,
        is_closing: Callable[[], bool],
    ) -> PreviewedCollection:
        """List a collection, or as much of it as `TIMEOUT_S` allows.

        Args:
            request: The collection, and which entries are wanted.
            options: What its jobs would get.
            own_cookies: The session's, in place of the config's.
            is_closing: Returns True once the server stops: the listing ends then.

        Raises:
            Problem: Another one is being made, or the list cannot be read.
        """
        with self.reserved():
            return self._list(request, options, own_cookies, is_closing)

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Reserve the previewer for one preview.

        Raises:
            Problem: Another preview is being made.
        """
        if not self._lock.acquire(blocking=False):
            raise _busy_problem()
        try:
            yield
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the template and the worker."""
        if self._previewer is not None:
            self._previewer.close()

    def _list(
        self,
        request: CollectionRequest,
        options: Options,
        own_cookies: Path | None,
        is_closing: Callable[[], bool],
    ) -> PreviewedCollection:
        signal = StopSignal()

        def stop() -> None:
            signal.level = StopLevel.IMMEDIATE

        def stop_if_closing() -> None:
            if is_closing():
                stop()

        if self._previewer is None:
            paths = private_paths(self._layout, self._settings)
            self._previewer = CollectionPreviewer(self._settings, paths)
        control = ExpandControl(stop_signal=signal, on_wait=stop_if_closing)
        timer = threading.Timer(TIMEOUT_S, stop)
        timer.daemon = True
        timer.start()
        try:
            made = self._previewer.preview(request, options, control, own_cookies)
        finally:
            timer.cancel()
        failure = made.expansion.failure
        if failure is not None:
            raise _timeout_problem() if signal.is_set else _listing_problem(failure)
        return made


def _busy_problem() -> Problem:
    return Problem(
        429,
        "preview_busy",
        "Another preview is being made; there is one at a time.",
        "Come again in some seconds, or post the link: that waits in its turn.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def _timeout_problem() -> Problem:
    return Problem(
        504,
        "preview_timeout",
        f"The list was not read within {TIMEOUT_S:.0f} s.",
        "Ask for less of it with items or max_items, or post the link: that takes its time.",
    )


def _listing_problem(failure: Failure) -> Problem:
    status = 422 if failure.kind in _LIST_FAILURES else 503
    return Problem(status, failure.code, failure.message, failure.hint)
