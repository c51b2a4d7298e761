"""Recording papers in durable batches."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.intake.crash_recovery import Leftovers
from ytaudio_daemon.intake.filing import Filer
from ytaudio_daemon.intake.parsed_drop import Paper, why_nothing_is_usable
from ytaudio_daemon.ledger import Connection, Ledger, drops, sessions
from ytaudio_daemon.ledger.drops import Drop, NewLine
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

#: One transaction's worth: a kill costs at most so many lines' work again.
LINES_A_BATCH = 1000
#: What one more drop (recorded, then filed), or turning to another session, costs in
#: lines: so every batch takes some 30 ms, and filing it no longer.
LINES_A_DROP = 8
LINES_A_SESSION = 80
#: Lines that are known already are passed over for so long in a step, in seconds.
LOOKING_S = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Some lines of one paper; `last` when nothing follows them."""

    paper: Paper
    lines: list[NewLine]
    last: bool


class Recorder:
    """Writes papers into the ledger and hands them on when that is durable."""

    def __init__(
        self, filer: Filer, ledger: Ledger, layout: Layout, settings: Settings
    ) -> None:
        self._filer = filer
        self._ledger = ledger
        self.settings = settings
        self.papers: list[Paper] = []
        self._batch: list[_Piece] = []
        #: Recorded by the last step.
        self._recorded: list[Paper] = []
        self._leftovers = Leftovers(
            ledger, layout, lambda: self.settings.inbox.after_intake == "keep"
        )
        self._has_news = False
        self._is_unchecked = False

    def take_news(self) -> bool:
        """Return and forget whether lines were recorded since the last call."""
        news, self._has_news = self._has_news, False
        return news

    def is_busy(self) -> bool:
        """Whether anything is read but not yet handed on."""
        return bool(self.papers or self._batch or self._recorded)

    def resume(self, now: Now) -> None:
        """Look after what a crash left; before reading, which goes by what was kept.

        Raises:
            LedgerError, OSError: Nothing was noted that is not so; call again.
        """
        self._leftovers.look(now)

    def step(self, now: Now) -> None:
        """Hand on what the last step recorded, and record one batch.

        Filing comes a step later: workers start in between, they need not wait for a
        move. Whatever fails is kept and tried again.
        """
        self._require_ledger()
        self._filer.take(self._recorded)
        self._recorded = []
        self._record(now)

    def _require_ledger(self) -> None:
        """Let nothing be moved on the word of a ledger that was taken away."""
        if self._is_unchecked:
            self._ledger.check_still_there()
            self._is_unchecked = False

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
            recorded = {
                id(piece): drop
                for session, pieces in _by_session(self._batch).items()
                for piece, drop in self._record_pieces(db, session, pieces, now)
            }
        self._is_unchecked = self._has_news = True
        failpoints.at("batch.recorded")
        self._note(recorded)
        self._require_ledger()

    def _note(self, recorded: dict[int, Drop]) -> None:
        """Go on behind what is durable; nothing here can fail half-way."""
        for piece in self._batch:
            piece.paper.drop = recorded[id(piece)]
            if piece.last:
                self.papers.remove(piece.paper)
                self._recorded.append(piece.paper)
                failpoints.at("drop.recorded", piece.paper.sighting.name)
            else:
                self._put_behind(piece.paper)
        self._batch = []

    def _put_behind(self, paper: Paper) -> None:
        """Let all others go first: a long drop holds up no short ones."""
        self.papers.remove(paper)
        self.papers.append(paper)

    def _draw_batch(self) -> list[_Piece]:
        """Take lines from the papers in turn; none when all seen so far are known."""
        enough = time.monotonic() + LOOKING_S
        pieces: list[_Piece] = []
        room = LINES_A_BATCH
        # Until it is filed, a drop is known by its key: its namesake waits.
        drawn = self._filer.unfiled()
        met = set[str]()
        for paper in self.papers:
            if paper.key in drawn:  # the same at the root and in its folder: later
                continue
            drawn.add(paper.key)
            if pieces:
                is_new = paper.key[0] not in met
                room -= LINES_A_DROP + LINES_A_SESSION * is_new
                if room <= 0:
                    break
            met.add(paper.key[0])
            if paper.drop is None:  # go on where a crash left this very drop
                paper.drop = self._leftovers.claim(paper.key)
            lines = paper.next_lines(room, enough)
            if lines or paper.is_read:
                pieces.append(_Piece(paper=paper, lines=lines, last=paper.is_read))
            else:
                self._put_behind(paper)
            room -= len(lines)
            if room <= 0 or not paper.is_read:
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
            (drop, _reason(piece.paper, drop))
            for piece, drop in done
            if piece.last and drop.state == "recording"
        ]
        drops.finish_recording(db, ended, now)
        return done


def _reason(paper: Paper, drop: Drop) -> str | None:
    """Say why a drop is good for nothing; a comment added to a kept list is not one."""
    return None if paper.known_texts else why_nothing_is_usable(paper, drop)


def _by_session(pieces: list[_Piece]) -> dict[str, list[_Piece]]:
    found: dict[str, list[_Piece]] = {}
    for piece in pieces:
        found.setdefault(piece.paper.sighting.place.session, []).append(piece)
    return found
