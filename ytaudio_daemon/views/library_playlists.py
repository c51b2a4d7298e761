"""Keeps the library's playlists and covers up to date, from the ledger's events."""

import time
from collections.abc import Generator, Iterable, Sequence

from ytaudio_daemon.errors import ITEM_ERRORS, LedgerError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.session_defaults import read_session_library
from ytaudio_daemon.ledger import Connection, Ledger
from ytaudio_daemon.ledger.changes import Change
from ytaudio_daemon.ledger.library_playlists import (
    LibraryCollection,
    PlaylistHead,
    collections_of_jobs,
    name_collection,
    playlist_head,
    save_library_collection,
)
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system.recent_dict import RecentDict
from ytaudio_daemon.views.collection_files import CollectionFiles
from ytaudio_daemon.views.due_queue import NO_EVENT, DueQueue
from ytaudio_daemon.views.library import LibraryView
from ytaudio_daemon.views.snapshot import ViewSettings
from ytaudio_daemon.views.write_errors import (
    LIBRARY_UNWRITABLE,
    RETRY_AFTER_S,
    TURN_S,
    WriteErrors,
)

#: Collections whose pause is remembered.
MAX_REMEMBERED = 2000

#: Yields between pages; returns the collection's name, playlist and cover.
Steps = Generator[None, None, LibraryCollection]


class LibraryPlaylists:
    """Writes playlists and covers, unless a person has changed them.

    Args:
        ledger: Has the collections, and their files in the library.
        layout: The folders; without a library nothing is done.
        write_errors: Receives the errors of sessions whose folder cannot be written.
        songs: Adds the songs to the library.

    Attributes:
        due_queue: Collections whose files must be written.
    """

    def __init__(
        self,
        ledger: Ledger,
        layout: Layout,
        write_errors: WriteErrors,
        songs: LibraryView,
    ) -> None:
        self.due_queue = DueQueue()
        self._songs = songs
        self._ledger = ledger
        self._layout = layout
        self._write_errors = write_errors
        #: Collections that a person asked for again.
        self._asked_for: set[int] = set()
        #: By collection: the uptime from which on its files may be written again.
        self._paused_until = RecentDict[int, float](MAX_REMEMBERED)
        self._running: tuple[PlaylistHead, Steps] | None = None
        self._elapsed_s = 0.0

    def schedule_changed(
        self, db: Connection, changes: Sequence[Change], now: Now
    ) -> None:
        """Schedule the collections whose entries have changed, or whose jobs ended.

        Args:
            db: A transaction.
            changes: Events, in order.
            now: The moment.
        """
        shown = [c.job_id for c in changes if c.ends_job or c.removes_file]
        listed = {c.collection_id for c in changes if c.collection_id}
        again = {c.collection_id for c in changes if c.is_asked_again}
        asked_for = {collection for collection in listed if collection in again}
        found = collections_of_jobs(db, [each for each in shown if each]) | listed
        self._asked_for |= asked_for
        self._schedule(found, now, changes[0].event_id)

    def write_step(self, view_settings: ViewSettings, now: Now) -> bool:
        """Write a page of the next playlist that is due; False if none is.

        To be called when no song is due: a playlist names the songs that are there.
        """
        started = time.perf_counter()
        self._schedule_added(now)
        if self._running is None and not self._begin(view_settings, now):
            return False
        if self._running is not None:
            head, steps = self._running
            try:
                self._continue(head, steps, view_settings, now)
            finally:
                self._elapsed_s += time.perf_counter() - started
        return True

    def abandon(self) -> None:
        """Discard a playlist that is half written; its event is not shown yet."""
        if self._running is not None:
            self._running[1].close()
            self._running = None

    def _schedule(
        self, collection_ids: Iterable[int], now: Now, event_id: float = NO_EVENT
    ) -> None:
        if self._layout.library is not None:
            for collection_id in sorted(collection_ids):
                due = self._paused_until.get(collection_id, now.uptime_s)
                self.due_queue.schedule(collection_id, due, event_id)

    def _schedule_added(self, now: Now) -> None:
        """Schedule the collections of songs that were added to the library."""
        if added := sorted(self._songs.added):
            with self._ledger.read() as db:
                found = collections_of_jobs(db, added)
            self._songs.added.clear()
            self._schedule(found, now)

    def _begin(self, view_settings: ViewSettings, now: Now) -> bool:
        collection_id = self.due_queue.first_due(now.uptime_s)
        if collection_id is None:
            return False
        with self._ledger.read() as db:
            head = playlist_head(db, collection_id)
        # Without a title its listing has just begun, or its first song gives it a name.
        if head is None or not (head.known or head.collection.title):
            self.due_queue.remove(collection_id)
            return True
        place = self._session_folder(head)
        blocked = self._write_errors.blocked_until(LIBRARY_UNWRITABLE, place, now)
        if blocked is not None:
            self.due_queue.postpone(collection_id, blocked)
            return True
        self.due_queue.begin(collection_id)
        self._elapsed_s = 0.0
        self._running = head, self._steps(head, view_settings)
        return True

    def _steps(self, head: PlaylistHead, view_settings: ViewSettings) -> Steps:
        library = self._layout.library
        assert library is not None  # noqa: S101 - nothing is scheduled without one
        rules = read_session_library(
            self._layout.inbox, head.session_name, view_settings.library
        )
        known = head.known
        if known is None:
            with self._ledger.write() as db:
                known = name_collection(db, head.collection, head.session_name)
        files = CollectionFiles(
            ledger=self._ledger,
            layout=self._layout,
            library=library,
            collection=head,
            known=known,
            rules=rules,
            unsaved=self._songs.unsaved_entries,
            is_asked_for=head.collection.row_id in self._asked_for,
        )
        found = yield from files.write()
        if found != known:
            with self._ledger.write() as db:
                save_library_collection(db, found)
        return found

    def _continue(
        self, head: PlaylistHead, steps: Steps, view_settings: ViewSettings, now: Now
    ) -> None:
        collection_id, place = head.collection.row_id, self._session_folder(head)
        try:
            next(steps)
        except StopIteration:
            self._write_errors.clear(LIBRARY_UNWRITABLE, place)
            self._finish(collection_id, view_settings, now)
        except LedgerError:
            self._running = None
            self.due_queue.postpone(collection_id, now.uptime_s + TURN_S)
            raise
        except ITEM_ERRORS as error:
            self._running = None
            self._write_errors.record(LIBRARY_UNWRITABLE, place, error, now)
            self.due_queue.postpone(
                collection_id, now.uptime_s + RETRY_AFTER_S + TURN_S
            )

    def _finish(
        self, collection_id: int, view_settings: ViewSettings, now: Now
    ) -> None:
        self._running = None
        self._asked_for.discard(collection_id)
        self.due_queue.finish(collection_id)
        pause_s = view_settings.pause_s(self._elapsed_s)
        self._paused_until[collection_id] = now.uptime_s + pause_s

    def _session_folder(self, head: PlaylistHead) -> str:
        return f"{self._layout.library}/{head.session_name}"
