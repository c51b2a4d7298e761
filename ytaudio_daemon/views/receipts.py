"""All drops' receipts: which are to be written, and when."""

import time
from collections import OrderedDict
from collections.abc import Iterable

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, receipts
from ytaudio_daemon.ledger.receipts import ReceiptHead, ReceiptLine
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.views.due_queue import NO_EVENT, DueQueue
from ytaudio_daemon.views.receipt import ReceiptDigests, ReceiptWriter
from ytaudio_daemon.views.snapshot import ViewSettings
from ytaudio_daemon.views.write_errors import WriteErrors

#: Longer receipts are written at intake and at the end only.
LONG_RECEIPT_LINES = 1000
#: Lines read at once: some ten milliseconds.
PAGE_LINES = 500
#: A receipt may take one twentieth of the time.
PAUSE_FACTOR = 20
#: Receipts whose content is remembered; one that is not is written anew.
MAX_REMEMBERED = 2000
PROGRAM_CODE = "status_unwritable"
PEOPLE_CODE = "receipt_unwritable"


class Receipts:
    """Keeps the receipts true, for programs and for people.

    Args:
        ledger: Read only.
        layout: Where they lie.
        write_errors: Takes what cannot be written.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, write_errors: WriteErrors
    ) -> None:
        self.due_queue = DueQueue()
        self._ledger = ledger
        self._layout = layout
        self._write_errors = write_errors
        self._writer: ReceiptWriter | None = None
        #: The first event that the receipt in hand may have come too early for.
        self._missed_event: float | None = None
        #: Drops to be written whatever their length: they have just been filed.
        self._just_filed: set[int] = set()
        #: Long drops: the first line that is known to be unfinished.
        self._first_unfinished: dict[int, int] = {}
        #: What was written last, and from when on it may be written again.
        self._last_written: OrderedDict[int, tuple[ReceiptDigests, float]] = (
            OrderedDict()
        )
        #: What the receipt in hand has cost so far, and since when this step runs.
        self._elapsed_s = 0.0
        self._step_started = 0.0

    def mark_filed(self, drop_id: int, now: Now, event_id: float = NO_EVENT) -> None:
        """A drop has got its place, or its receipt is missing."""
        self._just_filed.add(drop_id)
        self.due_queue.schedule(drop_id, now.uptime_s, event_id)

    def mark_jobs_changed(
        self, drop_ids: Iterable[int], now: Now, event_id: float
    ) -> None:
        """Jobs of some drops have moved."""
        for drop_id in drop_ids:
            if self._writer is not None and self._writer.drop.id == drop_id:
                self._missed_event = min(event_id, self._missed_event or event_id)
            known = self._last_written.get(drop_id)
            due = known[1] if known else now.uptime_s
            self.due_queue.schedule(drop_id, due, event_id)

    def mark_jobs_reopened(self, drop_ids: Iterable[int]) -> None:
        """Finalized jobs of some drops were queued again."""
        for drop_id in drop_ids:
            self._first_unfinished.pop(drop_id, None)

    def write_step(self, view_settings: ViewSettings, now: Now) -> bool:
        """Write a page of the next receipt that is due; False when none is."""
        self._step_started = time.perf_counter()
        worked = self._write_next(view_settings, now)
        self._elapsed_s += time.perf_counter() - self._step_started
        return worked

    def abandon(self) -> None:
        """Drop a receipt that is half written; it is noted still."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None

    def _write_next(self, view_settings: ViewSettings, now: Now) -> bool:
        if self._writer is not None:
            self._write_page(self._writer, view_settings, now)
            return True
        drop_id = self.due_queue.first_due(now.uptime_s)
        if drop_id is None:
            return False
        self._elapsed_s = 0.0
        page: list[ReceiptLine] = []
        with self._ledger.read() as db:
            drop = receipts.receipt_head(db, drop_id)
            if drop is None or receipts.is_superseded(db, drop):
                self._unschedule(drop_id)
                return True
            is_long = drop.lines > LONG_RECEIPT_LINES
            if not is_long:
                page = receipts.receipt_page(db, drop_id, 0, LONG_RECEIPT_LINES)
        if is_long:
            self._start_long_receipt(drop, now)
        else:
            writer = self._new_writer(drop, now)
            if page:
                writer.add(page)
            self._finish(writer, view_settings, now)
        return True

    def _start_long_receipt(self, drop: ReceiptHead, now: Now) -> None:
        """Begin a long receipt, if it is its intake or its end."""
        if drop.id in self._just_filed or self._is_complete(drop):
            self._writer = self._new_writer(drop, now)
            self._missed_event = None

    def _is_complete(self, drop: ReceiptHead) -> bool:
        """Look on from the first line that was unfinished when last looked at."""
        after = self._first_unfinished.get(drop.id, 0)
        with self._ledger.read() as db:
            line, last = receipts.find_unfinished_line(db, drop.id, after, 1)
            if line is None and last is not None:
                line, last = receipts.find_unfinished_line(
                    db, drop.id, last, PAGE_LINES
                )
        if line is not None:
            self._first_unfinished[drop.id] = line - 1
            self.due_queue.remove(drop.id)
        elif last is not None:  # the next step looks on
            self._first_unfinished[drop.id] = last
        return line is None and last is None

    def _new_writer(self, drop: ReceiptHead, now: Now) -> ReceiptWriter:
        place = self._drop_folder(drop)
        blocked = self._write_errors.blocked_until(PEOPLE_CODE, place, now)
        return ReceiptWriter(self._layout, drop, for_people=blocked is None)

    def _write_page(
        self, writer: ReceiptWriter, view_settings: ViewSettings, now: Now
    ) -> None:
        with self._ledger.read() as db:
            page = receipts.receipt_page(
                db, writer.drop.id, writer.after_line, PAGE_LINES
            )
        if page:
            writer.add(page)
        if len(page) < PAGE_LINES:
            self._writer = None
            self._finish(writer, view_settings, now)

    def _finish(
        self, writer: ReceiptWriter, view_settings: ViewSettings, now: Now
    ) -> None:
        drop = writer.drop
        known = self._last_written.pop(drop.id, None)
        digests = writer.finish(known[0] if known else ReceiptDigests())
        failpoints.failpoint("receipt.written", drop.id)
        self._record_errors(writer, now)
        took_s = self._elapsed_s + time.perf_counter() - self._step_started
        wait = max(view_settings.interval_s, PAUSE_FACTOR * took_s)
        self._last_written[drop.id] = digests, now.uptime_s + wait
        if len(self._last_written) > MAX_REMEMBERED:
            self._last_written.popitem(last=False)
        again = self._retry_at(writer, now)
        overtaken_by, self._missed_event = self._missed_event, None
        if again is None:
            self._unschedule(drop.id)
            if overtaken_by is not None:
                self.due_queue.schedule(drop.id, now.uptime_s, overtaken_by)
        else:
            self.due_queue.postpone(drop.id, again)

    def _record_errors(self, writer: ReceiptWriter, now: Now) -> None:
        status, beside = (
            self._status_folder(writer.drop),
            self._drop_folder(writer.drop),
        )
        if writer.program_error is not None:
            self._write_errors.record(PROGRAM_CODE, status, writer.program_error, now)
        else:
            self._write_errors.clear(PROGRAM_CODE, status)
        if writer.people_error is not None:
            self._write_errors.record(PEOPLE_CODE, beside, writer.people_error, now)
        elif writer.people_files_written:
            self._write_errors.clear(PEOPLE_CODE, beside)

    def _retry_at(self, writer: ReceiptWriter, now: Now) -> float | None:
        """Return when to try again what could not be written, None when all was."""
        beside = self._drop_folder(writer.drop)
        until = None
        if writer.people_files_missing:
            until = self._write_errors.blocked_until(PEOPLE_CODE, beside, now)
        if writer.program_error is not None:
            status = self._status_folder(writer.drop)
            until = self._write_errors.blocked_until(PROGRAM_CODE, status, now)
        return until

    def _unschedule(self, drop_id: int) -> None:
        self.due_queue.remove(drop_id)
        self._just_filed.discard(drop_id)
        self._first_unfinished.pop(drop_id, None)

    def _status_folder(self, drop: ReceiptHead) -> str:
        return str(self._layout.receipts(drop.session_name))

    def _drop_folder(self, drop: ReceiptHead) -> str:
        folder = self._layout.drop_folder(drop.session_name, at_root=drop.at_root)
        return str(folder)
