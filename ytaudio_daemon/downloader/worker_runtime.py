"""The workers of one program: its pool thread, started when needed, and its tools."""

import threading
import weakref
from pathlib import Path

from ytaudio_daemon.downloader.pool_thread import AttemptHandle, PoolThread
from ytaudio_daemon.fetch import CA_FILE_ENV
from ytaudio_daemon.fetch.tools import Tools, find_tools
from ytaudio_daemon.jobs.config_values import converter_count
from ytaudio_daemon.model import AttemptRequest
from ytaudio_daemon.settings import Settings


class WorkerRuntime:
    """Runs attempts for any number of threads; starts nothing before the first attempt.

    It ends with `close`, when it is garbage-collected, or with the program.

    Args:
        settings: Sections download, collections and disk.
        home: The workers' private home folder.
    """

    def __init__(self, settings: Settings, home: Path) -> None:
        self._settings = settings
        self._home = home
        self._lock = threading.Lock()
        self._pool_thread: PoolThread | None = None
        self._tools: Tools | None = None

    def start(self, request: AttemptRequest) -> AttemptHandle:
        """Run an attempt as soon as the pool has room for it."""
        return self._usable_pool_thread().start(request)

    def warm(self) -> None:
        """Start the workers' template in the background."""
        self._usable_pool_thread()

    def close(self) -> None:
        """End running attempts; a later attempt would start a new pool."""
        with self._lock:
            pool_thread, self._pool_thread = self._pool_thread, None
        if pool_thread is not None:
            pool_thread.close()

    @property
    def tools(self) -> Tools:
        """The ffmpeg and JavaScript runtime found; searched again while one is missing."""
        with self._lock:
            if self._tools is None or not self._tools.is_complete():
                self._tools = find_tools()
            return self._tools

    def _usable_pool_thread(self) -> PoolThread:
        with self._lock:
            if self._pool_thread is None or not self._pool_thread.is_usable:
                download = self._settings.download
                self._pool_thread = PoolThread(
                    home=self._home,
                    downloads=download.workers,
                    converters=converter_count(self._settings),
                    listers=self._settings.collections.resolvers,
                    environment={CA_FILE_ENV: str(download.ca_file or "")},
                )
                # The pool thread has no reference to us, so that we can be collected;
                # then, or at the program's end, its processes end, too.
                weakref.finalize(self, self._pool_thread.close)
            return self._pool_thread
