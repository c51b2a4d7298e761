"""The intake's stages, in order: scan, become stable, read, record, file."""

import time

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.intake.cookies_file import CookiesFile, CookiesIntake
from ytaudio_daemon.intake.crash_recovery import UnfiledDrops
from ytaudio_daemon.intake.filing import Filer
from ytaudio_daemon.intake.ignored_files import IgnoredFiles
from ytaudio_daemon.intake.kept_files import KeptFiles
from ytaudio_daemon.intake.parse_guard import ParseGuard
from ytaudio_daemon.intake.parsed_drop import ParsedDrop
from ytaudio_daemon.intake.reading import Reader, UnreadFile
from ytaudio_daemon.intake.recorded_drop import RecordedDrop
from ytaudio_daemon.intake.recording import Recorder
from ytaudio_daemon.intake.scanning import Scanner
from ytaudio_daemon.intake.stability import StabilityTracker
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings

#: Scanning and reading may take so long in a step, in seconds.
STEP_S = 0.03


class Intake:
    """Takes drops from the inbox; each `process_drops` does a bounded piece of work.

    The stages do not know each other: what one returns is given to the next here. Two
    objects are shared, `KeptFiles` (the files that stay in the inbox) and
    `IgnoredFiles` (the files that are not taken, with reasons for people).

    Args:
        ledger: Records drops, lines and jobs.
        layout: Names the inbox.
        settings: Sections inbox, sessions and download.
    """

    def __init__(self, ledger: Ledger, layout: Layout, settings: Settings) -> None:
        self.ignored_files = IgnoredFiles()
        self._kept_files = KeptFiles(ledger)
        self._scanner = Scanner(layout, settings, self.ignored_files)
        self._stability = StabilityTracker(settings.inbox.settle)
        self._unfiled_drops = UnfiledDrops(ledger, layout, settings)
        self._reader = Reader(self._kept_files, ledger, layout, settings)
        self._cookies_intake = CookiesIntake(ledger, layout)
        self._recorder = Recorder(ledger, settings, ParseGuard(layout.parse_mark))
        self._filer = Filer(
            self._kept_files, self.ignored_files, ledger, layout, settings
        )

    @property
    def has_scanned_once(self) -> bool:
        """True after the first scan of everything, or of as much as fits in memory.

        An inbox that cannot be read counts as scanned: `ignored_files` has the problem.
        """
        return self._scanner.has_scanned_once or self._stability.is_full()

    def reload(self, settings: Settings) -> None:
        """Use new settings; drops that are parsed already keep the old ones."""
        self._scanner.reload(settings)
        self._stability.settle_s = settings.inbox.settle
        self._unfiled_drops.settings = settings
        self._reader.settings = settings
        self._recorder.settings = settings
        self._filer.settings = settings

    def mark_dirty(self, session: str | None) -> None:
        """Scan a session's folder soon; None = the whole inbox."""
        self._scanner.mark_dirty(session)

    def process_drops(self, now: Now, mono: float) -> bool:
        """Do a piece of work in every stage.

        Args:
            now: The moment, for the ledger.
            mono: `time.monotonic()` at `now`.

        Returns:
            Whether there is more to do at once.

        Raises:
            LedgerError, OSError: Nothing is lost; the next step tries again.
        """
        deadline = time.monotonic() + STEP_S
        self._scan(mono, deadline)
        self._unfiled_drops.end_abandoned(now)
        self._read(now, deadline)
        # A drop is filed in the step after the one that recorded it. By then all of
        # its lines are durable, the ledger was checked to be the file that people see,
        # and workers have started on its jobs without waiting for a move. Whatever
        # raises in between leaves the drop's file in the inbox.
        self._filer.add(self._recorder.pop_finished_drops())
        self._recorder.record_next_batch(now, self._filer.unfiled_keys())
        self._file(now)
        return self._is_busy()

    def _scan(self, mono: float, deadline: float) -> None:
        """Give new and changed files to the tracker, as many as it has room for."""
        if not self._stability.is_full():
            for inbox_file in self._scanner.scan(mono, deadline):
                if not self._kept_files.is_unchanged(inbox_file):
                    self._stability.track(inbox_file, mono)
                if self._stability.is_full():
                    break
        self._stability.promote(mono)

    def _read(self, now: Now, deadline: float) -> None:
        """Read stable files: new drops are to be recorded, recorded ones to be filed."""
        in_memory = self._recorder.sizes()
        for found in self._reader.read(self._stability, in_memory, deadline):
            match found:
                case ParsedDrop():
                    found.drop = self._unfiled_drops.pop(found.key)
                    self.ignored_files.remove(found.inbox_file)
                    self._recorder.add(found)
                case RecordedDrop():
                    self.ignored_files.remove(found.inbox_file)
                    self._filer.add([found])
                case CookiesFile():
                    self._store_cookies(found, now)
                case UnreadFile():
                    self._put_off(found)

    def _store_cookies(self, found: CookiesFile, now: Now) -> None:
        inbox_file = found.inbox_file
        try:
            reason = self._cookies_intake.store_and_remove(found, now)
        except OSError as error:
            reason = f"its cookies cannot be stored: {error}"
        finally:  # a later scan finds the file again if it is still there
            self._stability.release(inbox_file)
        if reason:
            self.ignored_files.add_waiting(inbox_file, reason)
        else:
            self.ignored_files.remove(inbox_file)

    def _put_off(self, unread: UnreadFile) -> None:
        """Leave a file to a later scan; if it changed, to one that comes soon."""
        if unread.waits_for:
            self.ignored_files.add_waiting(unread.inbox_file, unread.waits_for)
        self._stability.release(unread.inbox_file)
        if unread.has_changed:
            location = unread.inbox_file.location
            self._scanner.mark_dirty(None if location.at_root else location.session)

    def _file(self, now: Now) -> None:
        """Move recorded drops away, then record where each of them went."""
        try:
            for inbox_file in self._filer.move(now):
                self._stability.release(inbox_file)
        finally:
            self._filer.mark_filed(now)
        self._filer.put_back_written(now)

    def _is_busy(self) -> bool:
        has_files = self._stability.has_ready() or (
            self._scanner.is_busy() and not self._stability.is_full()
        )
        stages = self._reader, self._recorder, self._filer
        return has_files or any(stage.is_busy() for stage in stages)

    def pop_recorded(self) -> bool:
        """True if lines were recorded since the last call: there may be new jobs."""
        return self._recorder.pop_recorded()

    def pop_returned_mounts(self) -> bool:
        """True if a mount of the inbox that was lost came back since the last call.

        The receipts that could not be written there meanwhile are due then.
        """
        return self._scanner.pop_returned_mounts()

    def next_due(self) -> float:
        """Return the monotonic time of the next stable file or rescan."""
        stable_at = self._stability.next_due()
        rescan_at = self._scanner.next_rescan
        return rescan_at if stable_at is None else min(stable_at, rescan_at)
