"""All drops' receipts: which must be written, and when."""

import time
from collections import OrderedDict
from collections.abc import Iterable

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Connection, Ledger, receipts
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.system.item_faults import ItemFaults
from ytaudio_daemon.views.due_queue import NO_EVENT, DueQueue
from ytaudio_daemon.views.receipt import (
    LONG_RECEIPT_LINES,
    ReceiptDigests,
    ReceiptWriter,
)
from ytaudio_daemon.views.receipt_folders import ReceiptFolders
from ytaudio_daemon.views.snapshot import ViewSettings
from ytaudio_daemon.views.unfinished_lines import UnfinishedLines
from ytaudio_daemon.views.write_errors import (
    RECEIPT_UNWRITABLE,
    RETRY_AFTER_S,
    STATUS_UNWRITABLE,
    TURN_S,
    WriteErrors,
)

#: Receipts whose content is remembered; one that is not is written anew.
MAX_REMEMBERED = 2000


class Receipts:
    """Keeps the receipts up to date, for programs and for people.

    Args:
        ledger: Read only.
        layout: The folders the receipts lie in.
        write_errors: Receives what cannot be written.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, write_errors: WriteErrors
    ) -> None:
        self.due_queue = DueQueue()
        self._ledger = ledger
        self._layout = layout
        self._write_errors = write_errors
        #: The receipt in hand: a long one takes several steps.
        self._writer: ReceiptWriter | None = None
        #: Drops to be written whatever their length: they have just been filed.
        self._just_filed: set[int] = set()
        self._unfinished_lines = UnfinishedLines()
        self._receipt_folders = ReceiptFolders(layout)
        #: What was written last, and from when on it may be written again.
        self._last_written: OrderedDict[int, tuple[ReceiptDigests, float]] = (
            OrderedDict()
        )
        #: The time the receipt in hand took so far, and the start of this step.
        self._elapsed_s = 0.0
        self._step_started = 0.0
        self._faults = ItemFaults("receipts")

    def mark_filed(self, drop_id: int, now: Now, event_id: float = NO_EVENT) -> None:
        """Schedule a drop that was filed."""
        self._just_filed.add(drop_id)
        self.due_queue.schedule(drop_id, now.uptime_s, event_id)

    def mark_missing(self, drop_id: int, now: Now) -> None:
        """Schedule a drop whose receipt is missing, or may be."""
        self._last_written.pop(drop_id, None)
        self.mark_filed(drop_id, now)

    def mark_jobs_changed(
        self, drop_ids: Iterable[int], now: Now, event_id: float
    ) -> None:
        """Schedule drops whose jobs changed their state."""
        for drop_id in drop_ids:
            known = self._last_written.get(drop_id)
            due = known[1] if known else now.uptime_s
            self.due_queue.schedule(drop_id, due, event_id)

    def mark_jobs_reopened(self, drop_ids: Iterable[int]) -> None:
        """Note that finalized jobs of some drops were queued again."""
        self._unfinished_lines.forget(drop_ids)

    def write_step(self, view_settings: ViewSettings, now: Now) -> bool:
        """Write a piece of the next receipt that is due; False when none is."""
        self._step_started = time.perf_counter()
        worked = self._write_next_or_postpone(view_settings, now)
        self._elapsed_s += time.perf_counter() - self._step_started
        return worked

    def abandon(self) -> None:
        """Discard a receipt that is half written; its event is not shown yet."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None

    def _write_next_or_postpone(self, view_settings: ViewSettings, now: Now) -> bool:
        due = self.due_queue.first_due(now.uptime_s)
        number = due if self._writer is None else self._writer.drop.id
        with self._faults.isolated(
            f"drop {number}", lambda: self._postpone(number, now)
        ):
            return self._write_next(view_settings, now)
        return True

    def _postpone(self, drop_id: int | None, now: Now) -> None:
        """Leave a receipt that cannot be made to a later time."""
        self.abandon()
        if drop_id is not None:
            self.due_queue.postpone(drop_id, now.uptime_s + RETRY_AFTER_S)

    def _write_next(self, view_settings: ViewSettings, now: Now) -> bool:
        due = self.due_queue.first_due(now.uptime_s) if self._writer is None else None
        if self._writer is None and due is None:
            return False
        with self._ledger.read() as db:
            if due is not None:
                self._begin(db, due, view_settings, now)
            has_more = self._writer is not None and self._write_lines(db, self._writer)
        if self._writer is not None and not has_more:
            writer, self._writer = self._writer, None
            self._finish(writer, view_settings, now)
        return True

    def _begin(
        self, db: Connection, drop_id: int, view_settings: ViewSettings, now: Now
    ) -> None:
        """Open the drop's receipt, if it is to be written now."""
        drop = receipts.receipt_head(db, drop_id)
        if drop is None or receipts.is_superseded(db, drop):
            self.due_queue.remove(drop_id)
            self._forget_progress(drop_id)
            return
        if _is_long(drop) and not self._is_first_or_last(db, drop_id):
            return
        self._elapsed_s = 0.0
        self.due_queue.begin(drop_id)
        self._forget_progress(drop_id)
        place = self._drop_folder(drop)
        blocked = self._write_errors.blocked_until(RECEIPT_UNWRITABLE, place, now)
        self._writer = ReceiptWriter(
            self._layout,
            drop,
            self._receipt_folders.folder_of(drop, now),
            for_people=blocked is None,
            circumstances=view_settings.circumstances,
        )

    def _is_first_or_last(self, db: Connection, drop_id: int) -> bool:
        """True if a long drop was just filed, or its last job was finalized."""
        if drop_id in self._just_filed:
            return True
        is_unfinished = self._unfinished_lines.search(db, drop_id)
        if is_unfinished:
            self.due_queue.remove(drop_id)  # until a job changes
        return is_unfinished is False

    def _write_lines(self, db: Connection, writer: ReceiptWriter) -> bool:
        """Write everything, of a long receipt a page; True if there are more."""
        while has_more := writer.step(db):
            if writer.is_long:
                break
        return has_more

    def _finish(
        self, writer: ReceiptWriter, view_settings: ViewSettings, now: Now
    ) -> None:
        drop = writer.drop
        known = self._last_written.pop(drop.id, None)
        digests = writer.finish(known[0] if known else ReceiptDigests())
        failpoints.failpoint("receipt.written", drop.id)
        self._record_errors(writer, now)
        took_s = self._elapsed_s + time.perf_counter() - self._step_started
        self._last_written[drop.id] = (
            digests,
            now.uptime_s + view_settings.pause_s(took_s),
        )
        if len(self._last_written) > MAX_REMEMBERED:
            self._last_written.popitem(last=False)
        again = self._retry_at(writer, now)
        if again is None:
            self.due_queue.finish(drop.id)
        else:
            self._just_filed.add(drop.id)  # whatever its length
            self.due_queue.postpone(drop.id, again)

    def _record_errors(self, writer: ReceiptWriter, now: Now) -> None:
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
        beside = self._drop_folder(writer.drop)
        until = None
        if writer.people_files_missing:
            blocked = self._write_errors.blocked_until(RECEIPT_UNWRITABLE, beside, now)
            turn = TURN_S if writer.people_error is not None else 0.0
            until = (blocked or now.uptime_s) + turn
        if writer.program_error is not None:
            status = self._status_folder(writer.drop)
            until = self._write_errors.blocked_until(STATUS_UNWRITABLE, status, now)
        return until

    def _forget_progress(self, drop_id: int) -> None:
        self._just_filed.discard(drop_id)
        self._unfinished_lines.forget([drop_id])

    def _status_folder(self, drop: ReceiptHead) -> str:
        return str(self._layout.receipts(drop.session_name))

    def _drop_folder(self, drop: ReceiptHead) -> str:
        folder = self._layout.drop_folder(drop.session_name, at_root=drop.at_root)
        return str(folder)


def _is_long(drop: ReceiptHead) -> bool:
    return drop.lines > LONG_RECEIPT_LINES
