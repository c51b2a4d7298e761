"""Filing drops that are recorded: out of the way of the next scan, or left in place."""

import errno
import math
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout, filing
from ytaudio_daemon.folders.inbox import DropLocation, drop_locations
from ytaudio_daemon.folders.layout import receipt_key
from ytaudio_daemon.intake.late_writes import LateWriteMonitor
from ytaudio_daemon.intake.parsed_drop import DropKey, ParsedDrop
from ytaudio_daemon.intake.reading import Reader
from ytaudio_daemon.intake.scanning import Scanner
from ytaudio_daemon.ledger import Ledger, drops
from ytaudio_daemon.ledger.claims import display_name
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: The move to processed/ is not ours to make there.
NOT_PERMITTED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
#: Filed drops are looked at again at every rescan, early or not.
RECHECK_FRACTION = 0.5
#: What could not be moved is tried again so often, in seconds, so many at once.
RETRY_S = 30.0
RETRY_BATCH = 200


class Filer:
    """Moves recorded drops to `processed` or `rejected`, or keeps them where they are.

    A file that was kept, and comes up again with the same content, is no new drop: it
    is moved as soon as that is permitted, or an answer says why nothing follows.
    """

    def __init__(
        self,
        scanner: Scanner,
        reader: Reader,
        ledger: Ledger,
        layout: Layout,
        settings: Settings,
    ) -> None:
        self._scanner = scanner
        self._reader = reader
        self._ledger = ledger
        self._layout = layout
        self.settings = settings
        self._recorded: list[ParsedDrop] = []
        self._filed: list[tuple[ParsedDrop, str, bytes | None]] = []
        #: Kept because the move was not permitted, the one tried longest ago first.
        self._unmovable: dict[tuple[DropLocation, bytes], ParsedDrop] = {}
        self._next_retry = math.inf
        self._late_writes = LateWriteMonitor(layout)

    def add_recorded(self, recorded: list[ParsedDrop]) -> None:
        """Take on drops of which every line is durable."""
        self._recorded += recorded

    def unfiled_keys(self) -> set[DropKey]:
        """Return what is recorded and not yet noted as filed."""
        waiting = [*self._recorded, *(parsed_drop for parsed_drop, _, _ in self._filed)]
        return {
            parsed_drop.key
            for parsed_drop in waiting
            if not _is_marked_kept(parsed_drop)
        }

    def is_busy(self) -> bool:
        """Whether anything is recorded but not yet filed."""
        return bool(self._recorded or self._filed)

    def file_recorded(self, now: Now) -> None:
        """File what is recorded and note where it went; what fails is tried again."""
        self._recorded += self._reader.pop_already_recorded()
        self._retry_unmovable(now)
        try:
            self._move_recorded(now)
        finally:
            self._mark_filed(now)
        self._late_writes.put_back_grown(
            now, self.settings.inbox.rescan * RECHECK_FRACTION
        )

    def _retry_unmovable(self, now: Now) -> None:
        """Somebody may have allowed by now what was not permitted."""
        if not self._unmovable:
            if self._next_retry < math.inf:
                self._scanner.ignored_files.clear_not_movable()
            self._next_retry = math.inf
        elif self._next_retry == math.inf:
            self._next_retry = now.uptime_s + RETRY_S
        elif now.uptime_s >= self._next_retry:
            for key in list(self._unmovable)[:RETRY_BATCH]:
                self._recorded.append(self._unmovable.pop(key))
            self._next_retry = now.uptime_s + RETRY_S

    def _move_recorded(self, now: Now) -> None:
        """Move every recorded drop out of the way of the next scan.

        One that cannot be moved now holds up none of the others.
        """
        refused: OSError | None = None
        for parsed_drop in list(self._recorded):
            was_kept = _is_marked_kept(parsed_drop)
            try:
                state, name = self._move(parsed_drop, now)
            except OSError as error:
                refused = error
                self._recorded.remove(parsed_drop)  # behind those that may yet be moved
                self._recorded.append(parsed_drop)
                continue
            if state != "kept" or not was_kept:
                self._filed.append((parsed_drop, state, name))
                failpoints.failpoint("drop.moved", parsed_drop.inbox_file.name)
            self._recorded.remove(parsed_drop)
            self._scanner.stability.release(parsed_drop.inbox_file)
        if refused is not None:
            raise refused

    def _move(self, parsed_drop: ParsedDrop, now: Now) -> tuple[str, bytes | None]:
        """Return the drop's state from now on, and its name if it was moved."""
        usable = parsed_drop.drop is not None and parsed_drop.drop.has_usable_lines
        # A growing list is not taken away for a bad line, or a comment, at its end.
        stays = usable or self._reader.is_kept_file(parsed_drop)
        if stays and self.settings.inbox.after_intake == "keep":
            return self._keep_in_inbox(parsed_drop)
        location = parsed_drop.inbox_file.location
        target = PROCESSED if usable else REJECTED
        try:
            name = filing.file_drop(
                self._layout.inbox,
                parsed_drop.inbox_file,
                target,
                self._make_is_taken(parsed_drop),
            )
        except (OSError, UnsafePathError) as error:
            if isinstance(error, OSError) and error.errno not in NOT_PERMITTED:
                raise
            folder = self._layout.inbox.joinpath(*location.parts)
            self._scanner.ignored_files.set_not_movable(folder, error)
            self._unmovable[location, parsed_drop.inbox_file.name] = parsed_drop
            return self._keep_in_inbox(parsed_drop)
        self._reader.remove_kept(parsed_drop)
        if name is not None:
            self._late_writes.watch(parsed_drop.inbox_file, target, name, now)
        else:  # somebody took it away; no older drop of its name may lose its receipt
            name = self._name_for_receipts(parsed_drop, target)
        return ("filed" if usable else "rejected"), name

    def _name_for_receipts(self, parsed_drop: ParsedDrop, target: str) -> bytes | None:
        location = parsed_drop.inbox_file.location
        return filing.name_for_receipts(
            self._layout.inbox,
            location,
            target,
            parsed_drop.inbox_file.name,
            lambda name: self._layout.receipt_file(location.session, name).exists(),
        )

    def _keep_in_inbox(self, parsed_drop: ParsedDrop) -> tuple[str, bytes | None]:
        self._scanner.ignore_until_changed(parsed_drop.inbox_file)
        if _is_marked_kept(parsed_drop):
            self._explain_repeat(parsed_drop)
        elif parsed_drop.drop is not None:
            parsed_drop.drop = replace(parsed_drop.drop, state="kept")
            self._reader.set_kept(parsed_drop, parsed_drop.drop)
        return "kept", None

    def _explain_repeat(self, parsed_drop: ParsedDrop) -> None:
        """Say why a file that was put there again as it was is not taken again."""
        drop, inbox_file = parsed_drop.drop, parsed_drop.inbox_file
        if drop is None or inbox_file.changed_at <= drop.received_at:
            return
        taken = datetime.fromtimestamp(drop.received_at, UTC)
        self._scanner.ignored_files.add_repeat(
            inbox_file,
            f"taken with this very content at {taken:%Y-%m-%d %H:%M:%S UTC}, and kept: "
            "it is taken again when its content changes; to try again what failed: "
            f"ytaudio retry --session {inbox_file.location.session} --failed",
        )

    def _make_is_taken(self, parsed_drop: ParsedDrop) -> Callable[[bytes], bool]:
        """An older drop's receipt must not be written over by a new one's.

        The default session has two folders, whose drops have one folder of receipts.
        """
        location = parsed_drop.inbox_file.location
        others = [
            other for other in drop_locations(location.session) if other != location
        ]
        name = parsed_drop.inbox_file.name
        own = receipt_key(location.session, name, None, at_root=location.at_root)

        def is_taken(name: bytes) -> bool:
            receipt = self._layout.receipt_file(location.session, name)
            is_there = os.path.lexists(receipt)  # Path.exists() raises of a dead mount
            if is_there and not (_is_marked_kept(parsed_drop) and name == own):
                return True
            inbox = self._layout.inbox
            return any(not filing.is_name_free(inbox, other, name) for other in others)

        return is_taken

    def _sync_moves(self, location: DropLocation) -> None:
        """A folder that may not be opened any more had nothing moved out of it."""
        with suppress(UnsafePathError, PermissionError):
            filing.sync_moves(self._layout.inbox, location)

    def _mark_filed(self, now: Now) -> None:
        if not self._filed:
            return
        for location in {
            parsed_drop.inbox_file.location for parsed_drop, _, _ in self._filed
        }:
            self._sync_moves(location)
        filed = [
            drops.DropPlacement(
                drop=parsed_drop.drop,
                state=state,
                filed_name=name,
                at_root=parsed_drop.inbox_file.location.at_root,
            )
            for parsed_drop, state, name in self._filed
            if parsed_drop.drop is not None
        ]
        with self._ledger.write() as db:
            drops.mark_filed(db, filed, now)
        for parsed_drop, state, _ in self._filed:
            failpoints.failpoint("drop.filed", parsed_drop.inbox_file.name)
            _log_taken(parsed_drop, state)
        self._filed = []


def _is_marked_kept(parsed_drop: ParsedDrop) -> bool:
    """Whether it is noted already that this very drop stays in place."""
    return parsed_drop.drop is not None and parsed_drop.drop.state == "kept"


def _log_taken(parsed_drop: ParsedDrop, state: str) -> None:
    if parsed_drop.drop is None:
        return
    log.info(
        "drop.taken",
        state=state,
        session=parsed_drop.inbox_file.location.session,
        file=display_name(parsed_drop.inbox_file.name),
        accepted=parsed_drop.drop.accepted,
        duplicate=parsed_drop.drop.duplicate,
        rejected=parsed_drop.drop.rejected,
    )
