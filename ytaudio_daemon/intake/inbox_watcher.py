"""Watches the inbox by inotify (watchdog), so that a change is scanned at once.

Events are only hints: the kernel drops them when its queue is full, watches fail
silently at the limit, and network shares send none. The intake's scan finds everything
without them. The threads of watchdog only store a name and write one wake byte.
"""

import logging
import os
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import structlog
from watchdog.events import (
    DirAttribEvent,
    DirCreatedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver

from ytaudio_daemon import dropfile
from ytaudio_daemon.folders import PROCESSED, REJECTED
from ytaudio_daemon.intake.inbox_observer import InboxObserver

log = structlog.get_logger()

#: The events that the kernel reports. Not reads and removals: our own scans would wake
#: us, and a big drop would fill the kernel's queue twice as fast.
WATCHED_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    DirAttribEvent,
    FileAttribEvent,
]
_OWN_FOLDERS = frozenset({PROCESSED, REJECTED})


class PendingChanges:
    """Changes that the watching threads saw since the last `pop_changes`; thread-safe."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._changed_sessions: set[str | None] = set()
        self._ledger_changed = False

    def mark_session_changed(self, session: str | None) -> None:
        """Add a change in a session's folder; None when it may be anywhere in the inbox.

        The loop is woken once for all changes of a session that it has not popped yet.
        """
        with self._lock:
            if session in self._changed_sessions:
                return
            self._changed_sessions.add(session)
        self._wake()

    def mark_ledger_changed(self) -> None:
        """Add a change of the ledger by a command."""
        with self._lock:
            self._ledger_changed = True
        self._wake()

    def mark_all_changed(self) -> None:
        """Add changes everywhere, in inbox and ledger: events were lost."""
        with self._lock:
            self._changed_sessions.add(None)
            self._ledger_changed = True
        self._wake()

    def pop_changes(self) -> tuple[set[str | None], bool]:
        """Remove and return the changed sessions, and whether the ledger changed."""
        with self._lock:
            sessions, self._changed_sessions = self._changed_sessions, set()
            ledger_changed, self._ledger_changed = self._ledger_changed, False
        return sessions, ledger_changed


class InboxWatcher:
    """Watches the inbox, and the folder in which commands write the wake file.

    Args:
        inbox: Watched with everything below it.
        wake_dir: The folder of the wake file.
        pending_changes: Receives the changes.
    """

    def __init__(
        self, inbox: Path, wake_dir: Path, pending_changes: PendingChanges
    ) -> None:
        self._inbox = inbox
        self._wake_dir = wake_dir
        self._pending_changes = pending_changes
        self._observer: BaseObserver | None = None
        #: All threads that the observer has started; if one died, it starts anew.
        self._threads: list[threading.Thread] = []
        self._last_error = ""
        self._inbox_inode: tuple[int, int] | None = None
        self._watchdog_warnings = _WatchdogWarnings(pending_changes.mark_all_changed)

    def start(self) -> None:
        """Begin to watch; a folder that cannot be watched is left to the scan."""
        self._inbox_inode = _inode(self._inbox)
        _configure_watchdog_logging(is_running=True)
        others = set(threading.enumerate())
        try:
            # It takes its inotify instance at once.
            self._observer = InboxObserver(self._inbox)
            self._start_observer(self._observer)
        except (OSError, RuntimeError) as error:  # the latter: no more threads
            if str(error) != self._last_error:
                log.warning("watch.failed", error=str(error))
            self._last_error = str(error)
            self.stop()
            return
        self._last_error = ""
        self._threads = [t for t in threading.enumerate() if t not in others]
        logging.getLogger("watchdog").addHandler(self._watchdog_warnings)

    def _start_observer(self, observer: BaseObserver) -> None:
        observer.schedule(
            _InboxHandler(self._inbox, self._pending_changes),
            str(self._inbox),
            recursive=True,
            event_filter=WATCHED_EVENTS,
        )
        observer.schedule(
            _WakeFileHandler(self._pending_changes),
            str(self._wake_dir),
            event_filter=WATCHED_EVENTS,
        )
        observer.start()

    def stop(self) -> None:
        """End the watching threads."""
        logging.getLogger("watchdog").removeHandler(self._watchdog_warnings)
        _configure_watchdog_logging(is_running=False)
        observer, self._observer = self._observer, None
        self._threads = []
        if observer is not None:
            # Joining its threads may take any time; the loop must go on.
            ending = threading.Thread(
                target=_stop_observer, args=(observer,), daemon=True
            )
            try:
                ending.start()
            except RuntimeError:  # no more threads: those of the observer end alone
                observer.stop()
            else:
                ending.join(timeout=5)

    def restart_if_dead(self) -> bool:
        """Start anew if a thread died or the inbox was replaced; returns whether it did."""
        if self._is_healthy():
            return False
        self.stop()
        self.start()
        self._pending_changes.mark_all_changed()
        return True

    def _is_healthy(self) -> bool:
        return (
            self._observer is not None
            and all(thread.is_alive() for thread in self._threads)
            and _inode(self._inbox) == self._inbox_inode
        )


def _stop_observer(observer: BaseObserver) -> None:
    try:
        observer.stop()
        if observer.is_alive():
            observer.join()
    except OSError as error:
        log.warning("watch.not_ended", error=str(error))


class _InboxHandler(FileSystemEventHandler):
    def __init__(self, inbox: Path, pending_changes: PendingChanges) -> None:
        self._inbox = inbox
        self._pending_changes = pending_changes

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Add the session of a changed file; never raises, that would kill the thread.

        Files that the scan ignores by their names are no change: a drop that the intake
        filed, or one that is being written under a temporary name.
        """
        path = Path(os.fsdecode(event.src_path))
        self._mark_changed(path, is_folder=event.is_directory)

    def _mark_changed(self, path: Path, *, is_folder: bool) -> None:
        if not path.is_relative_to(self._inbox):
            return
        parts = path.relative_to(self._inbox).parts
        if not parts or _OWN_FOLDERS.intersection(parts[:2]):
            return
        if not is_folder and dropfile.is_temporary(parts[-1]):
            return
        at_root = len(parts) == 1 and not is_folder
        self._pending_changes.mark_session_changed(None if at_root else parts[0])


class _WakeFileHandler(FileSystemEventHandler):
    def __init__(self, pending_changes: PendingChanges) -> None:
        self._pending_changes = pending_changes

    def on_any_event(self, event: FileSystemEvent) -> None:
        del event  # the wake file's content never matters
        self._pending_changes.mark_ledger_changed()


class _WatchdogWarnings(logging.Handler):
    """Receives watchdog's warnings, the only sign of an overflown queue."""

    def __init__(self, on_warning: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._on_warning = on_warning

    def emit(self, record: logging.LogRecord) -> None:
        log.warning("watch.complained", message=record.getMessage())
        self._on_warning()


def _configure_watchdog_logging(*, is_running: bool) -> None:
    """Silence two warnings of watchdog, the library, about things that are in order.

    It warns of a mistake of its own when a folder is renamed, or made within a new one.
    That warning names every watch, which are megabytes with ten thousand sessions, and
    Python stores it. It also logs an error when it is stopped while it reads.
    """
    warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
    level = logging.NOTSET if is_running else logging.CRITICAL
    logging.getLogger("watchdog").setLevel(level)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
