"""Finds drops: sessions with events are scanned first, and all of the inbox regularly."""

import time
from collections.abc import Iterator

import structlog

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.filing import remove_emptied_folder
from ytaudio_daemon.folders.inbox import EmptyFolder, IgnoredFile, InboxFile, MountPoint
from ytaudio_daemon.folders.inbox_scan import our_trees, scan
from ytaudio_daemon.folders.session_scan import ScanMemory, ScanResult
from ytaudio_daemon.intake.ignored_files import IgnoredFiles
from ytaudio_daemon.intake.late_writes import WATCHED_S
from ytaudio_daemon.intake.mount_points import MountPoints
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()

#: The last part of a rescan's interval, in which it is begun when something else wakes
#: the daemon: one that is idle need not wake up for it.
EARLY_RESCAN_FRACTION = 1 / 3


class Scanner:
    """Scans the inbox in pieces.

    Args:
        layout: Names the inbox, and the trees in which a drop has no other name.
        settings: Section inbox.
        ignored_files: Receives everything that is found and not taken.

    Attributes:
        has_scanned_once: Whether the whole inbox was scanned, or could not be read.
        next_rescan: Monotonic time of the next scan of the whole inbox.
    """

    def __init__(
        self, layout: Layout, settings: Settings, ignored_files: IgnoredFiles
    ) -> None:
        self.has_scanned_once = False
        self.next_rescan = 0.0
        self._folder = layout.inbox
        self._memory = ScanMemory.of(*our_trees(layout))
        self._ignored_files = ignored_files
        self._mount_points = MountPoints()
        self._rescan_s = settings.inbox.rescan
        #: Sessions to scan; None = the whole inbox.
        self._dirty: set[str | None] = set()
        self._scan: Iterator[ScanResult] | None = None
        self._scanned_session: str | None = None

    def reload(self, settings: Settings) -> None:
        """Use new settings."""
        self._rescan_s = settings.inbox.rescan

    def mark_dirty(self, session: str | None) -> None:
        """Scan a session's folder soon; None = the whole inbox."""
        self._dirty.add(session)

    def scan(self, mono: float, deadline: float) -> Iterator[InboxFile]:
        """Yield every file that may be a drop, until all is seen or `deadline`.

        The caller may stop at any file: the next call goes on behind it.

        Args:
            mono: `time.monotonic()` at the beginning of the step.
            deadline: By `time.monotonic()`.
        """
        if mono >= self.next_rescan - EARLY_RESCAN_FRACTION * self._rescan_s:
            self.mark_dirty(None)
        while time.monotonic() < deadline:
            if self._scan is None and not self._begin_scan(mono):
                return
            yield from self._continue_scan(deadline)

    def pop_returned_mounts(self) -> bool:
        """True if a mount that was lost came back since the last call."""
        return self._mount_points.pop_returned()

    def is_busy(self) -> bool:
        """True if there is something to scan now."""
        return self._scan is not None or bool(self._dirty)

    def _begin_scan(self, mono: float) -> bool:
        if not self._dirty:
            return False
        if None in self._dirty:
            self._dirty.clear()
            self._scanned_session = None
            self._mount_points.begin_scan()
            self.next_rescan = mono + self._rescan_s
        else:
            self._scanned_session = self._dirty.pop()
        self._ignored_files.begin_scan()
        self._scan = scan(self._folder, self._scanned_session, self._memory)
        return True

    def _continue_scan(self, deadline: float) -> Iterator[InboxFile]:
        try:
            for found in self._scan or ():
                if isinstance(found, InboxFile):
                    self._ignored_files.confirm_present(found)
                    yield found
                else:
                    self._handle_other(found)
                if time.monotonic() > deadline:
                    return
        except OSError as error:
            self._ignored_files.set_inbox_unreadable(error)
            log.warning("intake.scan_failed", error=str(error))
        else:
            self._end_scan()
        self.has_scanned_once = self.has_scanned_once or self._scanned_session is None
        self._scan = None

    def _handle_other(self, found: ScanResult) -> None:
        """Handle what a scan found and is no drop."""
        match found:
            case IgnoredFile():
                self._ignored_files.add(found)
                if found.location is None:
                    self._mount_points.add_unreadable(self._folder / found.session)
            case MountPoint():
                self._mount_points.add(found.path)
            case EmptyFolder():
                # Not before: a drop that is written to goes back into it.
                remove_emptied_folder(self._folder, found, WATCHED_S)

    def _end_scan(self) -> None:
        self._ignored_files.end_scan(self._scanned_session)
        if self._scanned_session is None:
            self._mount_points.end_scan()
            self._ignored_files.set_lost_mounts(self._mount_points.lost)
