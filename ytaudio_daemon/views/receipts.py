"""All drops' receipts: which are to be written, and when."""

import time
from collections import OrderedDict
from collections.abc import Iterable

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, receipts
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.agenda import NO_EVENT, Agenda
from ytaudio_daemon.views.live import Rules
from ytaudio_daemon.views.receipt import ReceiptWriter, Shown
from ytaudio_daemon.views.troubles import Troubles

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
        #: Drops to be written whatever their length: they have just been filed.
        self._fresh: set[int] = set()
        #: Long drops: the first line that is known to be unfinished.
        self._unfinished: dict[int, int] = {}
        #: What was written last, and from when on it may be written again.
        self._shown: OrderedDict[int, tuple[Shown, float]] = OrderedDict()
        self._took_s = 0.0

    def note_filed(self, drop_id: int, now: Now, event_id: float = NO_EVENT) -> None:
        """A drop has got its place, or its receipt is missing."""
        self._fresh.add(drop_id)
        self.agenda.note(drop_id, now.lived, event_id)

    def note_moved(self, drop_ids: Iterable[int], now: Now, event_id: float) -> None:
        """Jobs of some drops have moved."""
        for drop_id in drop_ids:
            known = self._shown.get(drop_id)
            due = known[1] if known else now.lived
            self.agenda.note(drop_id, due, event_id)

    def note_reopened(self, drop_ids: Iterable[int]) -> None:
        """Finalized jobs of some drops were queued again."""
        for drop_id in drop_ids:
            self._unfinished.pop(drop_id, None)

    def work(self, rules: Rules, now: Now) -> bool:
        """Write a page of the next receipt that is due; False when none is."""
        began = time.perf_counter()
        worked = self._step(rules, now)
        self._took_s += time.perf_counter() - began
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
        with self._ledger.read() as db:
            drop = receipts.receipt_head(db, drop_id)
            stale = drop is not None and receipts.has_newer_namesake(db, drop)
        if drop is None or stale:
            self._forget(drop_id)
        elif self._is_wanted(drop):
            self._begin(drop, rules, now)
        return True

    def _is_wanted(self, drop: ReceiptHead) -> bool:
        """Return whether to write it now: a long one only at intake and at the end."""
        if drop.lines <= LONG or drop.id in self._fresh:
            return True
        after = self._unfinished.get(drop.id, 0)
        with self._ledger.read() as db:
            line, last = receipts.unfinished_line(db, drop.id, after, PAGE * 4)
        if line is not None:
            # Behind the line before: this one is the first to look at again.
            self._unfinished[drop.id] = line - 1
            self.agenda.done(drop.id)
            return False
        if last is not None:
            self._unfinished[drop.id] = last
            return False
        return True

    def _begin(self, drop: ReceiptHead, rules: Rules, now: Now) -> None:
        people_place = self._place(drop)
        blocked = self._troubles.blocked_until(PEOPLE_CODE, people_place, now)
        self._took_s = 0.0
        self._writer = ReceiptWriter(self._layout, drop, for_people=blocked is None)
        self._write_page(self._writer, rules, now)

    def _write_page(self, writer: ReceiptWriter, rules: Rules, now: Now) -> None:
        drop = writer.drop
        limit = LONG if drop.lines <= LONG else PAGE
        with self._ledger.read() as db:
            page = receipts.receipt_page(db, drop.id, writer.after_line, limit)
        if page:
            writer.add(page)
        if len(page) < limit:
            self._writer = None
            self._finish(writer, rules, now)

    def _finish(self, writer: ReceiptWriter, rules: Rules, now: Now) -> None:
        drop = writer.drop
        known = self._shown.pop(drop.id, None)
        shown = writer.finish(known[0] if known else Shown())
        self._note_errors(writer, now)
        wait = max(rules.interval_s, SHARE * self._took_s)
        self._shown[drop.id] = shown, now.lived + wait
        if len(self._shown) > MAX_SHOWN:
            self._shown.popitem(last=False)
        again = self._again(writer, now)
        if again is None:
            self._forget(drop.id)
        else:
            self.agenda.postpone(drop.id, again)

    def _note_errors(self, writer: ReceiptWriter, now: Now) -> None:
        status, beside = str(self._layout.status), self._place(writer.drop)
        if writer.program_error is not None:
            self._troubles.note(PROGRAM_CODE, status, writer.program_error, now)
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
            status = str(self._layout.status)
            until = self._troubles.blocked_until(PROGRAM_CODE, status, now)
        return until

    def _forget(self, drop_id: int) -> None:
        self.agenda.done(drop_id)
        self._fresh.discard(drop_id)
        self._unfinished.pop(drop_id, None)

    def _place(self, drop: ReceiptHead) -> str:
        folder = self._layout.drop_folder(drop.session_name, at_root=drop.at_root)
        return str(folder)
