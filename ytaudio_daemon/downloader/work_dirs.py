"""The cache and work folders of a run without a daemon."""

import os
import stat
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.output_folder import WorkFolder


def user_cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return our folder in the user's cache, for yt-dlp's cache and the workers' home.

    `$XDG_CACHE_HOME/ytaudio`, else `~/.cache/ytaudio` (freedesktop's Base Directory
    Specification); where that cannot be written, one in the system's temporary folder.

    Raises:
        UsageError: Neither can be written.
    """
    home = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/")) / ".cache"
    spare = Path(tempfile.gettempdir()) / f"ytaudio-{os.getuid()}"
    for folder in (Path(home) / "ytaudio", spare):
        if _ensure_private_dir(folder):
            return folder
    raise UsageError(
        f"neither {home} nor {spare.parent} can be written",
        "Set XDG_CACHE_HOME to a folder of your own.",
    )


def _ensure_private_dir(folder: Path) -> bool:
    """Make a folder if missing; return whether it is ours, private and writable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return is_own and os.access(folder, os.W_OK | os.X_OK)


class SharedWorkDir:
    """The hidden work folder in an output folder; exists only while a download runs.

    So a program that never closes its downloader leaves nothing behind.

    Args:
        output: The output folder.
        cache: As `user_cache_dir` returns it.
    """

    def __init__(self, output: Path, cache: Path) -> None:
        self._output = output
        self._cache = cache
        self._lock = threading.Lock()
        self._users = 0
        self._folder: WorkFolder | None = None

    @contextmanager
    def acquired(self) -> Iterator[Layout]:
        """Yield the tree in which attempts work; the last user removes it.

        Raises:
            OSError: It cannot be made.
        """
        folder = self._acquire()
        try:
            yield work_layout(folder.path, self._cache)
        finally:
            self._release()

    def _acquire(self) -> WorkFolder:
        with self._lock:
            if self._folder is None:
                self._folder = WorkFolder(self._output)
            self._users += 1
            return self._folder

    def _release(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._folder is not None:
                self._folder.remove()
                self._folder = None


def work_layout(root: Path, cache: Path) -> Layout:
    """Return a tree like the daemon's, of which only work and cache are used."""
    return Layout(
        inbox=root / "inbox",
        downloads=root,
        library=None,
        status=root / "status",
        state=cache,
    )
