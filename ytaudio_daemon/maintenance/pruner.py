"""Deletes the rows of sessions that ended long ago, in small transactions.

Audio stays: it is the user's. Every transaction can be repeated; a crash between two
leaves a session with less history, and the next run deletes the rest.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial

import structlog

from ytaudio_daemon.ledger import Connection, Ledger, pruning
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model.clock import WAKEUP_SLACK_S, Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.item_faults import ItemFaults

log = structlog.get_logger()

#: The first run is so long after the start, in seconds: other work is more urgent.
FIRST_RUN_AFTER_S = 60.0
#: When there is nothing to prune, the next run is so much later, in seconds.
IDLE_INTERVAL_S = 3600.0
#: Returned by `next` for a generator that is exhausted.
EXHAUSTED = object()
#: Pruning takes at most this fraction (1/n) of the daemon's time.
TIME_SHARE_DIVISOR = 5


class Pruner:
    """Prunes sessions that ended longer ago than `[retention] finalized`.

    Args:
        ledger: Holds the history.
        settings: Section retention.
        mono: `time.monotonic()`.
    """

    def __init__(self, ledger: Ledger, settings: Settings, mono: float) -> None:
        self.settings = settings
        self._ledger = ledger
        self._due = mono + FIRST_RUN_AFTER_S
        self._pruning: Iterator[None] | None = None
        self._has_more = self._has_pruned = False
        self._session_id = 0
        self._faults = ItemFaults("retention")
        #: IDs of sessions that this program failed to prune.
        self._faulty = set[int]()

    def run_if_due(self, now: Now, mono: float) -> None:
        """Run one transaction if it is due: some ten milliseconds.

        Args:
            now: The moment.
            mono: `time.monotonic()`.

        Raises:
            LedgerError: The next call begins anew.
        """
        if mono < self._due - (0.0 if self._has_more else WAKEUP_SLACK_S):
            return
        began = time.perf_counter()
        try:
            has_more = self._prune_next_batch(now)
        except BaseException:
            self._pruning = None  # a generator does not outlive its exception
            raise
        took = time.perf_counter() - began
        self._has_more = has_more
        self._due = mono + (took * TIME_SHARE_DIVISOR if has_more else IDLE_INTERVAL_S)

    def next_due(self) -> float:
        """Return the monotonic time at which `run_if_due` must be called.

        Between two prunings a call up to `WAKEUP_SLACK_S` earlier has something to do, too.
        """
        return self._due

    def pop_pruned(self) -> bool:
        """Return whether sessions were pruned since the last call; their documents must go."""
        has_news, self._has_pruned = self._has_pruned, False
        return has_news

    def _prune_next_batch(self, now: Now) -> bool:
        if self._pruning is None:
            with self._ledger.read() as db:
                keep_s = self.settings.retention.finalized
                session = pruning.session_to_prune(db, now, keep_s, self._faulty)
            if session is None:
                return False
            self._session_id = session.id
            self._pruning = self._prune_session(session)
        with self._faults.isolated(f"session {self._session_id}", self._skip_faulty):
            if next(self._pruning, EXHAUSTED) is EXHAUSTED:
                self._pruning = None
        return True

    def _skip_faulty(self) -> None:
        """Skip a session that this program fails to prune, until the daemon is restarted."""
        self._pruning = None
        self._faulty.add(self._session_id)

    def _prune_session(self, session: Session) -> Iterator[None]:
        """Delete a session and all its rows, children first; yield after each transaction."""
        after = 0
        while of_drops := self._next_drop_ids(session, after):
            delete_lines = partial(pruning.delete_lines, of_drops=of_drops)
            yield from self._in_batches(delete_lines)
            after = of_drops[-1]
        for delete in (
            pruning.delete_entries,
            pruning.delete_jobs,
            pruning.delete_collections,
            pruning.delete_drops,
            pruning.delete_events,
        ):
            yield from self._in_batches(partial(delete, session_id=session.id))
        with self._ledger.write() as db:
            pruning.delete_session(db, session)
        self._has_pruned = True
        log.info("session.forgotten", session=session.name, uuid=session.uuid)

    def _next_drop_ids(self, session: Session, after_id: int) -> list[int]:
        with self._ledger.read() as db:
            return list(pruning.next_drop_ids(db, session.id, after_id))

    def _in_batches(self, delete: Callable[[Connection], bool]) -> Iterator[None]:
        has_more = True
        while has_more:
            with self._ledger.write() as db:
                has_more = delete(db)
            yield
