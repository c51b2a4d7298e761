"""Removes the files of subscriptions beyond the latest `keep_last` of each.

A file that a person has pinned, moved, renamed or changed stays. A file is removed in
three steps, each of which may be repeated: marked in the ledger, moved to the trash,
recorded as removed.
"""

from functools import partial

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout, old_files
from ytaudio_daemon.folders.library import LibraryFile
from ytaudio_daemon.ledger import Ledger, removals
from ytaudio_daemon.ledger.removals import OldFile
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.system.item_faults import ItemFaults

log = structlog.get_logger()


class OldFileRemover:
    """Removes the files beyond `keep_last`, one collection a call.

    Args:
        ledger: Holds the subscriptions and their entries.
        layout: Where the files are.
        settings: Section sessions.
    """

    def __init__(self, ledger: Ledger, layout: Layout, settings: Settings) -> None:
        self._ledger = ledger
        self._layout = layout
        self.settings = settings
        #: The last event that was checked; 0 to check all collections once.
        self._event_cursor = 0
        self._faults = ItemFaults("subscriptions")
        #: Collections that are still to be checked, and those that are checked again
        #: because a library file is still being added or could not be read.
        self._todo: list[int] = []
        self._retry_next: set[int] = set()

    def reload(self, settings: Settings) -> None:
        """Apply new settings."""
        self.settings = settings

    def remove_some(self, now: Now) -> bool:
        """Remove old files of one collection; returns whether there may be more.

        Raises:
            LedgerError: The next call goes on.
        """
        with self._ledger.read() as db:
            begun = removals.pending_files(db)
            if not self._todo:
                news, self._event_cursor = removals.collections_to_check(
                    db, self._event_cursor
                )
                self._todo, self._retry_next = (
                    sorted(self._retry_next | set(news)),
                    set(),
                )
        for file in begun:  # a crash or an error came in between
            with self._faults.isolated(f"job {file.job_uuid}"):
                self._remove(file, now)
        if not self._todo:
            return False
        collection_id = self._todo[-1]
        check_again = partial(self._retry_next.add, collection_id)
        with self._faults.isolated(f"collection {collection_id}", check_again):
            self._remove_old_files(collection_id, now)
        self._todo.pop()
        return bool(self._todo)

    def _remove_old_files(self, collection_id: int, now: Now) -> None:
        with self._ledger.read() as db:
            files = removals.old_files(db, collection_id)
        for file in files:
            is_untouched = self._is_untouched(file)
            if is_untouched is None:
                self._retry_next.add(collection_id)
                continue
            if not is_untouched:
                with self._ledger.write() as db:
                    removals.record_moved(db, file)
                continue
            with self._ledger.write() as db:
                quota = self.settings.sessions.quota
                is_begun = removals.begin(db, file, now, quota)
            failpoints.failpoint("subscription.file_marked", file.job_uuid)
            if is_begun:
                self._remove(file, now)

    def _remove(self, file: OldFile, now: Now) -> None:
        """Remove a marked file; one that cannot be is tried again with the next call."""
        library, layout = _library_file(file), self._layout
        try:
            if layout.library is not None and library is not None:
                old_files.remove_from_library(
                    layout.library, file.session_name, library
                )
            old_files.trash_job(
                layout.downloads, file.session_uuid, file.job_uuid, now.uptime_s
            )
        except ITEM_ERRORS as error:
            log.warning("subscription.file_stays", job=file.job_uuid, error=str(error))
            return
        failpoints.failpoint("subscription.file_removed", file.job_uuid)
        with self._ledger.write() as db:
            removals.finish(db, file, now)
        log.info(
            "subscription.file_removed",
            job=file.job_uuid,
            session=file.session_name,
            name=file.library_name,
        )

    def _is_untouched(self, file: OldFile) -> bool | None:
        """Return whether the library's file is as it was added; None: not known yet."""
        root, library = self._layout.library, _library_file(file)
        if root is None:
            return True
        if library is None:  # it is being added
            return None
        try:
            return old_files.is_untouched(root, file.session_name, library)
        except OSError as error:
            log.warning("subscription.file_stays", job=file.job_uuid, error=str(error))
            return None


def _library_file(file: OldFile) -> LibraryFile | None:
    if file.library_name is None or file.library_identity is None:
        return None
    return LibraryFile(name=file.library_name, identity=file.library_identity)
