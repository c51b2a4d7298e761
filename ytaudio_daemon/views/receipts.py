"""All drops' receipts: which are to be written, and when."""

import time
from collections import OrderedDict
from collections.abc import Iterable

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, receipts
from ytaudio_daemon.ledger.receipts import ReceiptHead, ReceiptLine
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.views.due_queue import NO_EVENT, Agenda
from ytaudio_daemon.views.receipt import ReceiptWriter, Shown
from ytaudio_daemon.views.snapshot import Rules
from ytaudio_daemon.views.write_errors import Troubles

#: Longer receipts are written at intake and at the end only.
LONG = 1000
#: Lines read at once: some ten milliseconds.
PAGE = 500
#: A receipt may take one twentieth of the time.
SHARE = 20
#: Receipts whose content is remembered; one that is not is written anew.
MAX_SHOWN = 2000
PROGRAM_CODE = "status_unwritable"
PEOPLE_CODE = "receipt_unwritable"


class Receipts:
    """Keeps the receipts true, for programs and for people.

    Args:
        ledger: Read only.
        layout: Where they lie.
        troubles: Takes what cannot be written.
    """

    def __init__(self, ledger: Ledger, layout: Layout, troubles: Troubles) -> None:
        self.agenda = Agenda()
        self._ledger = ledger
        self._layout = layout
        self._troubles = troubles
        self._writer: ReceiptWriter | None = None
        #: The first event that the receipt in hand may have come too early for.
        self._overtaken_by: float | None = None
        #: Drops to be written whatever their length: they have just been filed.
        self._fresh: set[int] = set()
        #: Long drops: the first line that is known to be unfinished.
        self._unfinished: dict[int, int] = {}
        #: What was written last, and from when on it may be written again.
        self._shown: OrderedDict[int, tuple[Shown, float]] = OrderedDict()
        #: What the receipt in hand has cost so far, and since when this step runs.
        self._took_s = 0.0
        self._began = 0.0

    def note_filed(self, drop_id: int, now: Now, event_id: float = NO_EVENT) -> None:
        """A drop has got its place, or its receipt is missing."""
        self._fresh.add(drop_id)
        self.agenda.note(drop_id, now.lived, event_id)

    def note_moved(self, drop_ids: Iterable[int], now: Now, event_id: float) -> None:
        """Jobs of some drops have moved."""
        for drop_id in drop_ids:
            if self._writer is not None and self._writer.drop.id == drop_id:
                self._overtaken_by = min(event_id, self._overtaken_by or event_id)
            known = self._shown.get(drop_id)
            due = known[1] if known else now.lived
            self.agenda.note(drop_id, due, event_id)

    def note_reopened(self, drop_ids: Iterable[int]) -> None:
        """Finalized jobs of some drops were queued again."""
        for drop_id in drop_ids:
            self._unfinished.pop(drop_id, None)

    def work(self, rules: Rules, now: Now) -> bool:
        """Write a page of the next receipt that is due; False when none is."""
        self._began = time.perf_counter()
        worked = self._step(rules, now)
        self._took_s += time.perf_counter() - self._began
        return worked

    def abandon(self) -> None:
        """Drop a receipt that is half written; it is noted still."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None

    def _step(self, rules: Rules, now: Now) -> bool:
        if self._writer is not None:
            self._write_page(self._writer, rules, now)
            return True
        drop_id = self.agenda.next_due(now.lived)
        if drop_id is None:
            return False
        self._took_s = 0.0
        page: list[ReceiptLine] = []
        with self._ledger.read() as db:
            drop = receipts.receipt_head(db, drop_id)
            if drop is None or receipts.has_newer_namesake(db, drop):
                self._forget(drop_id)
                return True
            is_long = drop.lines > LONG
            if not is_long:
                page = receipts.receipt_page(db, drop_id, 0, LONG)
        if is_long:
            self._begin_long(drop, now)
        else:
            writer = self._new_writer(drop, now)
            if page:
                writer.add(page)
            self._finish(writer, rules, now)
        return True

    def _begin_long(self, drop: ReceiptHead, now: Now) -> None:
        """Begin a long receipt, if it is its intake or its end."""
        if drop.id in self._fresh or self._is_at_its_end(drop):
            self._writer = self._new_writer(drop, now)
            self._overtaken_by = None

    def _is_at_its_end(self, drop: ReceiptHead) -> bool:
        """Look on from the first line that was unfinished when last looked at."""
        after = self._unfinished.get(drop.id, 0)
        with self._ledger.read() as db:
            line, last = receipts.unfinished_line(db, drop.id, after, 1)
            if line is None and last is not None:
                line, last = receipts.unfinished_line(db, drop.id, last, PAGE)
        if line is not None:
            self._unfinished[drop.id] = line - 1
            self.agenda.done(drop.id)
        elif last is not None:  # the next step looks on
            self._unfinished[drop.id] = last
        return line is None and last is None

    def _new_writer(self, drop: ReceiptHead, now: Now) -> ReceiptWriter:
        place = self._place(drop)
        blocked = self._troubles.blocked_until(PEOPLE_CODE, place, now)
        return ReceiptWriter(self._layout, drop, for_people=blocked is None)

    def _write_page(self, writer: ReceiptWriter, rules: Rules, now: Now) -> None:
        with self._ledger.read() as db:
            page = receipts.receipt_page(db, writer.drop.id, writer.after_line, PAGE)
        if page:
            writer.add(page)
        if len(page) < PAGE:
            self._writer = None
            self._finish(writer, rules, now)

    def _finish(self, writer: ReceiptWriter, rules: Rules, now: Now) -> None:
        drop = writer.drop
        known = self._shown.pop(drop.id, None)
        shown = writer.finish(known[0] if known else Shown())
        failpoints.at("receipt.written", drop.id)
        self._note_errors(writer, now)
        took_s = self._took_s + time.perf_counter() - self._began
        wait = max(rules.interval_s, SHARE * took_s)
        self._shown[drop.id] = shown, now.lived + wait
        if len(self._shown) > MAX_SHOWN:
            self._shown.popitem(last=False)
        again = self._again(writer, now)
        overtaken_by, self._overtaken_by = self._overtaken_by, None
        if again is None:
            self._forget(drop.id)
            if overtaken_by is not None:
                self.agenda.note(drop.id, now.lived, overtaken_by)
        else:
            self.agenda.postpone(drop.id, again)

    def _note_errors(self, writer: ReceiptWriter, now: Now) -> None:
        status, beside = self._status(writer.drop), self._place(writer.drop)
        if writer.program_error is not None:
            self._troubles.note(PROGRAM_CODE, status, writer.program_error, now)
        else:
            self._troubles.clear(PROGRAM_CODE, status)
        if writer.people_error is not None:
            self._troubles.note(PEOPLE_CODE, beside, writer.people_error, now)
        elif writer.wrote_for_people:
            self._troubles.clear(PEOPLE_CODE, beside)

    def _again(self, writer: ReceiptWriter, now: Now) -> float | None:
        """Return when to try again what could not be written, None when all was."""
        beside = self._place(writer.drop)
        until = None
        if writer.lacks_people:
            until = self._troubles.blocked_until(PEOPLE_CODE, beside, now)
        if writer.program_error is not None:
            status = self._status(writer.drop)
            until = self._troubles.blocked_until(PROGRAM_CODE, status, now)
        return until

    def _forget(self, drop_id: int) -> None:
        self.agenda.done(drop_id)
        self._fresh.discard(drop_id)
        self._unfinished.pop(drop_id, None)

    def _status(self, drop: ReceiptHead) -> str:
        return str(self._layout.receipts(drop.session_name))

    def _place(self, drop: ReceiptHead) -> str:
        folder = self._layout.drop_folder(drop.session_name, at_root=drop.at_root)
        return str(folder)
