"""What a crash, or a stop, left between two steps of taking a drop."""

import math
from collections.abc import Callable
from contextlib import suppress

import structlog

from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout, filing, inbox
from ytaudio_daemon.folders.inbox import DropLocation, drop_locations
from ytaudio_daemon.intake.parsed_drop import DropKey
from ytaudio_daemon.ledger import Ledger, drops
from ytaudio_daemon.ledger.claims import display_name
from ytaudio_daemon.ledger.drops import Drop, DropPlacement
from ytaudio_daemon.model.clock import Now

log = structlog.get_logger()

#: What is still left over is looked at again so often, in seconds.
RECHECK_S = 30.0


class UnfiledDrops:
    """The drops that were not filed, until their file comes up again or is gone.

    Args:
        ledger: Where they are half recorded, or recorded and not filed.
        layout: Where their files were.
        keeps_in_inbox: Tells whether drops stay in the inbox.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, keeps_in_inbox: Callable[[], bool]
    ) -> None:
        self._ledger = ledger
        self._layout = layout
        self._keeps_in_inbox = keeps_in_inbox
        self._unfiled: dict[DropKey, Drop] | None = None
        self._next_check = -math.inf

    def pop(self, key: DropKey) -> Drop | None:
        """Return the drop that a file of this content goes on with, once."""
        return (self._unfiled or {}).pop(key, None)

    def end_abandoned(self, now: Now) -> None:
        """End, now and then, what has no file any more that could bring it to an end.

        A crash between the move and its note would else leave a drop without receipt,
        and the next file of that name and content would be taken for it.

        Raises:
            LedgerError: Nothing was noted that is not so; call again.
        """
        if self._unfiled is None:
            self._end_orphans(now)
            with self._ledger.read() as db:
                self._unfiled = drops.unfiled_drops(db)
        if not self._unfiled or now.uptime_s < self._next_check:
            return
        for key, drop in list(self._unfiled.items()):
            with suppress(OSError):  # closed to us now, which the scan says, too
                if self._try_to_end(key[0], drop, now):
                    del self._unfiled[key]
        self._next_check = now.uptime_s + RECHECK_S

    def _end_orphans(self, now: Now) -> None:
        """Whatever is still in the inbox belongs to the next session of that name."""
        with self._ledger.write() as db:
            for drop in drops.orphaned_drops(db):
                drops.abort_recording(
                    db, drop, "its session ended before it was filed", now
                )

    def _try_to_end(self, session: str, drop: Drop, now: Now) -> bool:
        """Look where a drop's file is; whether no file can bring the drop to its end."""
        if drop.state == "recorded" and self._mark_if_moved(session, drop, now):
            return True
        locations = drop_locations(session)
        if any(self._is_unchanged(location, drop) for location in locations):
            return False
        is_there = any(self._exists(location, drop) for location in locations)
        filed = (self._filed_as_changed if is_there else self._filed_as_missing)(
            session, drop
        )
        if drop.state == "recorded":
            self._mark_filed(filed, now)
        else:
            self._end_early(drop, filed, "changed" if is_there else "taken away", now)
        return True

    def _exists(self, location: DropLocation, drop: Drop) -> bool:
        return inbox.name_exists(self._layout.inbox, location, drop.name)

    def _is_unchanged(self, location: DropLocation, drop: Drop) -> bool:
        """Whether the file is there as it was; a refused one was never hashed."""
        if not self._exists(location, drop):
            return False
        root = self._layout.inbox
        return not drop.sha256 or filing.has_file_with_content(
            root, location, drop.name, drop.sha256
        )

    def _mark_if_moved(self, session: str, drop: Drop, now: Now) -> bool:
        target = PROCESSED if drop.has_usable_lines else REJECTED
        with self._ledger.read() as db:
            filed = drops.filed_names(db, drop.session_id)
        for location in drop_locations(session):
            known = {name for at_root, name in filed if at_root == location.at_root}
            name = filing.find_filed(
                self._layout.inbox, location, target, drop.name, drop.sha256, known
            )
            if name is not None:
                there = DropPlacement(
                    drop=drop,
                    state=_filed_state(drop),
                    filed_name=name,
                    at_root=location.at_root,
                )
                self._mark_filed(there, now)
                return True
        return False

    def _filed_as_changed(self, session: str, drop: Drop) -> DropPlacement:
        """Of a list that grows in its place, what is new counts, whatever came between."""
        for location in drop_locations(session):
            if self._keeps_in_inbox() and self._exists(location, drop):
                return DropPlacement(drop=drop, state="kept", at_root=location.at_root)
        return DropPlacement(drop=drop, state=_filed_state(drop))

    def _filed_as_missing(self, session: str, drop: Drop) -> DropPlacement:
        """Say where the receipts of a drop belong whose file is nowhere."""
        target = PROCESSED if drop.has_usable_lines else REJECTED
        name = filing.name_for_receipts(
            self._layout.inbox,
            drop_locations(session)[0],
            target,
            drop.name,
            lambda name: self._layout.receipt_file(session, name).exists(),
        )
        return DropPlacement(drop=drop, state=_filed_state(drop), filed_name=name)

    def _end_early(self, drop: Drop, filed: DropPlacement, what: str, now: Now) -> None:
        reason = (
            f"the file was {what} before all of it was taken; "
            f"what stood behind line {drop.cursor} was not"
        )
        with self._ledger.write() as db:
            drops.abort_recording(db, drop, reason, now, filed=filed)
        log.warning("drop.ended_early", file=display_name(drop.name), reason=reason)

    def _mark_filed(self, filed: DropPlacement, now: Now) -> None:
        with self._ledger.write() as db:
            drops.mark_filed(db, [filed], now)


def _filed_state(drop: Drop) -> str:
    return "filed" if drop.has_usable_lines else "rejected"
