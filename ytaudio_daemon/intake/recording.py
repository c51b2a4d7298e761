"""Recording papers in durable batches, then filing them."""

import errno
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ytaudio_daemon import steps
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout, inbox
from ytaudio_daemon.folders.publishing import audio_is_gone
from ytaudio_daemon.intake.paper import Paper, why_nothing_is_usable
from ytaudio_daemon.intake.reading import Reader
from ytaudio_daemon.intake.scanning import Scanner
from ytaudio_daemon.ledger import Connection, Ledger, drops, sessions
from ytaudio_daemon.ledger.claims import shown_name
from ytaudio_daemon.ledger.drops import Drop, NewLine
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()

#: One transaction's worth: a kill costs at most so many lines' work again.
LINES_A_BATCH = 1000
#: The move to processed/ is not ours to make there.
NOT_PERMITTED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Some lines of one paper; `last` when nothing follows them."""

    paper: Paper
    lines: list[NewLine]
    last: bool


class Recorder:
    """Writes papers into the ledger, and moves them away when that is durable."""

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
        self.papers: list[Paper] = []
        self._batch: list[_Piece] = []
        self._recorded: list[Paper] = []
        self._filed: list[tuple[Paper, str, bytes | None]] = []
        #: What a crash left half recorded, by session, name and content.
        self._unfiled: dict[tuple[str, bytes, str], Drop] | None = None
        self._has_news = False

    def take_news(self) -> bool:
        """Return and forget whether lines were recorded since the last call."""
        news, self._has_news = self._has_news, False
        return news

    def is_busy(self) -> bool:
        """Whether anything is read but not yet filed."""
        return bool(self.papers or self._batch or self._recorded or self._filed)

    def step(self, now: Now) -> None:
        """Record one batch, file what is complete, note where it went.

        Whatever fails is kept and tried again by the next step.
        """
        self._record(now)
        self._file()
        self._mark_filed(now)

    def _record(self, now: Now) -> None:
        """Record one batch in one durable transaction.

        The batch is drawn before the transaction and kept until it is committed: if
        the ledger is busy, the very same batch is tried again.
        """
        if not self._batch:
            self._batch = self._draw_batch()
        if not self._batch:
            return
        with self._ledger.write() as db:
            recorded = [self._record_piece(db, piece, now) for piece in self._batch]
        steps.at("batch.recorded")
        self._ledger.check_still_there()
        self._has_news = True
        for piece, drop in zip(self._batch, recorded, strict=True):
            piece.paper.drop = drop
            if piece.last:
                self.papers.remove(piece.paper)
                self._recorded.append(piece.paper)
                steps.at("drop.recorded", piece.paper.sighting.name)
        self._batch = []

    def _draw_batch(self) -> list[_Piece]:
        pieces: list[_Piece] = []
        room = LINES_A_BATCH
        for paper in self.papers:
            self._resume(paper)
            lines = paper.next_lines(room)
            room -= len(lines)
            pieces.append(_Piece(paper=paper, lines=lines, last=room > 0))
            if room <= 0:
                break
        return pieces

    def _resume(self, paper: Paper) -> None:
        """Go on behind the cursor where a crash left this very drop half recorded."""
        if self._unfiled is None:
            with self._ledger.read() as db:
                self._unfiled = drops.unfiled_drops(db)
        if paper.drop is None:
            place = paper.sighting.place
            key = place.session, paper.sighting.name, paper.sha256
            paper.drop = self._unfiled.pop(key, None)

    def _record_piece(self, db: Connection, piece: _Piece, now: Now) -> Drop:
        drop = piece.paper.drop or self._open_drop(db, piece.paper, now)
        if piece.lines:
            drop = drops.record_batch(
                db,
                drop,
                piece.lines,
                quota=self.settings.sessions.quota,
                now=now,
                file_is_gone=audio_is_gone,
            )
        if piece.last and drop.state == "recording":
            reason = why_nothing_is_usable(piece.paper, drop)
            drops.finish_recording(db, drop, reason, now)
        return drop

    def _open_drop(self, db: Connection, paper: Paper, now: Now) -> Drop:
        sighting = paper.sighting
        session = sessions.open_session(db, sighting.place.session, now)
        return drops.open_drop(
            db, session.id, sighting.name, paper.sha256, paper.size, now
        )

    def _file(self) -> None:
        """Move every recorded drop out of the way of the next scan."""
        while self._recorded:
            paper = self._recorded[-1]
            self._filed.append((paper, *self._move(paper)))
            steps.at("drop.moved", paper.sighting.name)
            self._recorded.pop()
            self._scanner.settling.release(paper.sighting)

    def _move(self, paper: Paper) -> tuple[str, bytes | None]:
        """Return the drop's final state and its name there."""
        usable = paper.drop is not None and paper.drop.usable
        if usable and self.settings.inbox.after_intake == "keep":
            return self._keep(paper)
        place = paper.sighting.place
        target = PROCESSED if usable else REJECTED
        try:
            name = inbox.file_drop(
                self._layout.inbox,
                paper.sighting,
                target,
                self._has_receipt(place.session),
            )
        except (OSError, UnsafePathError) as error:
            if isinstance(error, OSError) and error.errno not in NOT_PERMITTED:
                raise
            folder = self._layout.inbox.joinpath(*place.parts)
            self._scanner.oddities.cannot_move(folder, error)
            return self._keep(paper)
        return ("filed" if usable else "rejected"), name

    def _keep(self, paper: Paper) -> tuple[str, bytes | None]:
        self._scanner.keep(paper.sighting)
        self._reader.note_kept(paper)
        return "kept", None

    def _has_receipt(self, session: str) -> Callable[[bytes], bool]:
        """An older drop's receipt must not be written over by a new one's."""
        return lambda name: self._layout.receipt_file(session, name).exists()

    def _mark_filed(self, now: Now) -> None:
        if not self._filed:
            return
        with self._ledger.write() as db:
            for paper, state, name in self._filed:
                if paper.drop is not None:
                    at_root = paper.sighting.place.at_root
                    drops.mark_filed(db, paper.drop, state, name, now, at_root=at_root)
        for paper, state, _ in self._filed:
            steps.at("drop.filed", paper.sighting.name)
            _tell(paper, state)
        self._filed = []


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
