"""Finding drops: events say where to look first, the scan finds everything."""

import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from ytaudio_daemon.folders import inbox
from ytaudio_daemon.folders.inbox import DropLocation, IgnoredFile, InboxFile
from ytaudio_daemon.intake.ignored_files import IgnoredFiles
from ytaudio_daemon.intake.stability import StabilityTracker
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()

#: The last part of a rescan's interval, in which it is begun when something else wakes
#: the daemon: one that is idle need not wake up for it.
EARLY_RESCAN_FRACTION = 1 / 3


class Scanner:
    """Looks through the inbox in pieces and lets what it finds settle."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._rescan_s = settings.inbox.rescan
        self._next_rescan = 0.0
        #: Sessions to look at; None = everything.
        self._dirty: set[str | None] = set()
        self._scan: Iterator[InboxFile | IgnoredFile | None] | None = None
        self._scanned_session: str | None = None
        #: Files that stay where they are, as they were when they were taken.
        self._kept: dict[tuple[DropLocation, bytes], tuple[int, int, int, int]] = {}
        self.stability = StabilityTracker(settings.inbox.settle)
        self.ignored_files = IgnoredFiles()
        self._has_scanned_once = False

    @property
    def has_scanned_once(self) -> bool:
        """Whether everything was looked through once, or as much as may settle at once.

        An inbox that cannot be read has been looked at, too: that is said elsewhere.
        """
        return self._has_scanned_once or self.stability.is_full()

    def reload(self, settings: Settings) -> None:
        """Take up new settings."""
        self._rescan_s = settings.inbox.rescan
        self.stability.settle_s = settings.inbox.settle

    def mark_dirty(self, session: str | None) -> None:
        """Have a session's folder looked at soon; None = the whole inbox."""
        self._dirty.add(session)

    def ignore_until_changed(self, inbox_file: InboxFile) -> None:
        """Leave a file where it is, until it changes."""
        self._kept[inbox_file.location, inbox_file.name] = inbox_file.identity

    def settle_again(self, inbox_file: InboxFile) -> None:
        """The file was not what it seemed: let it settle anew."""
        self.stability.release(inbox_file)
        self.mark_dirty(
            None if inbox_file.location.at_root else inbox_file.location.session
        )

    def scan_until(self, mono: float, deadline: float) -> None:
        """Go on until `deadline` (`time.monotonic()`) or until all is seen."""
        if mono >= self._next_rescan - EARLY_RESCAN_FRACTION * self._rescan_s:
            self.mark_dirty(None)
        while not self.stability.is_full() and time.monotonic() < deadline:
            if self._scan is None and not self._begin_scan(mono):
                break
            self._continue_scan(mono, deadline)
        self.stability.promote(mono)

    def is_busy(self) -> bool:
        """Whether the next step has something to look at."""
        if self.stability.is_full():
            return self.stability.has_ready()
        return self._scan is not None or bool(self._dirty) or self.stability.has_ready()

    def next_due(self) -> float:
        """Return the monotonic time of the next settled file or rescan."""
        settled = self.stability.next_due()
        return self._next_rescan if settled is None else min(settled, self._next_rescan)

    def _begin_scan(self, mono: float) -> bool:
        if not self._dirty:
            return False
        if None in self._dirty:
            self._dirty.clear()
            self._scanned_session = None
            self._next_rescan = mono + self._rescan_s
        else:
            self._scanned_session = self._dirty.pop()
        self.ignored_files.begin_scan()
        self._scan = inbox.scan(self._folder, self._scanned_session)
        return True

    def _continue_scan(self, mono: float, deadline: float) -> None:
        try:
            for found in self._scan or ():
                if found is not None:
                    self._add_found(found, mono)
                if time.monotonic() > deadline or self.stability.is_full():
                    return
        except OSError as error:
            self.ignored_files.set_inbox_unreadable(error)
            log.warning("intake.scan_failed", error=str(error))
        else:
            self.ignored_files.end_scan(self._scanned_session)
        self._has_scanned_once = self._has_scanned_once or self._scanned_session is None
        self._scan = None

    def _add_found(self, found: InboxFile | IgnoredFile, mono: float) -> None:
        if isinstance(found, IgnoredFile):
            self.ignored_files.add(found)
            return
        self.ignored_files.confirm_present(found)
        if self._kept.get((found.location, found.name)) != found.identity:
            self.stability.track(found, mono)
