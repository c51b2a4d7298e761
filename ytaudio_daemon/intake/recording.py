"""Recording papers in durable batches."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.intake.crash_recovery import UnfiledDrops
from ytaudio_daemon.intake.filing import Filer
from ytaudio_daemon.intake.parsed_drop import ParsedDrop, rejection_reason
from ytaudio_daemon.ledger import Connection, Ledger, drops, sessions
from ytaudio_daemon.ledger.drops import Drop, NewLine
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

#: One transaction's worth: a kill costs at most so many lines' work again.
LINES_PER_BATCH = 1000
#: What one more drop (recorded, then filed), or turning to another session, costs in
#: lines: so every batch takes some 30 ms, and filing it no longer.
DROP_COST_LINES = 8
SESSION_COST_LINES = 80
#: Lines that are known already are passed over for so long in a step, in seconds.
SKIP_KNOWN_S = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class _DropChunk:
    """Some lines of one paper; `is_last` when nothing follows them."""

    parsed_drop: ParsedDrop
    lines: list[NewLine]
    is_last: bool


class Recorder:
    """Writes papers into the ledger and hands them on when that is durable."""

    def __init__(
        self, filer: Filer, ledger: Ledger, layout: Layout, settings: Settings
    ) -> None:
        self._filer = filer
        self._ledger = ledger
        self.settings = settings
        self.parsed_drops: list[ParsedDrop] = []
        self._batch: list[_DropChunk] = []
        #: Recorded by the last step.
        self._recorded: list[ParsedDrop] = []
        self._unfiled_drops = UnfiledDrops(
            ledger, layout, lambda: self.settings.inbox.after_intake == "keep"
        )
        self._has_recorded = False
        self._is_ledger_unchecked = False

    def pop_recorded(self) -> bool:
        """Return and forget whether lines were recorded since the last call."""
        news, self._has_recorded = self._has_recorded, False
        return news

    def is_busy(self) -> bool:
        """Whether anything is read but not yet handed on."""
        return bool(self.parsed_drops or self._batch or self._recorded)

    def end_abandoned(self, now: Now) -> None:
        """Look after what a crash left; before reading, which goes by what was kept.

        Raises:
            LedgerError, OSError: Nothing was noted that is not so; call again.
        """
        self._unfiled_drops.end_abandoned(now)

    def record_next_batch(self, now: Now) -> None:
        """Hand on what the last step recorded, and record one batch.

        Filing comes a step later: workers start in between, they need not wait for a
        move. Whatever fails is kept and tried again.
        """
        self._check_ledger_exists()
        self._filer.add_recorded(self._recorded)
        self._recorded = []
        self._record_batch(now)

    def _check_ledger_exists(self) -> None:
        """Let nothing be moved on the word of a ledger that was taken away."""
        if self._is_ledger_unchecked:
            self._ledger.check_not_replaced()
            self._is_ledger_unchecked = False

    def _record_batch(self, now: Now) -> None:
        """Record one batch in one durable transaction.

        The batch is drawn before the transaction and kept until it is committed: if
        the ledger is busy, the very same batch is tried again.
        """
        if not self._batch:
            self._batch = self._next_batch()
        if not self._batch:
            return
        with self._ledger.write() as db:
            recorded = {
                id(chunk): drop
                for session, chunks in _by_session(self._batch).items()
                for chunk, drop in self._record_session(db, session, chunks, now)
            }
        self._is_ledger_unchecked = self._has_recorded = True
        failpoints.failpoint("batch.recorded")
        self._apply_recorded(recorded)
        self._check_ledger_exists()

    def _apply_recorded(self, recorded: dict[int, Drop]) -> None:
        """Go on behind what is durable; nothing here can fail half-way."""
        for chunk in self._batch:
            chunk.parsed_drop.drop = recorded[id(chunk)]
            if chunk.is_last:
                self.parsed_drops.remove(chunk.parsed_drop)
                self._recorded.append(chunk.parsed_drop)
                failpoints.failpoint("drop.recorded", chunk.parsed_drop.inbox_file.name)
            else:
                self._move_to_back(chunk.parsed_drop)
        self._batch = []

    def _move_to_back(self, parsed_drop: ParsedDrop) -> None:
        """Let all others go first: a long drop holds up no short ones."""
        self.parsed_drops.remove(parsed_drop)
        self.parsed_drops.append(parsed_drop)

    def _next_batch(self) -> list[_DropChunk]:
        """Take lines from the papers in turn; none when all seen so far are known."""
        deadline = time.monotonic() + SKIP_KNOWN_S
        chunks: list[_DropChunk] = []
        room = LINES_PER_BATCH
        # Until it is filed, a drop is known by its key: its namesake waits.
        drawn = self._filer.unfiled_keys()
        met = set[str]()
        for parsed_drop in self.parsed_drops:
            if (
                parsed_drop.key in drawn
            ):  # the same at the root and in its folder: later
                continue
            drawn.add(parsed_drop.key)
            if chunks:
                is_new = parsed_drop.key[0] not in met
                room -= DROP_COST_LINES + SESSION_COST_LINES * is_new
                if room <= 0:
                    break
            met.add(parsed_drop.key[0])
            if parsed_drop.drop is None:  # go on where a crash left this very drop
                parsed_drop.drop = self._unfiled_drops.pop(parsed_drop.key)
            lines = parsed_drop.next_lines(room, deadline)
            if lines or parsed_drop.is_read:
                chunks.append(
                    _DropChunk(
                        parsed_drop=parsed_drop,
                        lines=lines,
                        is_last=parsed_drop.is_read,
                    )
                )
            else:
                self._move_to_back(parsed_drop)
            room -= len(lines)
            if room <= 0 or not parsed_drop.is_read:
                break
        return chunks

    def _record_session(
        self, db: Connection, name: str, chunks: list[_DropChunk], now: Now
    ) -> Iterable[tuple[_DropChunk, Drop]]:
        """Record all that a batch has for one session."""
        session = sessions.open_session(db, name, now)
        fresh = [
            chunk.parsed_drop for chunk in chunks if chunk.parsed_drop.drop is None
        ]
        opened = drops.find_or_create_drops(
            db, session.id, [p.as_new_drop() for p in fresh], now
        )
        new = {
            parsed_drop.key: drop
            for parsed_drop, drop in zip(fresh, opened, strict=True)
        }
        batches = [
            (p.parsed_drop.drop or new[p.parsed_drop.key], p.lines) for p in chunks
        ]
        recorded = drops.record_batches(
            db,
            session.id,
            batches,
            quota=self.settings.sessions.quota,
            now=now,
            file_is_gone=audio_is_gone,
        )
        done = list(zip(chunks, recorded, strict=True))
        ended = [
            (drop, _end_reason(chunk.parsed_drop, drop))
            for chunk, drop in done
            if chunk.is_last and drop.state == "recording"
        ]
        drops.finish_recording(db, ended, now)
        return done


def _end_reason(parsed_drop: ParsedDrop, drop: Drop) -> str | None:
    """Say why a drop is good for nothing; a comment added to a kept list is not one."""
    return None if parsed_drop.previous_texts else rejection_reason(parsed_drop, drop)


def _by_session(chunks: list[_DropChunk]) -> dict[str, list[_DropChunk]]:
    found: dict[str, list[_DropChunk]] = {}
    for chunk in chunks:
        found.setdefault(chunk.parsed_drop.inbox_file.location.session, []).append(
            chunk
        )
    return found
