"""Keeps all drops' receipts up to date: schedules them, and writes them in steps."""

import time
from collections.abc import Iterable

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Connection, Ledger, receipts
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system.item_faults import ItemFaults
from ytaudio_daemon.views.due_queue import NO_EVENT, DueQueue
from ytaudio_daemon.views.receipt import LONG_RECEIPT_LINES, ReceiptWriter
from ytaudio_daemon.views.receipt_writers import ReceiptWriters
from ytaudio_daemon.views.small_receipts import SmallReceipts
from ytaudio_daemon.views.snapshot import ViewSettings
from ytaudio_daemon.views.unfinished_lines import UnfinishedLines
from ytaudio_daemon.views.write_errors import RETRY_AFTER_S, WriteErrors


class Receipts:
    """Schedules and writes the receipts for programs and for people.

    Args:
        ledger: Read only.
        layout: The folders the receipts lie in.
        write_errors: Receives the errors of folders that cannot be written to.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, write_errors: WriteErrors
    ) -> None:
        self.due_queue = DueQueue()
        self._ledger = ledger
        #: The receipt that is being written: a long one takes several steps.
        self._writer: ReceiptWriter | None = None
        #: Drops whose receipt is written whatever its length: they were just filed.
        self._just_filed: set[int] = set()
        self._unfinished_lines = UnfinishedLines()
        self._writers = ReceiptWriters(
            layout, write_errors, self.due_queue, self._just_filed
        )
        self._faults = ItemFaults("receipts")
        self._small = SmallReceipts(
            ledger,
            self.due_queue,
            self._writers,
            self._faults,
            self._forget_progress,
        )
        #: Seconds that `_writer` took in earlier steps, and the start of this step.
        self._elapsed_s = 0.0
        self._step_started = 0.0

    def mark_filed(self, drop_id: int, now: Now, event_id: float = NO_EVENT) -> None:
        """Schedule a drop that was filed."""
        self._just_filed.add(drop_id)
        self.due_queue.schedule(drop_id, now.uptime_s, event_id)

    def mark_missing(self, drop_id: int, now: Now) -> None:
        """Schedule a drop whose receipt is missing, or may be."""
        self._writers.forget(drop_id)
        self.mark_filed(drop_id, now)

    def mark_jobs_changed(
        self, drop_ids: Iterable[int], now: Now, event_id: float
    ) -> None:
        """Schedule drops whose jobs changed their state."""
        for drop_id in drop_ids:
            due = self._writers.paused_until(drop_id, now)
            self.due_queue.schedule(drop_id, due, event_id)

    def mark_jobs_reopened(self, drop_ids: Iterable[int]) -> None:
        """Search the unfinished lines of some drops anew: jobs were queued again."""
        self._unfinished_lines.forget(drop_ids)

    def write_step(self, view_settings: ViewSettings, now: Now) -> bool:
        """Write a few receipts that are due, or a piece of a long one; False if none is."""
        if self._writer is None and self._small.write_batch(view_settings, now):
            return True
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
        """Try a receipt again later that could not be read or formed."""
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
            began = self._step_started - self._elapsed_s
            self._writers.finish(writer, view_settings, now, began)
        return True

    def _begin(
        self, db: Connection, drop_id: int, view_settings: ViewSettings, now: Now
    ) -> None:
        """Create the writer of the drop's receipt, if it is to be written now."""
        drop = receipts.receipt_head(db, drop_id)
        if drop is None or receipts.superseded_drops(db, [drop.id]):
            self.due_queue.remove(drop_id)
            self._forget_progress(drop_id)
            return
        if _is_long(drop) and not self._is_first_or_last(db, drop_id):
            return
        self._elapsed_s = 0.0
        self.due_queue.begin(drop_id)
        self._forget_progress(drop_id)
        self._writer = self._writers.create(drop, view_settings, now)

    def _is_first_or_last(self, db: Connection, drop_id: int) -> bool:
        """True if a long drop was just filed, or its last job was finalized."""
        if drop_id in self._just_filed:
            return True
        is_unfinished = self._unfinished_lines.search(db, drop_id)
        if is_unfinished:
            self.due_queue.remove(drop_id)  # until a job changes
        return is_unfinished is False

    def _write_lines(self, db: Connection, writer: ReceiptWriter) -> bool:
        """Write all lines, of a long receipt one page; True if there are more."""
        while has_more := writer.step(db):
            if writer.is_long:
                break
        return has_more

    def _forget_progress(self, drop_id: int) -> None:
        self._just_filed.discard(drop_id)
        self._unfinished_lines.forget([drop_id])


def _is_long(drop: ReceiptHead) -> bool:
    return drop.lines > LONG_RECEIPT_LINES
