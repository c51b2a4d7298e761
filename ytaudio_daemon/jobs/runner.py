"""Claims jobs, starts their attempts, and finishes those that ended."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.fetch.tools import Tools
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.config_values import egress_keys, pace
from ytaudio_daemon.jobs.disk_reserve import DiskReserve
from ytaudio_daemon.jobs.ended_attempts import (
    EndedAttempt,
    EndedAttempts,
    RunningAttempt,
)
from ytaudio_daemon.jobs.gate_opening import ByteProof
from ytaudio_daemon.jobs.next_claim import CLAIM_POLL_S, seconds_to_next_claim
from ytaudio_daemon.jobs.phase_times import PhaseTimes
from ytaudio_daemon.jobs.prepare import prepare
from ytaudio_daemon.jobs.publish_failures import unfinishable
from ytaudio_daemon.jobs.publisher import Publication
from ytaudio_daemon.jobs.rescuer import JobRescuer
from ytaudio_daemon.ledger import Ledger, claims, outages, queries
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import (
    FailureKind,
    FetchRequest,
    JobState,
    Outcome,
    Phase,
    Progress,
)
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.egress import EgressTurns
from ytaudio_daemon.pool import Ended, Event, Pool, Progressed
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.system.item_faults import ItemFaults

log = structlog.get_logger()


class JobRunner:
    """Claims jobs, starts their attempts, and finishes those that ended.

    Args:
        ledger: Holds jobs and claims.
        layout: Where attempts work and where results go.
        pool: Runs the workers.
        settings: Sections download, youtube, retry, pace, sessions and disk.
        tools: ffmpeg and the JavaScript runtime.
        host: This daemon's name in claims.
    """

    def __init__(
        self,
        ledger: Ledger,
        layout: Layout,
        pool: Pool,
        settings: Settings,
        tools: Tools,
        host: str,
    ) -> None:
        self._ledger = ledger
        self._layout = layout
        self._pool = pool
        self._host = host
        self._completer = AttemptCompleter(ledger, layout, settings)
        self._rescuer = JobRescuer(ledger, layout, self._completer, host)
        self.settings = settings
        self.tools = tools
        self._running: dict[str, RunningAttempt] = {}
        self._ended = EndedAttempts(self._completer)
        self._egress_turns = EgressTurns()
        self._disk_reserve = DiskReserve(ledger, layout.downloads)
        self._byte_proof = ByteProof(ledger)
        self.phase_times = PhaseTimes()
        self._faults = ItemFaults("attempts")

    def reload(self, settings: Settings) -> None:
        """Apply new settings; running attempts go on with the old ones."""
        self.settings = settings
        self._completer.settings = settings

    @property
    def progress(self) -> Mapping[str, Progress]:
        """The progress of each running attempt, by job UUID."""
        return {uuid: running.progress for uuid, running in self._running.items()}

    @property
    def running_count(self) -> int:
        """The number of attempts that run or are still to be finished."""
        return len(self._running)

    def recover(self, now: Now) -> None:
        """Rescue jobs that an earlier run left running; call before `start_jobs`.

        A finished result is published, not downloaded again; the rest is queued again.
        """
        self._rescuer.rescue_all(now)

    def recover_lost(self, now: Now) -> None:
        """Pick up attempts that run by the ledger but not here; see `JobRescuer`.

        Raises:
            LedgerError: The next call tries again.
        """
        attempts = {uuid: r.claim.attempt for uuid, r in self._running.items()}
        self._rescuer.rescue_lost(attempts, now)

    def start_jobs(self, now: Now) -> None:
        """Claim jobs and start their attempts while the pool has room.

        Raises:
            LedgerError: What was claimed is started or finished; call again.
        """
        if not self._disk_reserve.is_available(self.settings.disk.reserve, now):
            return
        while self._pool.free_slots() > 0:
            claim = self._claim_next(now)
            if claim is None:
                return
            failpoints.failpoint("job.claimed", claim.name)
            self._start(claim, now)

    def _claim_next(self, now: Now) -> Claim | None:
        running = [attempt.claim.egress for attempt in self._running.values()]
        keys = self._egress_turns.in_order(egress_keys(self.settings), running)
        with self._ledger.write() as db:
            claim = claims.claim_next(db, now, self._host, pace(self.settings), keys)
        if claim is not None:
            self._egress_turns.use(claim.egress)
        return claim

    def seconds_to_next_claim(self, now: Now) -> float:
        """Return the seconds after which a claim may succeed without any other event.

        Only gates and pace make a queued job wait for a time instead of an event.
        """
        with self._ledger.read() as db:
            if queries.total_counts(db)[JobState.QUEUED] == 0:
                return CLAIM_POLL_S
            if outages.is_held(db, now):
                return CLAIM_POLL_S  # the end of its probe is an event
            return seconds_to_next_claim(db, self.settings, now)

    def collect(self, events: Iterable[Event]) -> None:
        """Store the pool's events; `finish_ended` writes the ends to the ledger."""
        for event in events:
            running = self._running.get(event.key)
            if running is None or running.claim.attempt != event.attempt:
                continue
            if isinstance(event, Progressed):
                known = running.progress.title
                title = event.progress.title or known
                running.progress = replace(event.progress, title=title)
                self.phase_times.observe(
                    running.claim.name, event.progress.phase, time.monotonic()
                )
            elif isinstance(event, Ended):
                self.phase_times.observe(running.claim.name, None, time.monotonic())
                interruption = is_interruption(event)
                self._ended.add(EndedAttempt(running, event.outcome, interruption))

    def open_proven_gates(self, now: Now) -> bool:
        """Open gates that first bytes show to be over; return whether any was opened.

        Raises:
            LedgerError: The next call tries again.
        """
        running = [(one.claim, one.progress) for one in self._running.values()]
        return self._byte_proof.open_gates(running, now)

    def finish_ended(self, now: Now) -> None:
        """Finish what has ended, in order.

        Raises:
            LedgerError: The rest stays for the next call.
        """
        while (claim := self._ended.finish_next(now)) is not None:
            self._running.pop(claim.uuid, None)

    def kill_cancelled(self, now: Now) -> None:
        """Kill the workers of jobs whose cancellation was asked for."""
        with self._ledger.read() as db:
            asked = claims.cancel_requested_claims(db, self._host)
        for claim in asked:
            running = self._running.get(claim.uuid)
            if running is None:
                with self._faults.isolated(claim.uuid):
                    self._completer.cancel(claim, now)
            elif not running.cancelled:
                running.cancelled = True
                self._pool.kill(claim.uuid)

    def requeue_running(self, now: Now) -> None:
        """Queue every running job again, after the pool was closed at shutdown."""
        self.finish_ended(now)
        for running in list(self._running.values()):
            self._completer.requeue(running.claim, now, "shutdown")
        self._running.clear()

    def _start(self, claim: Claim, now: Now) -> None:
        prepared = self._prepare(claim)
        running = RunningAttempt(claim=claim, progress=Progress(phase="resolving"))
        self._running[claim.uuid] = running
        if isinstance(prepared, FetchRequest):
            self._pool.start(prepared)
            self.phase_times.observe(claim.name, Phase.RESOLVING, time.monotonic())
            failpoints.failpoint("attempt.started", claim.name)
        else:  # a ledger that cannot be written now gets the end later
            self._ended.add(EndedAttempt(running, prepared))
            self.finish_ended(now)

    def _prepare(self, claim: Claim) -> FetchRequest | Publication | Outcome:
        try:
            return prepare(claim, self._ledger, self._layout, self.settings, self.tools)
        except ITEM_ERRORS as error:
            log.exception("job.not_started", job=claim.uuid)
            return Outcome(failure=unfinishable(error))


def is_interruption(ended: Ended) -> bool:
    """Return whether a worker was killed, but not by its own doing."""
    failure = ended.outcome.failure
    if failure is None or failure.kind is not FailureKind.CRASHED:
        return False
    return not ended.worker_crashed and failure.code in {"killed", "template_died"}
