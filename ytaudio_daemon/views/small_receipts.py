"""Writes small receipts in batches, for floods of small files."""

import math
import time
from collections.abc import Callable, Iterable
from functools import partial

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders.open_dirs import OpenDirs
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.receipt_batch import ReceiptBatch, read_small_receipts
from ytaudio_daemon.ledger.receipt_line import ReceiptLine
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system.item_faults import ItemFaults
from ytaudio_daemon.views.due_queue import DueQueue
from ytaudio_daemon.views.receipt_writers import ReceiptWriters
from ytaudio_daemon.views.snapshot import ViewSettings
from ytaudio_daemon.views.write_errors import RETRY_AFTER_S

#: The most receipts that are read at once, and the most lines of each.
MAX_RECEIPTS = 40
MAX_LINES = 20
#: Seconds that writing a batch may take; the rest of it is read again.
BATCH_S = 0.015
#: Drops that are remembered as not small.
MAX_REMEMBERED = 100_000


class SmallReceipts:
    """Writes receipts that are read together: a few statements and folders for all.

    Args:
        ledger: Read only.
        due_queue: Has the receipts that are due.
        writers: Creates the writer of each receipt.
        faults: Isolates the others from a receipt that raises.
        on_begun: Called with each drop whose receipt is written or not needed.
    """

    def __init__(
        self,
        ledger: Ledger,
        due_queue: DueQueue,
        writers: ReceiptWriters,
        faults: ItemFaults,
        on_begun: Callable[[int], None],
    ) -> None:
        self._ledger = ledger
        self._due_queue = due_queue
        self._writers = writers
        self._faults = faults
        self._on_begun = on_begun
        #: Drops that `Receipts` writes; a drop that is not small stays so.
        self._not_small: set[int] = set()
        #: Receipts to read the next time: as many as could be written in time.
        self._batch_size = MAX_RECEIPTS

    def write_batch(self, view_settings: ViewSettings, now: Now) -> bool:
        """Write the next receipts that are due, up to one that is not small.

        Returns:
            False if the next one is not small, or none is due.

        Raises:
            LedgerError: The ledger cannot be read; all stay due.
        """
        begun = self._begin_batch(now)
        if not begun:
            return False
        # In order; what is not finished at the end comes first the next time.
        left = dict.fromkeys(begun)
        try:
            batch = self._read(begun)
            for drop_id in batch.needless:
                self._on_begun(drop_id)
                self._due_queue.finish(drop_id)
                del left[drop_id]
            if self._write_all(batch, left, view_settings, now):
                self._remember_not_small(left)
                self._batch_size = min(MAX_RECEIPTS, 2 * self._batch_size)
            else:
                self._batch_size = max(1, len(begun) - len(left))
        finally:
            for drop_id in left:
                self._due_queue.postpone(drop_id, -math.inf)
        return True

    def _begin_batch(self, now: Now) -> list[int]:
        """Take the next drops that are due out of the queue."""
        begun: list[int] = []
        while len(begun) < self._batch_size:
            due = self._due_queue.first_due(now.uptime_s)
            if due is None or due in self._not_small:
                break
            self._due_queue.begin(due)
            begun.append(due)
        return begun

    def _read(self, drop_ids: list[int]) -> ReceiptBatch:
        """Read drops; none if one cannot be read, so that each is read by itself."""
        try:
            with self._ledger.read() as db:
                return read_small_receipts(db, drop_ids, MAX_LINES)
        except ITEM_ERRORS:
            return ReceiptBatch()

    def _write_all(
        self,
        batch: ReceiptBatch,
        left: dict[int, None],
        view_settings: ViewSettings,
        now: Now,
    ) -> bool:
        """Write the receipts, and remove them from `left`; False when time is up."""
        deadline = time.perf_counter() + BATCH_S
        with OpenDirs() as open_dirs:
            for drop, lines in batch.complete:
                del left[drop.id]
                open_dirs.close_many()
                put_off = partial(
                    self._due_queue.postpone, drop.id, now.uptime_s + RETRY_AFTER_S
                )
                with self._faults.isolated(f"drop {drop.id}", put_off):
                    self._write(drop, lines, open_dirs, view_settings, now)
                if time.perf_counter() >= deadline:
                    return False
        return True

    def _write(
        self,
        drop: ReceiptHead,
        lines: list[ReceiptLine],
        open_dirs: OpenDirs,
        view_settings: ViewSettings,
        now: Now,
    ) -> None:
        began = time.perf_counter()
        self._on_begun(drop.id)
        writer = self._writers.create(drop, view_settings, now, open_dirs)
        try:
            writer.write_whole(lines)
        except BaseException:
            writer.discard()
            raise
        self._writers.finish(writer, view_settings, now, began)

    def _remember_not_small(self, drop_ids: Iterable[int]) -> None:
        if len(self._not_small) > MAX_REMEMBERED:
            self._not_small.clear()
        self._not_small.update(drop_ids)
