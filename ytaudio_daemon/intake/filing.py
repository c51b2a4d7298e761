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
from ytaudio_daemon.folders.inbox import Place, places_of
from ytaudio_daemon.folders.layout import receipt_key
from ytaudio_daemon.intake.late_writes import Growing
from ytaudio_daemon.intake.parsed_drop import Key, Paper
from ytaudio_daemon.intake.reading import Reader
from ytaudio_daemon.intake.scanning import Scanner
from ytaudio_daemon.ledger import Ledger, drops
from ytaudio_daemon.ledger.claims import shown_name
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: The move to processed/ is not ours to make there.
NOT_PERMITTED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
#: Filed drops are looked at again at every rescan, early or not.
LOOK_PART = 0.5
#: What could not be moved is tried again so often, in seconds, so many at once.
AGAIN_S = 30.0
AGAIN_AT_ONCE = 200


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
        self._recorded: list[Paper] = []
        self._filed: list[tuple[Paper, str, bytes | None]] = []
        #: Kept because the move was not permitted, the one tried longest ago first.
        self._stuck: dict[tuple[Place, bytes], Paper] = {}
        self._next_try = math.inf
        self._growing = Growing(layout)

    def take(self, recorded: list[Paper]) -> None:
        """Take on drops of which every line is durable."""
        self._recorded += recorded

    def unfiled(self) -> set[Key]:
        """Return what is recorded and not yet noted as filed."""
        waiting = [*self._recorded, *(paper for paper, _, _ in self._filed)]
        return {paper.key for paper in waiting if not _was_kept(paper)}

    def is_busy(self) -> bool:
        """Whether anything is recorded but not yet filed."""
        return bool(self._recorded or self._filed)

    def step(self, now: Now) -> None:
        """File what is recorded and note where it went; what fails is tried again."""
        self._recorded += self._reader.take_known()
        self._try_stuck(now)
        try:
            self._file(now)
        finally:
            self._mark_filed(now)
        self._growing.look(now, self.settings.inbox.rescan * LOOK_PART)

    def _try_stuck(self, now: Now) -> None:
        """Somebody may have allowed by now what was not permitted."""
        if not self._stuck:
            if self._next_try < math.inf:
                self._scanner.oddities.can_move()
            self._next_try = math.inf
        elif self._next_try == math.inf:
            self._next_try = now.lived + AGAIN_S
        elif now.lived >= self._next_try:
            for key in list(self._stuck)[:AGAIN_AT_ONCE]:
                self._recorded.append(self._stuck.pop(key))
            self._next_try = now.lived + AGAIN_S

    def _file(self, now: Now) -> None:
        """Move every recorded drop out of the way of the next scan.

        One that cannot be moved now holds up none of the others.
        """
        refused: OSError | None = None
        for paper in list(self._recorded):
            was_kept = _was_kept(paper)
            try:
                state, name = self._move(paper, now)
            except OSError as error:
                refused = error
                self._recorded.remove(paper)  # behind those that may yet be moved
                self._recorded.append(paper)
                continue
            if state != "kept" or not was_kept:
                self._filed.append((paper, state, name))
                failpoints.at("drop.moved", paper.sighting.name)
            self._recorded.remove(paper)
            self._scanner.settling.release(paper.sighting)
        if refused is not None:
            raise refused

    def _move(self, paper: Paper, now: Now) -> tuple[str, bytes | None]:
        """Return the drop's state from now on, and its name if it was moved."""
        usable = paper.drop is not None and paper.drop.usable
        # A growing list is not taken away for a bad line, or a comment, at its end.
        stays = usable or self._reader.was_kept(paper)
        if stays and self.settings.inbox.after_intake == "keep":
            return self._keep(paper)
        place = paper.sighting.place
        target = PROCESSED if usable else REJECTED
        try:
            name = filing.file_drop(
                self._layout.inbox, paper.sighting, target, self._is_taken(paper)
            )
        except (OSError, UnsafePathError) as error:
            if isinstance(error, OSError) and error.errno not in NOT_PERMITTED:
                raise
            folder = self._layout.inbox.joinpath(*place.parts)
            self._scanner.oddities.cannot_move(folder, error)
            self._stuck[place, paper.sighting.name] = paper
            return self._keep(paper)
        self._reader.note_moved(paper)
        if name is not None:
            self._growing.note(paper.sighting, target, name, now)
        else:  # somebody took it away; no older drop of its name may lose its receipt
            name = self._name_for_receipts(paper, target)
        return ("filed" if usable else "rejected"), name

    def _name_for_receipts(self, paper: Paper, target: str) -> bytes | None:
        place = paper.sighting.place
        return filing.name_for_receipts(
            self._layout.inbox,
            place,
            target,
            paper.sighting.name,
            lambda name: self._layout.receipt_file(place.session, name).exists(),
        )

    def _keep(self, paper: Paper) -> tuple[str, bytes | None]:
        self._scanner.keep(paper.sighting)
        if _was_kept(paper):
            self._answer(paper)
        elif paper.drop is not None:
            paper.drop = replace(paper.drop, state="kept")
            self._reader.note_kept(paper, paper.drop)
        return "kept", None

    def _answer(self, paper: Paper) -> None:
        """Say why a file that was put there again as it was is not taken again."""
        drop, sighting = paper.drop, paper.sighting
        if drop is None or sighting.came_at <= drop.received_at:
            return
        taken = datetime.fromtimestamp(drop.received_at, UTC)
        self._scanner.oddities.answer(
            sighting,
            f"taken with this very content at {taken:%Y-%m-%d %H:%M:%S UTC}, and kept: "
            "it is taken again when its content changes; to try again what failed: "
            f"ytaudio retry --session {sighting.place.session} --failed",
        )

    def _is_taken(self, paper: Paper) -> Callable[[bytes], bool]:
        """An older drop's receipt must not be written over by a new one's.

        The default session has two folders, whose drops have one folder of receipts.
        """
        place = paper.sighting.place
        others = [other for other in places_of(place.session) if other != place]
        name = paper.sighting.name
        own = receipt_key(place.session, name, None, at_root=place.at_root)

        def is_taken(name: bytes) -> bool:
            receipt = self._layout.receipt_file(place.session, name)
            is_there = os.path.lexists(receipt)  # Path.exists() raises of a dead mount
            if is_there and not (_was_kept(paper) and name == own):
                return True
            inbox = self._layout.inbox
            return any(not filing.is_free(inbox, other, name) for other in others)

        return is_taken

    def _sync(self, place: Place) -> None:
        """A folder that may not be opened any more had nothing moved out of it."""
        with suppress(UnsafePathError, PermissionError):
            filing.sync_moves(self._layout.inbox, place)

    def _mark_filed(self, now: Now) -> None:
        if not self._filed:
            return
        for place in {paper.sighting.place for paper, _, _ in self._filed}:
            self._sync(place)
        filed = [
            drops.Filed(
                drop=paper.drop,
                state=state,
                filed_name=name,
                at_root=paper.sighting.place.at_root,
            )
            for paper, state, name in self._filed
            if paper.drop is not None
        ]
        with self._ledger.write() as db:
            drops.mark_filed(db, filed, now)
        for paper, state, _ in self._filed:
            failpoints.at("drop.filed", paper.sighting.name)
            _tell(paper, state)
        self._filed = []


def _was_kept(paper: Paper) -> bool:
    """Whether it is noted already that this very drop stays in place."""
    return paper.drop is not None and paper.drop.state == "kept"


def _tell(paper: Paper, state: str) -> None:
    if paper.drop is None:
        return
    log.info(
        "drop.taken",
        state=state,
        session=paper.sighting.place.session,
        file=shown_name(paper.sighting.name),
        accepted=paper.drop.accepted,
        duplicate=paper.drop.duplicate,
        rejected=paper.drop.rejected,
    )
