"""Begins and ends the writing of each receipt: its folder, its errors, its pause."""

import time

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.open_dirs import OpenDirs
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.system.recent_dict import RecentDict
from ytaudio_daemon.views.due_queue import DueQueue
from ytaudio_daemon.views.receipt import ReceiptDigests, ReceiptWriter
from ytaudio_daemon.views.receipt_folders import ReceiptFolders
from ytaudio_daemon.views.snapshot import ViewSettings
from ytaudio_daemon.views.write_errors import (
    RECEIPT_UNWRITABLE,
    STATUS_UNWRITABLE,
    TURN_S,
    WriteErrors,
)

#: Receipts whose content is remembered; one that is not is written anew.
MAX_REMEMBERED = 2000


class ReceiptWriters:
    """Creates writers of receipts, and finishes them.

    Args:
        layout: The folders the receipts lie in.
        write_errors: Receives the errors of folders that cannot be written to.
        due_queue: Has the entry of each receipt that is written.
        just_filed: Drops that `Receipts` writes whatever their length; a receipt that
            must be tried again is added.
    """

    def __init__(
        self,
        layout: Layout,
        write_errors: WriteErrors,
        due_queue: DueQueue,
        just_filed: set[int],
    ) -> None:
        self._layout = layout
        self._write_errors = write_errors
        self._due_queue = due_queue
        self._just_filed = just_filed
        self._receipt_folders = ReceiptFolders(layout)
        #: By drop: the content written last, and the uptime from which on it may be
        #: written again.
        self._last_written = RecentDict[int, tuple[ReceiptDigests, float]](
            MAX_REMEMBERED
        )

    def forget(self, drop_id: int) -> None:
        """Have a receipt written even if its content is the same: it may be missing."""
        self._last_written.pop(drop_id, None)

    def paused_until(self, drop_id: int, now: Now) -> float:
        """Return from when on a receipt may be written again, in seconds of uptime."""
        known = self._last_written.get(drop_id)
        return known[1] if known else now.uptime_s

    def create(
        self,
        drop: ReceiptHead,
        view_settings: ViewSettings,
        now: Now,
        open_dirs: OpenDirs | None = None,
    ) -> ReceiptWriter:
        """Begin a drop's receipt.

        Args:
            drop: The drop.
            view_settings: The config's part.
            now: The moment.
            open_dirs: Opens the folders of a batch of receipts; None opens the folders
                for this one.
        """
        is_blocked = bool(self._write_errors) and self._write_errors.blocked_until(
            RECEIPT_UNWRITABLE, self._drop_folder(drop), now
        )
        return ReceiptWriter(
            self._layout,
            drop,
            self._receipt_folders.folder_of(drop, now),
            for_people=not is_blocked,
            circumstances=view_settings.circumstances,
            open_dirs=open_dirs,
        )

    def finish(
        self,
        writer: ReceiptWriter,
        view_settings: ViewSettings,
        now: Now,
        began: float,
    ) -> None:
        """Put a receipt in its place, and end its entry, or schedule another attempt.

        Args:
            writer: Has written all of it.
            view_settings: The config's part.
            now: The moment.
            began: When the work on it began, by `time.perf_counter()`, without pauses.
        """
        drop = writer.drop
        # Forgotten first: if `finish` raises, the content on disk is not known.
        known = self._last_written.pop(drop.id, None)
        digests = writer.finish(known[0] if known else ReceiptDigests())
        failpoints.failpoint("receipt.written", drop.id)
        self._record_errors(writer, now)
        pause_s = view_settings.pause_s(time.perf_counter() - began)
        self._last_written[drop.id] = digests, now.uptime_s + pause_s
        again = self._retry_at(writer, now)
        if again is None:
            self._due_queue.finish(drop.id)
        else:
            self._just_filed.add(drop.id)
            self._due_queue.postpone(drop.id, again)

    def _record_errors(self, writer: ReceiptWriter, now: Now) -> None:
        has_errors = writer.program_error or writer.people_error
        if not has_errors and not self._write_errors:
            return
        status = self._status_folder(writer.drop)
        beside = self._drop_folder(writer.drop)
        if writer.program_error is not None:
            self._write_errors.record(
                STATUS_UNWRITABLE, status, writer.program_error, now
            )
        else:
            self._write_errors.clear(STATUS_UNWRITABLE, status)
        if writer.people_error is not None:
            self._write_errors.record(
                RECEIPT_UNWRITABLE, beside, writer.people_error, now
            )
        elif writer.people_files_written:
            self._write_errors.clear(RECEIPT_UNWRITABLE, beside)

    def _retry_at(self, writer: ReceiptWriter, now: Now) -> float | None:
        """Return when to try again what could not be written, None when all was."""
        until = None
        if writer.people_files_missing:
            beside = self._drop_folder(writer.drop)
            blocked = self._write_errors.blocked_until(RECEIPT_UNWRITABLE, beside, now)
            turn = TURN_S if writer.people_error is not None else 0.0
            until = (blocked or now.uptime_s) + turn
        if writer.program_error is not None:
            status = self._status_folder(writer.drop)
            until = self._write_errors.blocked_until(STATUS_UNWRITABLE, status, now)
        return until

    def _status_folder(self, drop: ReceiptHead) -> str:
        return str(self._layout.receipts(drop.session_name))

    def _drop_folder(self, drop: ReceiptHead) -> str:
        folder = self._layout.drop_folder(drop.session_name, at_root=drop.at_root)
        return str(folder)
