"""A walk over the whole ledger, in pieces, for documents that may be missing."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.layout import receipt_key
from ytaudio_daemon.ledger import Ledger, receipts, sessions
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.cleanup import remove_orphaned_files
from ytaudio_daemon.views.receipts import Receipts
from ytaudio_daemon.views.session_status import SessionStatusFiles

#: Rows looked at between two looks at the clock.
BATCH_SIZE = 200
#: Again so often while the daemon runs, in seconds: removes old receipts.
SCAN_INTERVAL_S = 86400.0


class RebuildScan:
    """Notes what is to be written again: somebody, or a power cut, took it away.

    Every active session's document counts as stale, since its `expires_at` moved by
    the time the daemon was down.
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

    def run(self, now: Now, receipts_s: float) -> Iterator[None]:
        """Go through all sessions, drops and documents, yielding between pieces."""
        yield from self._scan_sessions(now)
        yield from self._scan_drops(now, receipts_s)
        yield from remove_orphaned_files(self._ledger, self._layout)

    def _scan_sessions(self, now: Now) -> Iterator[None]:
        after = 0
        while True:
            with self._ledger.read() as db:
                page = sessions.sessions_after(db, after, BATCH_SIZE)
            if not page:
                return
            for session in page:
                path = self._layout.session_status(session.name)
                if session.state is SessionState.ACTIVE or not _has_content(path):
                    self._sessions.mark_changed(session.id, now)
            after = page[-1].id
            yield

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
            with suppress(OSError):  # a name that is not there, or is tried tomorrow
                path.unlink(missing_ok=True)
        elif not _has_content(path):
            self._receipts.mark_filed(drop.id, now)


def _has_content(path: Path) -> bool:
    """A file of size 0 is what a power cut leaves of an unsynced rename."""
    try:
        return path.lstat().st_size > 0
    except OSError:
        return False
