"""The intake's steps, in order: scan, settle, read, record, file."""

import time

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.intake.filing import Filer
from ytaudio_daemon.intake.ignored_files import IgnoredFiles
from ytaudio_daemon.intake.reading import Reader
from ytaudio_daemon.intake.recording import Recorder
from ytaudio_daemon.intake.scanning import Scanner
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings

#: Scanning and reading may take so long in a step, in seconds.
STEP_S = 0.03


class Intake:
    """Takes drops from the inbox; one `process_drops` does a bounded piece of work.

    Args:
        ledger: Where lines and jobs are recorded.
        layout: Where the inbox is.
        settings: Sections inbox, sessions and download.
    """

    def __init__(self, ledger: Ledger, layout: Layout, settings: Settings) -> None:
        self._scanner = Scanner(layout.inbox, settings)
        self._reader = Reader(self._scanner, ledger, layout, settings)
        self._filer = Filer(self._scanner, self._reader, ledger, layout, settings)
        self._recorder = Recorder(self._filer, ledger, layout, settings)

    @property
    def ignored_files(self) -> IgnoredFiles:
        """What stands in the inbox and is not taken."""
        return self._scanner.ignored_files

    @property
    def has_scanned_once(self) -> bool:
        """Whether the first look over the inbox is over; what it saw may be untaken."""
        return self._scanner.has_scanned_once

    def reload(self, settings: Settings) -> None:
        """Take up new settings; drops under way go on with the old ones."""
        self._scanner.reload(settings)
        self._reader.settings = settings
        self._recorder.settings = settings
        self._filer.settings = settings

    def mark_dirty(self, session: str | None) -> None:
        """Have a session's folder looked at soon; None = the whole inbox."""
        self._scanner.mark_dirty(session)

    def process_drops(self, now: Now, mono: float) -> bool:
        """Do a piece of work.

        Args:
            now: The moment, for the ledger.
            mono: `time.monotonic()` at `now`.

        Returns:
            Whether there is more to do at once.

        Raises:
            LedgerError, OSError: Nothing is lost; the next step tries again.
        """
        deadline = time.monotonic() + STEP_S
        self._scanner.scan_until(mono, deadline)
        self._recorder.end_abandoned(now)
        self._reader.read(self._recorder.parsed_drops, deadline)
        self._recorder.record_next_batch(
            now
        )  # fails when the ledger is gone: nothing may move then
        self._filer.file_recorded(now)
        return (
            self._scanner.is_busy()
            or self._reader.is_busy()
            or self._recorder.is_busy()
            or self._filer.is_busy()
        )

    def pop_recorded(self) -> bool:
        """Return and forget whether lines were recorded: there may be new jobs."""
        return self._recorder.pop_recorded()

    def next_due(self) -> float:
        """Return the monotonic time of the next thing to do by itself."""
        return self._scanner.next_due()
