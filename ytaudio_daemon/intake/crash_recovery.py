"""What a crash, or a stop, left between two steps of taking a drop."""

import math
from collections.abc import Callable
from contextlib import suppress

import structlog

from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout, filing, inbox
from ytaudio_daemon.folders.inbox import Place, places_of
from ytaudio_daemon.intake.parsed_drop import Key
from ytaudio_daemon.ledger import Ledger, drops
from ytaudio_daemon.ledger.claims import shown_name
from ytaudio_daemon.ledger.drops import Drop, Filed
from ytaudio_daemon.model.clock import Now

log = structlog.get_logger()

#: What is still left over is looked at again so often, in seconds.
AGAIN_S = 30.0


class Leftovers:
    """The drops that were not filed, until their file comes up again or is gone.

    Args:
        ledger: Where they are half recorded, or recorded and not filed.
        layout: Where their files were.
        keeps: Tells whether drops stay in the inbox.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, keeps: Callable[[], bool]
    ) -> None:
        self._ledger = ledger
        self._layout = layout
        self._keeps = keeps
        self._left: dict[Key, Drop] | None = None
        self._next_look = -math.inf

    def claim(self, key: Key) -> Drop | None:
        """Return the drop that a file of this content goes on with, once."""
        return (self._left or {}).pop(key, None)

    def look(self, now: Now) -> None:
        """End, now and then, what has no file any more that could bring it to an end.

        A crash between the move and its note would else leave a drop without receipt,
        and the next file of that name and content would be taken for it.

        Raises:
            LedgerError: Nothing was noted that is not so; call again.
        """
        if self._left is None:
            self._end_orphans(now)
            with self._ledger.read() as db:
                self._left = drops.unfiled_drops(db)
        if not self._left or now.lived < self._next_look:
            return
        for key, drop in list(self._left.items()):
            with suppress(OSError):  # closed to us now, which the scan says, too
                if self._is_over(key[0], drop, now):
                    del self._left[key]
        self._next_look = now.lived + AGAIN_S

    def _end_orphans(self, now: Now) -> None:
        """Whatever is still in the inbox belongs to the next session of that name."""
        with self._ledger.write() as db:
            for drop in drops.orphans(db):
                drops.end_early(db, drop, "its session ended before it was filed", now)

    def _is_over(self, session: str, drop: Drop, now: Now) -> bool:
        """Look where a drop's file is; whether no file can bring the drop to its end."""
        if drop.state == "recorded" and self._note_if_moved(session, drop, now):
            return True
        places = places_of(session)
        if any(self._is_whole(place, drop) for place in places):
            return False
        is_there = any(self._is_there(place, drop) for place in places)
        filed = (self._changed if is_there else self._receipt_place)(session, drop)
        if drop.state == "recorded":
            self._note(filed, now)
        else:
            self._end(drop, filed, "changed" if is_there else "taken away", now)
        return True

    def _is_there(self, place: Place, drop: Drop) -> bool:
        return inbox.is_there(self._layout.inbox, place, drop.name)

    def _is_whole(self, place: Place, drop: Drop) -> bool:
        """Whether the file is there as it was; a refused one was never hashed."""
        if not self._is_there(place, drop):
            return False
        root = self._layout.inbox
        return not drop.sha256 or filing.still_holds(
            root, place, drop.name, drop.sha256
        )

    def _note_if_moved(self, session: str, drop: Drop, now: Now) -> bool:
        target = PROCESSED if drop.usable else REJECTED
        with self._ledger.read() as db:
            filed = drops.filed_names(db, drop.session_id)
        for place in places_of(session):
            known = {name for at_root, name in filed if at_root == place.at_root}
            name = filing.find_filed(
                self._layout.inbox, place, target, drop.name, drop.sha256, known
            )
            if name is not None:
                there = Filed(
                    drop=drop,
                    state=_state(drop),
                    filed_name=name,
                    at_root=place.at_root,
                )
                self._note(there, now)
                return True
        return False

    def _changed(self, session: str, drop: Drop) -> Filed:
        """Of a list that grows in its place, what is new counts, whatever came between."""
        for place in places_of(session):
            if self._keeps() and self._is_there(place, drop):
                return Filed(drop=drop, state="kept", at_root=place.at_root)
        return Filed(drop=drop, state=_state(drop))

    def _receipt_place(self, session: str, drop: Drop) -> Filed:
        """Say where the receipts of a drop belong whose file is nowhere."""
        target = PROCESSED if drop.usable else REJECTED
        name = filing.name_for_receipts(
            self._layout.inbox,
            places_of(session)[0],
            target,
            drop.name,
            lambda name: self._layout.receipt_file(session, name).exists(),
        )
        return Filed(drop=drop, state=_state(drop), filed_name=name)

    def _end(self, drop: Drop, filed: Filed, what: str, now: Now) -> None:
        reason = (
            f"the file was {what} before all of it was taken; "
            f"what stood behind line {drop.cursor} was not"
        )
        with self._ledger.write() as db:
            drops.end_early(db, drop, reason, now, filed=filed)
        log.warning("drop.ended_early", file=shown_name(drop.name), reason=reason)

    def _note(self, filed: Filed, now: Now) -> None:
        with self._ledger.write() as db:
            drops.mark_filed(db, [filed], now)


def _state(drop: Drop) -> str:
    return "filed" if drop.usable else "rejected"
