"""Saves the views' cursor and the library's new files in the ledger."""

import math

from ytaudio_daemon.ledger import Connection, Ledger, library_entries, meta
from ytaudio_daemon.ledger.library_entries import LibraryEntry
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.daemon_status import HEARTBEAT_S

#: Seconds between two saves of new files in the library; `relayout` reads them there.
SAVE_ENTRIES_S = 2.0


class SavedCursor:
    """Saves both at most every few seconds, since each save costs a sync.

    Args:
        ledger: Where they are saved.
        unsaved_entries: Files of the library by job; emptied when they are saved.
    """

    def __init__(
        self, ledger: Ledger, unsaved_entries: dict[int, LibraryEntry]
    ) -> None:
        self._ledger = ledger
        self._unsaved_entries = unsaved_entries
        self._event_id = 0
        self._saved_at = -math.inf

    def load(self, db: Connection) -> int:
        """Return the last event whose files were written."""
        self._event_id = meta.views_cursor(db)
        return self._event_id

    def entries_due_at(self) -> float:
        """Return when new files of the library must be saved, infinity for never."""
        return self._saved_at + SAVE_ENTRIES_S if self._unsaved_entries else math.inf

    def save(self, shown_event: int, now: Now, *, force: bool) -> None:
        """Save what is due.

        Args:
            shown_event: The last event whose files are written.
            now: The moment.
            force: Save at once.
        """
        due = min(self._saved_at + HEARTBEAT_S, self.entries_due_at())
        if now.uptime_s < due and not force:
            return
        event_id = max(shown_event, self._event_id)
        if event_id > self._event_id or self._unsaved_entries:
            with self._ledger.write() as db:
                library_entries.save_library_entries(db, self._unsaved_entries.values())
                meta.save_views_cursor(db, event_id)
            self._unsaved_entries.clear()
            self._event_id = event_id
        self._saved_at = now.uptime_s
