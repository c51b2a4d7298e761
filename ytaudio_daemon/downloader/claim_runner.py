"""Runs a claimed job in the process that claimed it."""

import time
from collections.abc import Callable
from typing import TypeVar

from ytaudio_daemon.downloader.await_attempt import ProgressListener, run_to_end
from ytaudio_daemon.downloader.stop_signal import StopLevel, StopSignal
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.prepare import prepare
from ytaudio_daemon.jobs.publisher import Publication
from ytaudio_daemon.ledger import Ledger, claims
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.ledger.retry_while_busy import retry_while_busy
from ytaudio_daemon.model import FetchRequest, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.operations.transaction import read_now
from ytaudio_daemon.settings import Settings

T = TypeVar("T")

#: A busy ledger is tried again for so long, in seconds; each try waits by itself, too.
BUSY_TIMEOUT_S = 20.0
BUSY_PAUSE_S = 0.05


def when_not_busy(step: Callable[[], T]) -> T:
    """Do a repeatable step, waiting for other processes that write to the ledger.

    Raises:
        LedgerBusyError: The ledger was busy for `BUSY_TIMEOUT_S`.
    """
    return retry_while_busy(step, BUSY_TIMEOUT_S, BUSY_PAUSE_S)


#: The ledger is read this often, in seconds.
CANCEL_POLL_S = 1.0


class CancellationPoller:
    """Polls the ledger for the cancellation of a running job.

    Args:
        ledger: Holds the request to cancel.
        claim: The attempt.
        holder: The name in the claim.
    """

    def __init__(self, ledger: Ledger, claim: Claim, holder: str) -> None:
        self._ledger = ledger
        self._claim = claim
        self._holder = holder
        self._polled_at = time.monotonic()
        self.is_requested = False

    def is_cancelled(self) -> bool:
        """Return whether the job is to be cancelled, as of the last poll.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        now = time.monotonic()
        if not self.is_requested and now - self._polled_at >= CANCEL_POLL_S:
            self._polled_at = now
            with self._ledger.read() as db:
                requested = claims.cancel_requested_claims(db, self._holder)
            names = {claim.name for claim in requested}
            self.is_requested = self._claim.name in names
        return self.is_requested


class ClaimRunner:
    """Runs attempts of claimed jobs, and ends each claim in every case.

    Args:
        ledger: Holds the claims.
        layout: The daemon's tree.
        settings: As `with_short_retries` returns them.
        runtime: Runs the workers.
        holder: The name in our claims.
    """

    def __init__(
        self,
        ledger: Ledger,
        layout: Layout,
        settings: Settings,
        runtime: WorkerRuntime,
        holder: str,
    ) -> None:
        self._ledger = ledger
        self._layout = layout
        self._settings = settings
        self._runtime = runtime
        self._holder = holder
        self._completer = AttemptCompleter(ledger, layout, settings)

    def run(
        self, claim: Claim, on_progress: ProgressListener, stop_signal: StopSignal
    ) -> None:
        """Run one attempt, and finish or requeue its job.

        Raises:
            LedgerError: The end could not be recorded; the claim is abandoned, and
                `requeue_abandoned` picks it up.
        """
        cancellation = CancellationPoller(self._ledger, claim, self._holder)

        def should_stop() -> bool:
            is_stopped = stop_signal.level is StopLevel.IMMEDIATE
            return is_stopped or cancellation.is_cancelled()

        try:
            end = self._fetch(claim, on_progress, should_stop)
        except BaseException:  # Ctrl-C as well: only we can end a claim of ours
            self._requeue(claim)
            raise
        is_stopped = stop_signal.level is StopLevel.IMMEDIATE
        if (is_stopped or cancellation.is_requested) and _has_failed(end):
            self._requeue(claim)
        else:
            self._finish(claim, end)

    def requeue_abandoned(self, claim: Claim, now: Now) -> None:
        """Finish or requeue the job of a claim whose process is gone.

        Raises:
            LedgerError: Call again.
        """
        self._completer.requeue(claim, now, "crash")

    def _fetch(
        self,
        claim: Claim,
        on_progress: ProgressListener,
        should_stop: Callable[[], bool],
    ) -> Outcome | Publication:
        """Return how the attempt ended, with or without a worker."""
        tools = self._runtime.tools
        prepared = when_not_busy(
            lambda: prepare(claim, self._ledger, self._layout, self._settings, tools)
        )
        if not isinstance(prepared, FetchRequest):
            return prepared
        handle = self._runtime.start(prepared)
        return run_to_end(handle, on_progress, should_stop).outcome

    def _finish(self, claim: Claim, end: Outcome | Publication) -> None:
        try:
            when_not_busy(lambda: self._completer.finish(claim, end, self._now()))
        except LedgerError:
            raise  # the next caller picks the claim up
        except BaseException:  # Ctrl-C, as above
            self._requeue(claim)
            raise

    def _requeue(self, claim: Claim) -> None:
        when_not_busy(
            lambda: self._completer.requeue(claim, self._now(), "interrupted")
        )

    def _now(self) -> Now:
        with self._ledger.read() as db:
            return read_now(db)


def _has_failed(end: Outcome | Publication) -> bool:
    return isinstance(end, Outcome) and end.result is None
