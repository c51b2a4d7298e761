"""Files or ends the drops that a crash, or a stop, left recorded but not filed."""

import math
from contextlib import suppress

import structlog

from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout, filed, inbox
from ytaudio_daemon.folders.inbox import DropLocation, drop_locations
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.intake.recorded_drop import DropKey
from ytaudio_daemon.ledger import Ledger, drop_queries, drops
from ytaudio_daemon.ledger.drops import Drop, DropPlacement
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()

#: Drops that are still unfiled are checked again so often, in seconds.
RECHECK_S = 30.0


class UnfiledDrops:
    """The drops that an earlier process left unfiled.

    Each leaves this list when its file is read again (`pop`), or when no file can bring
    it to an end any more (`end_abandoned`).

    Args:
        ledger: Has the drops, half recorded or recorded and not filed.
        layout: Names the inbox and the receipts.
        settings: Section inbox.
    """

    def __init__(self, ledger: Ledger, layout: Layout, settings: Settings) -> None:
        self.settings = settings
        self._ledger = ledger
        self._layout = layout
        #: None until the ledger was read.
        self._unfiled: dict[DropKey, Drop] | None = None
        self._next_check = -math.inf

    def pop(self, key: DropKey) -> Drop | None:
        """Remove and return the unfiled drop that a file of this content continues."""
        return (self._unfiled or {}).pop(key, None)

    def end_abandoned(self, now: Now) -> None:
        """End, every `RECHECK_S` seconds, the drops whose file is gone or has changed.

        After a crash between a drop's move and its record, the drop would otherwise
        stay without a receipt, and the next file of that name and content would be
        taken for it.

        Raises:
            LedgerError: The drops ended so far are recorded; call again for the others.
        """
        if self._unfiled is None:
            self._end_drops_of_ended_sessions(now)
            with self._ledger.read() as db:
                self._unfiled = drop_queries.unfiled_drops(db)
        if not self._unfiled or now.uptime_s < self._next_check:
            return
        for key, drop in list(self._unfiled.items()):
            with suppress(OSError):  # closed to us now, which the scan reports, too
                if self._end_if_abandoned(key[0], drop, now):
                    del self._unfiled[key]
        self._next_check = now.uptime_s + RECHECK_S

    def _end_drops_of_ended_sessions(self, now: Now) -> None:
        """Abort them: a file in the inbox belongs to the next session of that name."""
        with self._ledger.write() as db:
            for drop in drop_queries.orphaned_drops(db):
                drops.abort_recording(
                    db, drop, "its session ended before it was filed", now
                )

    def _end_if_abandoned(self, session: str, drop: Drop, now: Now) -> bool:
        """End a drop unless its file is in the inbox, unchanged; True if it ended."""
        is_recorded = drop.state == "recorded"
        if is_recorded and (moved := self._find_moved(session, drop)) is not None:
            self._mark_filed(moved, now)
            return True
        locations = drop_locations(session)
        if any(self._is_unchanged(location, drop) for location in locations):
            return False
        exists = any(self._exists(location, drop) for location in locations)
        if exists:
            placement = self._placement_of_changed(session, drop)
        else:
            placement = self._placement_of_missing(session, drop)
        if is_recorded:
            self._mark_filed(placement, now)
        else:
            self._abort(placement, "changed" if exists else "taken away", now)
        return True

    def _exists(self, location: DropLocation, drop: Drop) -> bool:
        return inbox.name_exists(self._layout.inbox, location, drop.name)

    def _is_unchanged(self, location: DropLocation, drop: Drop) -> bool:
        """Return whether the file is in its place; of an oversized one there is no hash."""
        if not self._exists(location, drop):
            return False
        root = self._layout.inbox
        return not drop.sha256 or filed.has_file_with_content(
            root, location, drop.name, drop.sha256
        )

    def _find_moved(self, session: str, drop: Drop) -> DropPlacement | None:
        """Find the file where a move put it that was not recorded."""
        with self._ledger.read() as db:
            names = drop_queries.filed_names(db, drop.session_id)
        for location in drop_locations(session):
            known = {name for at_root, name in names if at_root == location.at_root}
            name = filed.find_filed(
                self._layout.inbox,
                location,
                _target(drop),
                drop.name,
                drop.sha256,
                known,
            )
            if name is not None:
                return _placement(drop, name, at_root=location.at_root)
        return None

    def _placement_of_changed(self, session: str, drop: Drop) -> DropPlacement:
        """Return "kept" for a changed file that may stay: only its new lines count."""
        for location in drop_locations(session):
            stays = self.settings.inbox.after_intake == "keep"
            if stays and self._exists(location, drop):
                return DropPlacement(drop=drop, state="kept", at_root=location.at_root)
        return _placement(drop, None)

    def _placement_of_missing(self, session: str, drop: Drop) -> DropPlacement:
        """Return a placement with a name for the receipts of a drop whose file is gone."""
        location = drop_locations(session)[0]
        name = filed.name_for_receipts(self._layout, location, _target(drop), drop.name)
        return _placement(drop, name)

    def _abort(self, placement: DropPlacement, what: str, now: Now) -> None:
        drop = placement.drop
        reason = (
            f"the file was {what} before all of it was taken; "
            f"what stood behind line {drop.cursor} was not"
        )
        with self._ledger.write() as db:
            drops.abort_recording(db, drop, reason, now, filed=placement)
        log.warning("drop.ended_early", file=display_name(drop.name), reason=reason)

    def _mark_filed(self, placement: DropPlacement, now: Now) -> None:
        with self._ledger.write() as db:
            drops.mark_filed(db, [placement], now)


def _target(drop: Drop) -> str:
    return PROCESSED if drop.has_usable_lines else REJECTED


def _placement(
    drop: Drop, name: bytes | None, *, at_root: bool = False
) -> DropPlacement:
    state = "filed" if drop.has_usable_lines else "rejected"
    return DropPlacement(drop=drop, state=state, filed_name=name, at_root=at_root)
