"""The running attempts: claiming and starting them, hearing how they ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import structlog

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.fetch.tools import Tools
from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.disk_reserve import DiskReserve
from ytaudio_daemon.jobs.fetch_requests import fetch_request
from ytaudio_daemon.jobs.foreign_claims import recover_dead_holders
from ytaudio_daemon.jobs.recovery import recover, requeue_or_publish
from ytaudio_daemon.jobs.restore_import import import_after_restore
from ytaudio_daemon.jobs.work_cleanup import WorkCleaner
from ytaudio_daemon.ledger import Ledger, claims, gates, queries
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import (
    Failure,
    FailureKind,
    JobState,
    Outcome,
    Progress,
)
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import Pace
from ytaudio_daemon.pool import Ended, Event, Pool, Progressed
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: Without gate or pace to wait for, claims are looked for this often, in seconds.
CLAIM_POLL_S = 30.0
#: A moment behind the time a gate or token is due, so that it surely has come.
DUE_MARGIN_S = 0.05
#: So many jobs' work is looked at in one step of the loop.
CLEAR_BATCH = 100


@dataclass(slots=True)
class _RunningAttempt:
    claim: Claim
    progress: Progress
    cancelled: bool = False


class JobRunner:
    """What is running, and what has ended but is not yet in the ledger.

    Args:
        ledger: Claims come from it, ends go into it.
        layout: Where attempts work and results go.
        pool: Runs them.
        settings: Sections download, retry, pace, sessions and disk.
        tools: ffmpeg and the JavaScript runtime.
        host: This machine's name, in claims.
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
        self.settings = settings
        self.tools = tools
        self._running: dict[str, _RunningAttempt] = {}
        #: Ends that could not be written yet: the ledger was busy, or full.
        self._ended: list[tuple[_RunningAttempt, Ended]] = []
        self._disk_reserve = DiskReserve(ledger, layout.downloads)
        self._work_cleaner = WorkCleaner(ledger, layout)

    def reload(self, settings: Settings) -> None:
        """Take up new settings; running attempts go on with the old ones."""
        self.settings = settings
        self._completer.settings = settings

    @property
    def progress(self) -> Mapping[str, Progress]:
        """How far each running attempt is, by job UUID."""
        return {uuid: running.progress for uuid, running in self._running.items()}

    @property
    def running_count(self) -> int:
        """How many attempts run or wait to be settled."""
        return len(self._running)

    def recover(self, now: Now) -> None:
        """Pick up what an earlier run of this host left running; call before `fill`.

        A finished result is published, not fetched again; the rest is queued again.
        """
        with self._ledger.read() as db:
            left = claims.running_claims(db, self._host)
        for claim in left:
            recover(self._completer, self._layout, claim, now)
        self._recover_dead_holders(now)
        import_after_restore(
            self._ledger, self._layout, self._completer, self._host, now
        )
        self._work_cleaner.clear()

    def recover_lost(self, now: Now) -> None:
        """Pick up attempts that are ours by the ledger but that nobody runs.

        Those of programs on this host that died are ours to pick up, too; and work
        is cleared that a cancelled job has left.

        A claim whose commit PostgreSQL could not confirm may have happened all the
        same.

        Raises:
            LedgerError: The next call tries again.
        """
        with self._ledger.read() as db:
            running = claims.running_claims(db, self._host)
        for claim in running:
            known = self._running.get(claim.uuid)
            if known is None or known.claim.attempt != claim.attempt:
                log.warning(
                    "job.lost",
                    job=claim.uuid,
                    session=claim.session_name,
                    attempt=claim.attempt,
                )
                recover(self._completer, self._layout, claim, now)
        self._recover_dead_holders(now)
        self._work_cleaner.clear(CLEAR_BATCH)

    def start_jobs(self, now: Now) -> bool:
        """Claim and start attempts while there is room.

        Returns:
            Whether a job may still be waiting for room or its turn.
        """
        if not self._disk_reserve.is_available(self.settings.disk.reserve, now):
            return False
        while self._pool.free_slots() > 0:
            with self._ledger.write() as db:
                claim = claims.claim_next(db, now, self._host, self._pace)
            if claim is None:
                return False
            failpoints.failpoint("job.claimed", claim.name)
            self._start(claim, now)
        return True

    def seconds_to_next_claim(self, now: Now) -> float:
        """Return when `fill` should be called again though nothing happened.

        Only gates and pace make a queued job wait without an event to end it.
        """
        with self._ledger.read() as db:
            if queries.total_counts(db)[JobState.QUEUED] == 0:
                return CLAIM_POLL_S
            closed = gates.closed_gates(db)
            if any(gate.probe_job_id is not None for gate in closed):
                return CLAIM_POLL_S  # until the probe ends
            shut = [gate.until - now.wall for gate in closed]
            waits = [*shut, gates.seconds_to_next_token(db, self._pace, now)]
        return min(max([0.0, *waits]) + DUE_MARGIN_S, CLAIM_POLL_S)

    @property
    def _pace(self) -> Pace:
        wanted = self.settings.pace
        return Pace(burst=wanted.burst, per_hour=wanted.per_hour)

    def collect(self, events: Iterable[Event]) -> None:
        """Take in what the pool tells; `settle_ended` does what follows."""
        for event in events:
            running = self._running.get(event.key)
            if running is None or running.claim.attempt != event.attempt:
                continue
            if isinstance(event, Progressed):
                known = running.progress.title
                title = event.progress.title or known
                running.progress = replace(event.progress, title=title)
            elif isinstance(event, Ended):
                self._ended.append((running, event))

    def finish_ended(self, now: Now) -> None:
        """Write ends into the ledger; what fails stays for the next call.

        Raises:
            LedgerError: The ledger cannot be written just now.
        """
        while self._ended:
            running, ended = self._ended[0]
            self._finish(running, ended, now)
            del self._ended[0]
            self._running.pop(ended.key, None)

    def kill_cancelled(self, now: Now) -> None:
        """End the workers of jobs that people asked to cancel."""
        with self._ledger.read() as db:
            asked = claims.cancel_requested_claims(db, self._host)
        for claim in asked:
            running = self._running.get(claim.uuid)
            if running is None:
                self._completer.cancel(claim, now)
            elif not running.cancelled:
                running.cancelled = True
                self._pool.kill(claim.uuid)

    def requeue_running(self, now: Now) -> None:
        """Give every running job back, after the pool was closed at shutdown."""
        self.finish_ended(now)
        for running in list(self._running.values()):
            self._requeue_or_publish(running.claim, now, "shutdown")
        self._running.clear()

    def _start(self, claim: Claim, now: Now) -> None:
        # First, so that trouble with all of downloads/ is the machine's, not this job's.
        try:
            earlier = publishing.begin_attempt(self._layout, claim.uuid, claim.attempt)
        except (OSError, UnsafePathError) as error:
            self._fail_before_start(
                claim, Outcome(failure=_work_folder_failure(error)), now
            )
            return
        if self._completer.complete_if_published(claim, now):
            return
        if (refusal := self._completer.byte_limit_failure(claim)) is not None:
            self._fail_before_start(claim, Outcome(failure=refusal), now)
            return
        request = fetch_request(claim, self._layout, self.settings, self.tools, earlier)
        progress = Progress(phase="resolving")
        self._running[claim.uuid] = _RunningAttempt(claim=claim, progress=progress)
        self._pool.start(request)
        failpoints.failpoint("attempt.started", claim.name)

    def _fail_before_start(self, claim: Claim, outcome: Outcome, now: Now) -> None:
        """Settle an attempt without a worker; a full ledger hears of it later."""
        running = _RunningAttempt(claim=claim, progress=Progress(phase="resolving"))
        self._running[claim.uuid] = running
        ended = Ended(
            key=claim.uuid, attempt=claim.attempt, outcome=outcome, worker_crashed=False
        )
        self._ended.append((running, ended))
        self.finish_ended(now)

    def _finish(self, running: _RunningAttempt, ended: Ended, now: Now) -> None:
        claim, outcome = running.claim, ended.outcome
        if outcome.result is not None:
            self._completer.finish(claim, outcome, now)
        elif running.cancelled or _is_interruption(ended):
            self._requeue_or_publish(
                claim, now, "interrupted"
            )  # or cancelled, if unwanted yet
        else:
            self._completer.finish(claim, outcome, now)

    def _requeue_or_publish(self, claim: Claim, now: Now, reason: str) -> None:
        requeue_or_publish(self._completer, self._layout, claim, now, reason)

    def _recover_dead_holders(self, now: Now) -> None:
        recover_dead_holders(
            self._ledger, self._layout, self._completer, self._host, now
        )


def _is_interruption(ended: Ended) -> bool:
    """The worker died, but not by its own doing: the template or a shutdown did it."""
    failure = ended.outcome.failure
    if failure is None or failure.kind is not FailureKind.CRASHED:
        return False
    return not ended.worker_crashed and failure.code in {"killed", "template_died"}


def _work_folder_failure(error: Exception) -> Failure:
    return Failure(
        kind=FailureKind.HOST,
        code="work_folder",
        message=f"The folder for unfinished work cannot be made: {error}",
        hint="Check the disk and the permissions of downloads/: `ytaudio doctor`.",
    )
