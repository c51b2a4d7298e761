"""Records parsed drops in the ledger, in durable batches."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import structlog

from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.intake.parse_guard import ParseGuard
from ytaudio_daemon.intake.parsed_drop import ParsedDrop, rejection_reason
from ytaudio_daemon.intake.recorded_drop import DropKey, RecordedDrop
from ytaudio_daemon.ledger import Connection, Ledger, drops, sessions
from ytaudio_daemon.ledger.drops import Drop, NewEntry
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: One transaction's worth: a kill costs at most so many lines' work again.
LINES_PER_BATCH = 1000
#: Lines in the first batch of a drop that comes alone, so that its first workers start soon.
LINES_IN_FIRST_BATCH = 100
#: The cost of one more drop (recorded, then filed), and of another session, in lines: so
#: every batch takes some 30 ms, and filing it no longer.
DROP_COST_LINES = 8
SESSION_COST_LINES = 80
#: Lines are read for so long in a step, in seconds; a batch of links takes a tenth.
READ_LINES_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class _DropChunk:
    """Some entries of one drop; `is_last` when none follow them."""

    parsed_drop: ParsedDrop
    entries: list[NewEntry]
    is_last: bool


class Recorder:
    """Writes parsed drops into the ledger, a batch in a step.

    Args:
        ledger: Is written to.
        settings: Section sessions.
        parse_guard: Counts how often a drop has ended the daemon.

    Attributes:
        parsed_drops: Those of which not every line is recorded; the next batch begins
            with the first.
    """

    def __init__(
        self, ledger: Ledger, settings: Settings, parse_guard: ParseGuard
    ) -> None:
        self.settings = settings
        self._parse_guard = parse_guard
        self.parsed_drops: list[ParsedDrop] = []
        self._ledger = ledger
        self._batch: list[_DropChunk] = []
        self._finished: list[RecordedDrop] = []
        self._has_recorded = False
        self._is_ledger_unchecked = False

    def add(self, parsed_drop: ParsedDrop) -> None:
        """Add a drop to be recorded."""
        self.parsed_drops.append(parsed_drop)

    def sizes(self) -> list[int]:
        """Return the sizes in bytes of the drops that are not yet recorded."""
        return [parsed_drop.size for parsed_drop in self.parsed_drops]

    def pop_recorded(self) -> bool:
        """True if lines were recorded since the last call."""
        has_recorded, self._has_recorded = self._has_recorded, False
        return has_recorded

    def is_busy(self) -> bool:
        """True if a drop is not recorded to its end, or was not yet returned."""
        return bool(self.parsed_drops or self._batch or self._finished)

    def pop_finished_drops(self) -> list[RecordedDrop]:
        """Return the drops of which every line is durable, once.

        Raises:
            LedgerError: The ledger was taken away since: no file may be moved.
        """
        self._check_ledger_exists()
        finished, self._finished = self._finished, []
        return finished

    def record_next_batch(self, now: Now, unfiled: Collection[DropKey]) -> None:
        """Record one batch in one durable transaction.

        The batch is drawn before the transaction and kept until it is committed: if
        the ledger is busy, the very same batch is tried again.

        Args:
            now: The moment.
            unfiled: Recorded drops whose files are not moved yet. A drop of the same
                session, name and content must wait: it would be taken for that one.

        Raises:
            LedgerError: The batch is not committed, or the ledger was taken away.
        """
        if self.parsed_drops and not self._batch:
            with self._parse_guard.open_mark():
                self._batch = self._next_batch(unfiled)
        if self._batch:
            self._record_batch(now)

    def _record_batch(self, now: Now) -> None:
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

    def _check_ledger_exists(self) -> None:
        """Make sure that the committed rows are in the ledger file that people see."""
        if self._is_ledger_unchecked:
            self._ledger.check_not_replaced()
            self._is_ledger_unchecked = False

    def _apply_recorded(self, recorded: dict[int, Drop]) -> None:
        """Go on behind the committed batch; nothing here can fail half-way."""
        for chunk in self._batch:
            parsed_drop, drop = chunk.parsed_drop, recorded[id(chunk)]
            parsed_drop.drop = drop
            if not chunk.is_last:
                self._move_to_back(parsed_drop)
                continue
            self.parsed_drops.remove(parsed_drop)
            self._finished.append(
                RecordedDrop(inbox_file=parsed_drop.inbox_file, drop=drop)
            )
            failpoints.failpoint("drop.recorded", parsed_drop.inbox_file.name)
        self._batch = []

    def _move_to_back(self, parsed_drop: ParsedDrop) -> None:
        """Let all others go first: a long drop holds up no short ones."""
        self.parsed_drops.remove(parsed_drop)
        self.parsed_drops.append(parsed_drop)

    def _next_batch(self, unfiled: Collection[DropKey]) -> list[_DropChunk]:
        """Draw lines from the drops in turn; none when all seen so far are known."""
        deadline = time.monotonic() + READ_LINES_S
        chunks: list[_DropChunk] = []
        room = LINES_PER_BATCH
        drawn = {*unfiled}
        sessions_drawn = set[str]()
        for parsed_drop in self.parsed_drops:
            if parsed_drop.key in drawn:  # the same at the root and in its folder
                continue
            drawn.add(parsed_drop.key)
            session = parsed_drop.inbox_file.location.session
            if chunks:
                room -= DROP_COST_LINES
                room -= SESSION_COST_LINES * (session not in sessions_drawn)
                if room <= 0:
                    break
            sessions_drawn.add(session)
            count = (
                min(room, LINES_IN_FIRST_BATCH) if self._is_first(parsed_drop) else room
            )
            entries = self._read_entries(parsed_drop, count, deadline)
            if entries or parsed_drop.is_read:
                chunks.append(_chunk(parsed_drop, entries))
            else:
                self._move_to_back(parsed_drop)
            room -= len(entries)
            if room <= 0 or not parsed_drop.is_read or time.monotonic() >= deadline:
                break
        return chunks

    def _is_first(self, parsed_drop: ParsedDrop) -> bool:
        """Return whether no line of the only drop at hand is recorded yet."""
        return len(self.parsed_drops) == 1 and parsed_drop.drop is None

    def _read_entries(
        self, parsed_drop: ParsedDrop, count: int, deadline: float
    ) -> list[NewEntry]:
        """Return the next entries; none of a drop that has ended the daemon too often."""
        key, cursor = parsed_drop.key, parsed_drop.cursor
        if self._parse_guard.has_ended_too_often(key, cursor):
            parsed_drop.set_aside()
            _log_set_aside(parsed_drop)
        self._parse_guard.mark(key, cursor)
        entries = parsed_drop.next_entries(count, deadline)
        if parsed_drop.mistake is not None and not parsed_drop.is_read:
            _log_set_aside(parsed_drop)
        if entries or parsed_drop.is_read:
            self._parse_guard.forget(key)
        return entries

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
            (p.parsed_drop.drop or new[p.parsed_drop.key], p.entries) for p in chunks
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


def _log_set_aside(parsed_drop: ParsedDrop) -> None:
    session, name, _ = parsed_drop.key
    log.error(
        "drop.set_aside",
        session=session,
        file=display_name(name),
        reason=parsed_drop.problem,
        exc_info=parsed_drop.mistake,
    )


def _chunk(parsed_drop: ParsedDrop, entries: list[NewEntry]) -> _DropChunk:
    return _DropChunk(
        parsed_drop=parsed_drop, entries=entries, is_last=parsed_drop.is_read
    )


def _end_reason(parsed_drop: ParsedDrop, drop: Drop) -> str | None:
    """Return why a drop is rejected; a comment added to a kept list is no reason."""
    is_comment = parsed_drop.previous_lines and not parsed_drop.was_set_aside
    return None if is_comment else rejection_reason(parsed_drop, drop)


def _by_session(chunks: list[_DropChunk]) -> dict[str, list[_DropChunk]]:
    found: dict[str, list[_DropChunk]] = {}
    for chunk in chunks:
        session = chunk.parsed_drop.inbox_file.location.session
        found.setdefault(session, []).append(chunk)
    return found
