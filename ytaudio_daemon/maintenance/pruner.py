"""History that has outgrown its use leaves the ledger, a little at a time.

Nothing on disk is touched: audio is the user's. Every piece can be repeated, and a
crash between two of them leaves a session with less history, which goes on next time.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial

import structlog

from ytaudio_daemon.ledger import Connection, Ledger, pruning
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()

#: The first look is so long after the start, in seconds: there is more urgent work.
FIRST_RUN_AFTER_S = 60.0
#: When nothing is to be forgotten, the next look is after so long, in seconds.
IDLE_INTERVAL_S = 3600.0
#: What a finished piece of work gives.
EXHAUSTED = object()
#: Forgetting takes at most one part in so many of the daemon's time.
TIME_SHARE_DIVISOR = 5


class Pruner:
    """Forgets ended sessions that are older than `[retention] finalized`.

    Args:
        ledger: Where the history is.
        settings: Section retention.
        mono: `time.monotonic()`.
    """

    def __init__(self, ledger: Ledger, settings: Settings, mono: float) -> None:
        self.settings = settings
        self._ledger = ledger
        self._due = mono + FIRST_RUN_AFTER_S
        self._pruning: Iterator[None] | None = None
        self._has_pruned = False

    def run_if_due(self, now: Now, mono: float) -> None:
        """Do one piece when its time has come: some ten milliseconds.

        Raises:
            LedgerError: The next call begins anew.
        """
        if mono < self._due:
            return
        began = time.perf_counter()
        try:
            has_more = self._prune_next_batch(now)
        except BaseException:
            self._pruning = None  # a generator does not outlive its exception
            raise
        took = time.perf_counter() - began
        self._due = mono + (took * TIME_SHARE_DIVISOR if has_more else IDLE_INTERVAL_S)

    def next_due(self) -> float:
        """Return the monotonic time of the next piece."""
        return self._due

    def pop_pruned(self) -> bool:
        """Tell once whether sessions were forgotten, whose documents are to go."""
        has_news, self._has_pruned = self._has_pruned, False
        return has_news

    def _prune_next_batch(self, now: Now) -> bool:
        if self._pruning is None:
            with self._ledger.read() as db:
                keep_s = self.settings.retention.finalized
                session = pruning.session_to_prune(db, now, keep_s)
            if session is None:
                return False
            self._pruning = self._prune_session(session)
        if next(self._pruning, EXHAUSTED) is EXHAUSTED:
            self._pruning = None
        return True

    def _prune_session(self, session: Session) -> Iterator[None]:
        """Delete all of a session, children first, yielding after each transaction."""
        after = 0
        while of_drops := self._next_drop_ids(session, after):
            yield from self._in_batches(
                partial(pruning.delete_lines, of_drops=of_drops)
            )
            after = of_drops[-1]
        for forget in (
            pruning.delete_jobs,
            pruning.delete_drops,
            pruning.delete_events,
        ):
            yield from self._in_batches(partial(forget, session_id=session.id))
        with self._ledger.write() as db:
            pruning.delete_session(db, session)
        self._has_pruned = True
        log.info("session.forgotten", session=session.name, uuid=session.uuid)

    def _next_drop_ids(self, session: Session, after_id: int) -> list[int]:
        with self._ledger.read() as db:
            return list(pruning.next_drop_ids(db, session.id, after_id))

    def _in_batches(self, forget: Callable[[Connection], bool]) -> Iterator[None]:
        has_more = True
        while has_more:
            with self._ledger.write() as db:
                has_more = forget(db)
            yield
