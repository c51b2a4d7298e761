"""Scans the whole ledger, in steps, for status files and receipts that are missing."""

import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.layout import receipt_key
from ytaudio_daemon.ledger import Ledger, receipts, sessions
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.cleanup import remove_orphaned_files
from ytaudio_daemon.views.idle_sessions import has_current_file
from ytaudio_daemon.views.receipts import Receipts
from ytaudio_daemon.views.session_status import SessionStatusFiles
from ytaudio_daemon.views.snapshot import ViewSettings

#: Rows read in one step.
BATCH_SIZE = 200
#: Seconds between two scans while the daemon runs: old receipts are removed.
SCAN_INTERVAL_S = 86400.0


class RebuildScan:
    """Schedules files that a person or a power cut removed, and removes old ones.

    The files of active sessions are written again, since `expires_at` moved by the time
    the daemon was down, except for idle sessions whose file is up to date.

    Args:
        ledger: Read only.
        layout: The folders the files lie in.
        session_status_files: Writes status files.
        receipt_files: Writes receipts.
    """

    def __init__(
        self,
        ledger: Ledger,
        layout: Layout,
        session_status_files: SessionStatusFiles,
        receipt_files: Receipts,
    ) -> None:
        self._ledger = ledger
        self._layout = layout
        self._sessions = session_status_files
        self._receipts = receipt_files
        self._steps: Iterator[None] | None = None
        #: When the next scan starts, in seconds of uptime.
        self._due_at = math.inf
        #: Whether the next scan, and the one that is running, rewrites receipts.
        self._rewrite_requested = False
        self._rewrites_receipts = False

    @property
    def is_running(self) -> bool:
        """True from the start of a scan to its end."""
        return self._steps is not None

    def schedule(self, now: Now, *, rewrites_receipts: bool = False) -> None:
        """Have the next scan start at once.

        Args:
            now: The time.
            rewrites_receipts: Write receipts that exist, too.
        """
        self._due_at = now.uptime_s
        self._rewrite_requested |= rewrites_receipts

    def step(self, now: Now, view_settings: ViewSettings) -> bool:
        """Take the next step of the scan; False if none is due.

        Args:
            now: The time.
            view_settings: The config's part.

        Raises:
            LedgerError: The ledger cannot be read; the scan will start again.
        """
        if self._steps is None:
            if now.uptime_s < self._due_at:
                return False
            self._due_at = now.uptime_s + SCAN_INTERVAL_S
            self._rewrites_receipts = self._rewrite_requested
            self._rewrite_requested = False
            self._steps = self._scan(now, view_settings)
        try:
            next(self._steps)
        except StopIteration:
            self._steps = None
            return False
        except Exception:
            self._steps, self._due_at = None, now.uptime_s
            self._rewrite_requested |= self._rewrites_receipts
            raise
        return True

    def _scan(self, now: Now, view_settings: ViewSettings) -> Iterator[None]:
        yield from self._scan_sessions(now, view_settings)
        yield from self._scan_drops(now, view_settings.receipts_s)
        yield from remove_orphaned_files(self._ledger, self._layout)

    def _scan_sessions(self, now: Now, view_settings: ViewSettings) -> Iterator[None]:
        after = 0
        while True:
            with self._ledger.read() as db:
                page = sessions.sessions_after(db, after, BATCH_SIZE)
            if not page:
                return
            for session in page:
                if not has_current_file(self._layout, session, view_settings, now):
                    self._schedule_session(session, now)
            after = page[-1].id
            yield

    def _schedule_session(self, session: Session, now: Now) -> None:
        path = self._layout.session_status(session.name)
        is_missing = not session.ended_unused and not _has_content(path)
        if is_missing:
            self._sessions.forget_file(session.name)
        if session.state is SessionState.ACTIVE or is_missing:
            self._sessions.mark_changed(session.id, now)

    def _scan_drops(self, now: Now, receipts_s: float) -> Iterator[None]:
        after = 0
        while True:
            with self._ledger.read() as db:
                page = receipts.receipt_heads(db, after, BATCH_SIZE)
            if not page:
                return
            for drop in page:
                self._check_receipt(drop, now, receipts_s)
            after = page[-1].id
            yield

    def _check_receipt(self, drop: ReceiptHead, now: Now, receipts_s: float) -> None:
        name = receipt_key(
            drop.session_name, drop.name, drop.filed_name, at_root=drop.at_root
        )
        path = self._layout.receipt_file(drop.session_name, name)
        if drop.is_older_than(receipts_s, now):
            with suppress(OSError):  # missing already, or tried again tomorrow
                path.unlink(missing_ok=True)
        elif self._rewrites_receipts or not _has_content(path):
            self._receipts.mark_missing(drop.id, now)


def _has_content(path: Path) -> bool:
    """True unless a file is missing or empty: a power cut empties unsynced files."""
    try:
        return path.lstat().st_size > 0
    except OSError:
        return False
