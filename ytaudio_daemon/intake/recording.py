"""Recording papers in durable batches, then filing them."""

import errno
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from ytaudio_daemon import steps
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout, filing
from ytaudio_daemon.folders.inbox import Place
from ytaudio_daemon.folders.publishing import audio_is_gone
from ytaudio_daemon.intake.paper import Paper, why_nothing_is_usable
from ytaudio_daemon.intake.reading import Reader
from ytaudio_daemon.intake.resuming import Key, Leftovers
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
        #: Recorded by this very step, and by earlier ones.
        self._fresh: list[Paper] = []
        self._recorded: list[Paper] = []
        self._filed: list[tuple[Paper, str, bytes | None]] = []
        self._leftovers = Leftovers(ledger, layout)
        self._has_news = False

    def take_news(self) -> bool:
        """Return and forget whether lines were recorded since the last call."""
        news, self._has_news = self._has_news, False
        return news

    def is_busy(self) -> bool:
        """Whether anything is read but not yet filed."""
        recorded = self._fresh or self._recorded
        return bool(self.papers or self._batch or recorded or self._filed)

    def step(self, now: Now) -> None:
        """Record one batch, file what is complete, note where it went.

        What this step records the next one files: workers start in between, they
        need not wait for a move. Whatever fails is kept and tried again.
        """
        self._recorded += self._fresh
        self._fresh = []
        self._record(now)
        try:
            self._file()
        finally:
            self._mark_filed(now)

    def _record(self, now: Now) -> None:
        """Record one batch in one durable transaction.

        The batch is drawn before the transaction and kept until it is committed: if
        the ledger is busy, the very same batch is tried again.
        """
        self._leftovers.look(now)
        if not self._batch:
            self._batch = self._draw_batch()
        if not self._batch:
            return
        with self._ledger.write() as db:
            recorded = {
                id(piece): drop
                for session, pieces in _by_session(self._batch).items()
                for piece, drop in self._record_pieces(db, session, pieces, now)
            }
        steps.at("batch.recorded")
        self._ledger.check_still_there()
        self._has_news = True
        for piece in self._batch:
            piece.paper.drop = recorded[id(piece)]
            if piece.last:
                self.papers.remove(piece.paper)
                self._fresh.append(piece.paper)
                steps.at("drop.recorded", piece.paper.sighting.name)
        self._batch = []

    def _draw_batch(self) -> list[_Piece]:
        pieces: list[_Piece] = []
        room = LINES_A_BATCH
        drawn = set[Key]()
        for paper in self.papers:
            if paper.key in drawn:  # the same at the root and in its folder: later
                continue
            drawn.add(paper.key)
            if paper.drop is None:  # go on where a crash left this very drop
                paper.drop = self._leftovers.claim(paper.key)
            lines = paper.next_lines(room)
            room -= len(lines)
            pieces.append(_Piece(paper=paper, lines=lines, last=room > 0))
            if room <= 0:
                break
        return pieces

    def _record_pieces(
        self, db: Connection, name: str, pieces: list[_Piece], now: Now
    ) -> Iterable[tuple[_Piece, Drop]]:
        """Record all that a batch has for one session."""
        session = sessions.open_session(db, name, now)
        fresh = [piece.paper for piece in pieces if piece.paper.drop is None]
        opened = drops.open_drops(db, session.id, [p.as_new() for p in fresh], now)
        new = {paper.key: drop for paper, drop in zip(fresh, opened, strict=True)}
        batches = [(p.paper.drop or new[p.paper.key], p.lines) for p in pieces]
        recorded = drops.record_batches(
            db,
            session.id,
            batches,
            quota=self.settings.sessions.quota,
            now=now,
            file_is_gone=audio_is_gone,
        )
        done = list(zip(pieces, recorded, strict=True))
        ended = [
            (drop, why_nothing_is_usable(piece.paper, drop))
            for piece, drop in done
            if piece.last and drop.state == "recording"
        ]
        drops.finish_recording(db, ended, now)
        return done

    def _file(self) -> None:
        """Move every recorded drop out of the way of the next scan.

        One that cannot be moved now holds up none of the others.
        """
        refused: OSError | None = None
        for paper in list(self._recorded):
            try:
                state, name = self._move(paper)
            except OSError as error:
                refused = error
                continue
            self._filed.append((paper, state, name))
            steps.at("drop.moved", paper.sighting.name)
            self._recorded.remove(paper)
            self._scanner.settling.release(paper.sighting)
        if refused is not None:
            raise refused

    def _move(self, paper: Paper) -> tuple[str, bytes | None]:
        """Return the drop's final state and its name there."""
        usable = paper.drop is not None and paper.drop.usable
        # A growing list is not taken away for a bad line, or a comment, at its end.
        stays = usable or self._reader.was_kept(paper)
        if stays and self.settings.inbox.after_intake == "keep":
            return self._keep(paper)
        place = paper.sighting.place
        target = PROCESSED if usable else REJECTED
        try:
            name = filing.file_drop(
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
            steps.at("drop.filed", paper.sighting.name)
            _tell(paper, state)
        self._filed = []


def _by_session(pieces: list[_Piece]) -> dict[str, list[_Piece]]:
    found: dict[str, list[_Piece]] = {}
    for piece in pieces:
        found.setdefault(piece.paper.sighting.place.session, []).append(piece)
    return found


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
