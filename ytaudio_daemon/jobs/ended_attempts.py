"""The attempts that have ended, until their ends are in the ledger."""

from dataclasses import dataclass, replace

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.publish_failures import unfinishable
from ytaudio_daemon.jobs.publisher import Publication
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import Failure, FailureKind, Outcome, Progress
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import OUT_OF_MEMORY
from ytaudio_daemon.system.item_faults import ItemFaults

log = structlog.get_logger()


@dataclass(slots=True)
class RunningAttempt:
    """An attempt in the pool, or one whose end is not in the ledger yet."""

    claim: Claim
    progress: Progress
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt to be finished.

    Attributes:
        running: The attempt.
        end: The worker's outcome, or the audio that made a worker needless.
        is_interruption: The worker was killed, but not by its own doing: the template
            or a shutdown did it.
    """

    running: RunningAttempt
    end: Outcome | Publication
    is_interruption: bool = False

    @property
    def is_cut_short(self) -> bool:
        """Whether it brought no result because we, or a person, ended it."""
        if isinstance(self.end, Publication) or self.end.result is not None:
            return False
        return self.running.cancelled or self.is_interruption


#: Jobs whose workers were killed within so long, in seconds, died of one cause.
WINDOW_S = 900.0


class MemoryShortage:
    """Decides whether a job or the machine is to blame when memory ran out.

    If only one job's workers are killed, that job is charged. If several jobs' are, the
    machine, or the daemon's cgroup, has too little memory for them.
    """

    def __init__(self) -> None:
        #: When each job's worker was killed, by uptime.
        self._killed_at: dict[str, float] = {}

    def judge(self, job_uuid: str, failure: Failure, now: Now) -> Failure:
        """Return the failure; that of the host when several jobs had it lately."""
        if (failure.kind, failure.code) != (FailureKind.CRASHED, OUT_OF_MEMORY):
            return failure
        self._killed_at[job_uuid] = now.uptime_s
        self._killed_at = {
            uuid: killed_at
            for uuid, killed_at in self._killed_at.items()
            if killed_at > now.uptime_s - WINDOW_S
        }
        if len(self._killed_at) == 1:
            return failure
        return replace(
            failure_for(OUT_OF_MEMORY),
            message="The kernel killed several downloads because memory ran out.",
        )

    def succeeded(self) -> None:
        """Record that there is enough memory for a job."""
        self._killed_at.clear()


class EndedAttempts:
    """Finishes attempts in the order of their ends.

    Args:
        completer: Writes their ends.
    """

    def __init__(self, completer: AttemptCompleter) -> None:
        self._completer = completer
        #: Not written to the ledger yet: it was busy, or full.
        self._waiting: list[EndedAttempt] = []
        self._memory_shortage = MemoryShortage()
        self._faults = ItemFaults("attempts")

    def add(self, ended: EndedAttempt) -> None:
        """Add an attempt that has ended."""
        self._waiting.append(ended)

    def finish_next(self, now: Now) -> Claim | None:
        """Finish the first one and return its claim; None when there is none.

        Raises:
            LedgerError: It stays the first one.
        """
        if not self._waiting:
            return None
        ended = self._waiting[0]
        claim = ended.running.claim
        with self._faults.isolated(claim.uuid):
            self._finish_or_fail(ended, now)
        del self._waiting[0]
        return claim

    def _finish_or_fail(self, ended: EndedAttempt, now: Now) -> None:
        """Finish an attempt; if this program makes a mistake on it, it has failed."""
        try:
            self._finish(ended, now)
        except ITEM_ERRORS as error:
            log.exception("job.not_finished", job=ended.running.claim.uuid)
            failed = Outcome(failure=unfinishable(error))
            self._completer.finish(ended.running.claim, failed, now)

    def _finish(self, ended: EndedAttempt, now: Now) -> None:
        claim = ended.running.claim
        if ended.is_cut_short:  # or cancelled, if a person asked for that
            self._completer.requeue(claim, now, "interrupted")
        else:
            self._completer.finish(claim, self._judged(claim, ended.end, now), now)

    def _judged(
        self, claim: Claim, end: Outcome | Publication, now: Now
    ) -> Outcome | Publication:
        """Blame the host where memory ran out for several jobs, not their links."""
        if isinstance(end, Publication) or end.failure is None:
            self._memory_shortage.succeeded()
            return end
        failure = self._memory_shortage.judge(claim.uuid, end.failure, now)
        return replace(end, failure=failure)
