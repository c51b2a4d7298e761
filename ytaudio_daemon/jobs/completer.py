"""The end of an attempt: its job is completed, failed, queued again or cancelled.

Straight down, from each of the three entries:

    finish   a failure    -> _record_failure
             a result     -> _publish -> _complete
             a publication-> _adopt -> _sync_and_complete -> _complete
    requeue  a result that a crash left is finished the same way, else -> _queue_again
    cancel   the job is cancelled
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import structlog

from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.jobs.attempt_transitions import AttemptTransitions
from ytaudio_daemon.jobs.byte_limit import byte_limit_failure
from ytaudio_daemon.jobs.gate_opening import open_proven_gates
from ytaudio_daemon.jobs.outage_suspicion import end_outage_if_proven
from ytaudio_daemon.jobs.publisher import Publication, Publisher, result_of
from ytaudio_daemon.jobs.record_failure import RecordedFailure, record_failure
from ytaudio_daemon.jobs.work_cleanup import is_work_reusable
from ytaudio_daemon.ledger import Connection, Ledger, cookies, gates, transitions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import Failure, JobState, Outcome, Result
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

T = TypeVar("T")


class AttemptCompleter:
    """Writes the end of an attempt to the ledger and to the visible tree.

    Every method may be called again after a LedgerError, or after a crash between any
    two of its steps, and comes to the same end.

    Args:
        ledger: Holds the jobs.
        layout: Where attempts work and where results go.
        settings: Sections retry and sessions.
    """

    def __init__(self, ledger: Ledger, layout: Layout, settings: Settings) -> None:
        self._ledger = ledger
        self._layout = layout
        self._publisher = Publisher(layout)
        self._transitions = AttemptTransitions(ledger, layout)
        self.settings = settings
        #: By attempt: audio that is at its place while the ledger could not be written.
        self._unrecorded: dict[str, Publication] = {}

    def finish(self, claim: Claim, end: Outcome | Publication, now: Now) -> None:
        """Complete the job, or record its failure and the decision about it.

        Args:
            claim: The attempt.
            end: The worker's outcome; or audio that is at the job's place already.
            now: The moment.

        Raises:
            LedgerError: Nothing was decided; call again.
        """
        if self._completed_unrecorded(claim, now):
            return
        if isinstance(end, Publication):
            self._adopt(claim, end, now)
        elif end.result is not None:
            self._publish(claim, end, now)
        else:
            self._record_failure(claim, end, now)

    def requeue(self, claim: Claim, now: Now, reason: str) -> None:
        """Queue the job of an interrupted attempt again, uncharged.

        If the attempt left a finished result, that is published instead; a job whose
        cancellation was requested is cancelled.

        Args:
            claim: An attempt whose worker is gone.
            now: The moment.
            reason: For the ledger's events and the log.

        Raises:
            LedgerError: Nothing was decided; call again.
        """
        if self._completed_unrecorded(claim, now):
            return
        if (renamed := self._publisher.find_renamed(claim)) is not None:
            self._sync_and_complete(claim, renamed, now)
        elif (finished := self._publisher.find_finished(claim)) is not None:
            self._publish(claim, finished, now)
        else:
            self._queue_again(claim, now, reason)

    def cancel(self, claim: Claim, now: Now) -> None:
        """Cancel a running job whose cancellation was asked for; its worker is gone.

        Raises:
            LedgerError: Nothing was decided; call again.
        """
        self._transitions.cancel(claim, self.settings.sessions.quota, now)

    def _publish(self, claim: Claim, outcome: Outcome, now: Now) -> None:
        """Move the audio from the attempt's folder to its place; complete the job.

        A result that no longer fits into its session is a failure.
        """
        result = result_of(outcome)
        refusal = byte_limit_failure(
            self._ledger, self.settings.sessions.quota, claim, result.size_bytes
        )
        if refusal is not None:
            self._record_failure(claim, _failed(outcome, refusal), now)
            return
        if not self._begin_publish(claim, result, now):
            return
        failpoints.failpoint("publish.begun", claim.name)
        publication = self._publisher.publish(claim, outcome)
        if isinstance(publication, Failure):
            self._record_failure(claim, _failed(outcome, publication), now)
        elif publication.is_own:
            self._unrecorded[claim.name] = publication
            failpoints.failpoint("publish.renamed", claim.name)
            self._complete(claim, publication, now)
        else:
            self._adopt(claim, publication, now)

    def _adopt(self, claim: Claim, publication: Publication, now: Now) -> None:
        """Complete the job with audio that this attempt did not put there."""
        if self._begin_publish(claim, publication.result, now):
            log.info("job.adopted", job=claim.uuid, session=claim.session_name)
            self._sync_and_complete(claim, publication, now)

    def _sync_and_complete(
        self, claim: Claim, publication: Publication, now: Now
    ) -> None:
        failure = self._publisher.sync(claim)
        if failure is not None:
            self._record_failure(claim, _failed(publication.outcome, failure), now)
            return
        self._unrecorded[claim.name] = publication
        self._complete(claim, publication, now)

    def _completed_unrecorded(self, claim: Claim, now: Now) -> bool:
        """Complete a job whose audio an earlier call published but could not record.

        Returns:
            Whether there was such audio.
        """
        publication = self._unrecorded.get(claim.name)
        if publication is not None:
            self._complete(claim, publication, now)
        return publication is not None

    def _complete(self, claim: Claim, publication: Publication, now: Now) -> None:
        with self._ledger.write() as db:
            done = transitions.complete(
                db, claim.fence, publication.outcome, now, self.settings.sessions.quota
            )
            if done and publication.is_own:
                _record_cookies(db, claim, publication.outcome, now)
                open_proven_gates(db, claim, now)
                end_outage_if_proven(
                    db, publication.outcome, claim.history.claimed_at, now
                )
            gates.clear_stale_probe(db)
        del self._unrecorded[claim.name]
        self._ledger.check_not_replaced()
        if done:
            failpoints.failpoint("job.completed", claim.name)
            publishing.clear_work(self._layout, claim.uuid)
            failpoints.failpoint("work.cleared", claim.name)
            _log_completed(claim, publication.result, now)

    def _record_failure(self, claim: Claim, outcome: Outcome, now: Now) -> None:
        recorded = self._change_or_cancel(
            claim,
            now,
            lambda db: record_failure(db, claim, outcome, now, self.settings),
        )
        if recorded is None:
            return
        if recorded.decision.to is JobState.FAILED and not is_work_reusable(
            self._layout, claim.uuid, recorded.failure.code
        ):
            publishing.clear_work(self._layout, claim.uuid)
        _log_failed(claim, recorded)

    def _queue_again(self, claim: Claim, now: Now, reason: str) -> None:
        if self._change_or_cancel(
            claim,
            now,
            lambda db: transitions.requeue_interrupted(db, claim.fence, now, reason),
        ):
            log.info(
                "job.requeued",
                job=claim.uuid,
                session=claim.session_name,
                reason=reason,
            )

    def _begin_publish(self, claim: Claim, result: Result, now: Now) -> bool:
        path = self._layout.audio_file(claim.session_uuid, claim.uuid, result.file_name)
        return self._change_or_cancel(
            claim,
            now,
            lambda db: transitions.begin_publish(
                db, claim.fence, output_path=str(path), sha256=result.sha256, now=now
            ),
        )

    def _change_or_cancel(
        self, claim: Claim, now: Now, transition: Callable[[Connection], T]
    ) -> T:
        quota = self.settings.sessions.quota
        return self._transitions.change_or_cancel(claim, quota, now, transition)


def _record_cookies(db: Connection, claim: Claim, outcome: Outcome, now: Now) -> None:
    began_at = claim.history.claimed_at
    cookies.record_use(db, claim.session_id, outcome, began_at, now)


def _failed(outcome: Outcome, failure: Failure) -> Outcome:
    return replace(outcome, result=None, failure=failure)


def _log_completed(claim: Claim, result: Result, now: Now) -> None:
    log.info(
        "job.completed",
        job=claim.uuid,
        session=claim.session_name,
        video=claim.video_id,
        attempt=claim.attempt,
        title=result.title,
        bytes=result.size_bytes,
        seconds=round(now.wall - claim.history.claimed_at, 2),
    )


def _log_failed(claim: Claim, recorded: RecordedFailure) -> None:
    failure, decision = recorded.failure, recorded.decision
    log.warning(
        "job.failed" if decision.to is JobState.FAILED else "job.waiting",
        job=claim.uuid,
        session=claim.session_name,
        video=claim.video_id,
        attempt=claim.attempt,
        kind=failure.kind.value,
        code=failure.code,
        message=failure.message,
        retry_at=decision.retry_at,
    )
