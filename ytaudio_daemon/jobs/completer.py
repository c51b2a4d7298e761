"""How an attempt is settled: published and completed, or put where it belongs."""

from collections.abc import Callable
from dataclasses import replace

import structlog

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import Layout, published, publishing
from ytaudio_daemon.jobs.publish_failures import lookup_failure, publish_failure
from ytaudio_daemon.jobs.work_retention import BYTE_LIMIT, is_work_reusable
from ytaudio_daemon.ledger import (
    Connection,
    Ledger,
    gates,
    queries,
    sessions,
    transitions,
)
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import Failure, FailureKind, JobState, Outcome, Result
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import RetryPolicy, decide, reclassify_as_outdated
from ytaudio_daemon.model.gates import GATE_OF
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()


class AttemptCompleter:
    """Writes an attempt's end into the ledger and the visible tree.

    Every method may be called again after a LedgerError or a crash between any two
    of its steps, and converges to the same end.
    """

    def __init__(self, ledger: Ledger, layout: Layout, settings: Settings) -> None:
        self._ledger = ledger
        self._layout = layout
        self.settings = settings
        #: Attempts whose audio stands at its place and whose ledger could not be told:
        #: what stands there, and whether this very attempt fetched it.
        self._published: dict[str, tuple[Outcome, bool]] = {}

    def finish(self, claim: Claim, outcome: Outcome, now: Now) -> None:
        """Publish the result, or do what follows from the failure.

        Raises:
            LedgerError: Nothing was decided; call again.
        """
        if outcome.result is None:
            self._record_failure(claim, outcome, now)
        elif claim.name in self._published:
            self._complete(claim, now)
        elif (
            refusal := self._quota_failure(claim, outcome.result.size_bytes)
        ) is not None:
            self._record_failure(
                claim, replace(outcome, result=None, failure=refusal), now
            )
        elif self._begin_publish(claim, outcome.result, now):
            failpoints.failpoint("publish.begun", claim.name)
            self._publish(claim, outcome, now)

    def cancel(self, claim: Claim, now: Now) -> None:
        """Finalize a running job whose cancellation was asked for."""
        self._transition_or_cancel(claim, now, lambda _: False)

    def requeue(self, claim: Claim, now: Now, reason: str) -> None:
        """Give back a job whose attempt was interrupted by us, unless it is unwanted."""
        if self._transition_or_cancel(
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

    def complete_if_published(self, claim: Claim, now: Now) -> bool:
        """Settle a job whose audio stands at its place already, before it is fetched.

        Where nobody can tell, it is not fetched either: it waits, and is tried as often
        as any other.

        Returns:
            Whether the claim is settled, so that no attempt need begin.

        Raises:
            LedgerError: Nothing was decided; call again.
        """
        try:
            published_outcome = self._published_outcome(claim)
        except (OSError, UnsafePathError) as error:
            self._record_failure(claim, Outcome(failure=lookup_failure(error)), now)
            return True
        if published_outcome is not None:
            self.complete_published(claim, published_outcome, now)
        return published_outcome is not None

    def complete_published(self, claim: Claim, outcome: Outcome, now: Now) -> None:
        """Complete a job whose audio stands at its place though this attempt did not put it there.

        An older ledger was restored, or moved here together with the audio; or an
        earlier attempt published it and could not tell.
        """
        if outcome.result is not None and self._begin_publish(
            claim, outcome.result, now
        ):
            log.info("job.adopted", job=claim.uuid, session=claim.session_name)
            self.sync_and_complete(claim, outcome, now, proves_site=False)

    def sync_and_complete(
        self, claim: Claim, outcome: Outcome, now: Now, *, proves_site: bool = True
    ) -> None:
        """Complete a job whose audio stands at its place already, once that is synced.

        Args:
            claim: The attempt.
            outcome: Carries the result.
            now: The moment.
            proves_site: It was fetched by this very attempt.
        """
        try:
            publishing.sync_published(self._layout, claim.session_uuid)
        except (OSError, UnsafePathError) as error:
            self._record_failure(
                claim, _with_failure(outcome, publish_failure(error)), now
            )
            return
        self._published[claim.name] = outcome, proves_site
        self._complete(claim, now)

    @property
    def _quota(self) -> Quota:
        return self.settings.sessions.quota

    def byte_limit_failure(self, claim: Claim) -> Failure | None:
        """Return why an attempt need not even begin: its session's bytes are used up."""
        return self._quota_failure(claim, 1)

    def _quota_failure(self, claim: Claim, size_bytes: int) -> Failure | None:
        with self._ledger.read() as db:
            session = sessions.session_by_id(db, claim.session_id)
        limit = self._quota.with_session_limits(
            session.max_jobs, session.max_bytes
        ).max_bytes
        if not limit or session.used_bytes + size_bytes <= limit:
            return None
        return Failure(
            kind=FailureKind.POLICY,
            code=BYTE_LIMIT,
            message=f"The finished file does not fit into the session's {limit} bytes, "
            f"of which {session.used_bytes} are used.",
            hint=f"Raise it with: ytaudio session set {claim.session_name} --max-bytes "
            "…, then retry the job.",
        )

    def _begin_publish(self, claim: Claim, result: Result, now: Now) -> bool:
        path = self._layout.audio_file(claim.session_uuid, claim.uuid, result.file_name)
        return self._transition_or_cancel(
            claim,
            now,
            lambda db: transitions.begin_publish(
                db, claim.fence, output_path=str(path), sha256=result.sha256, now=now
            ),
        )

    def _transition_or_cancel(
        self, claim: Claim, now: Now, move: Callable[[Connection], bool]
    ) -> bool:
        """Make a move, or cancel the job if that is why it was refused.

        In one transaction: somebody may want the job after all between two.
        """
        with self._ledger.write() as db:
            moved = move(db)
            cancelled = not moved and self._cancel_in_transaction(db, claim, now)
            gates.clear_stale_probe(db)
        if cancelled:
            self._drop_cancelled_work(claim)
        return moved

    def _cancel_in_transaction(self, db: Connection, claim: Claim, now: Now) -> bool:
        return transitions.cancel_running(db, claim.fence, now, self._quota)

    def _drop_cancelled_work(self, claim: Claim) -> None:
        publishing.clear_work(self._layout, claim.uuid)
        log.info("job.cancelled", job=claim.uuid, session=claim.session_name)

    def _publish(self, claim: Claim, outcome: Outcome, now: Now) -> None:
        try:
            publishing.publish(
                self._layout, claim.session_uuid, claim.uuid, claim.attempt
            )
        except (OSError, UnsafePathError) as error:
            self._after_failed_publish(claim, outcome, error, now)
            return
        self._published[claim.name] = outcome, True
        failpoints.failpoint("publish.renamed", claim.name)
        self._complete(claim, now)

    def _after_failed_publish(
        self,
        claim: Claim,
        outcome: Outcome,
        error: OSError | UnsafePathError,
        now: Now,
    ) -> None:
        """Complete with what stands there, or do what follows from the failure.

        An earlier call, or attempt, may have come as far: its rename, or its target,
        is in the way of this one's.
        """
        try:
            published_outcome = self._published_outcome(claim)
        except (OSError, UnsafePathError):
            published_outcome = None  # `error` tells of it
        if published_outcome is not None:
            self.complete_published(claim, published_outcome, now)
        else:
            self._record_failure(
                claim, _with_failure(outcome, publish_failure(error)), now
            )

    def _published_outcome(self, claim: Claim) -> Outcome | None:
        return published.published_outcome(self._layout, claim.session_uuid, claim.uuid)

    def _complete(self, claim: Claim, now: Now) -> None:
        outcome, proves_site = self._published[claim.name]
        with self._ledger.write() as db:
            done = transitions.complete(db, claim.fence, outcome, now, self._quota)
            if done and proves_site:
                self._open_gates(db, claim, None, now)
            gates.clear_stale_probe(db)
        del self._published[claim.name]
        self._ledger.check_not_replaced()
        if done and outcome.result is not None:
            failpoints.failpoint("job.completed", claim.name)
            publishing.clear_work(self._layout, claim.uuid)
            failpoints.failpoint("work.cleared", claim.name)
            log.info(
                "job.completed",
                job=claim.uuid,
                session=claim.session_name,
                video=claim.video_id,
                attempt=claim.attempt,
                title=outcome.result.title,
                bytes=outcome.result.size_bytes,
                seconds=round(now.wall - claim.history.claimed_at, 2),
            )

    def _record_failure(self, claim: Claim, outcome: Outcome, now: Now) -> None:
        """Do what `model.decide` says about a failure, in one transaction."""
        failure = outcome.failure
        if failure is None:
            msg = "an outcome without result carries a failure"
            raise ValueError(msg)
        with self._ledger.write() as db:
            failure = reclassify_as_outdated(failure, queries.recent_failure_codes(db))
            name = GATE_OF.get(failure.kind)
            gate = None if name is None else gates.find_gate(db, name)
            judged = replace(outcome, failure=failure)
            move = decide(claim.history, judged, now, self._policy, gate)
            done = transitions.record_failure(
                db, claim.fence, judged, move, now, self._quota
            )
            if done and move.gate is not None:
                gates.close_gate(db, move.gate)
            elif done:
                self._open_gates(db, claim, failure, now)
            cancelled = not done and self._cancel_in_transaction(db, claim, now)
            gates.clear_stale_probe(db)
        if cancelled:
            self._drop_cancelled_work(claim)
        if (
            done
            and move.to is JobState.FAILED
            and not is_work_reusable(self._layout, claim.uuid, failure.code)
        ):
            publishing.clear_work(self._layout, claim.uuid)
        if done:
            log.warning(
                "job.failed" if move.to is JobState.FAILED else "job.waiting",
                job=claim.uuid,
                session=claim.session_name,
                video=claim.video_id,
                attempt=claim.attempt,
                kind=failure.kind.value,
                code=failure.code,
                message=failure.message,
                retry_at=move.retry_at,
            )

    def _open_gates(
        self, db: Connection, claim: Claim, failure: Failure | None, now: Now
    ) -> None:
        """Open the gates that an attempt begun behind them shows to be over.

        A private video proves the site answers; a success proves everything works.
        A gate that closes in the future was closed before the clock went back.
        """
        if failure is not None and failure.kind not in SITE_ANSWERED_KINDS:
            return
        for gate in gates.closed_gates(db):
            if gate.closed_at < claim.history.claimed_at or now.wall < gate.closed_at:
                gates.open_gate(db, gate.name)

    @property
    def _policy(self) -> RetryPolicy:
        retry = self.settings.retry
        return RetryPolicy(
            max_attempts=retry.attempts,
            base_s=retry.base,
            cap_s=retry.cap,
            max_pending_s=self.settings.sessions.max_pending,
        )


#: Failures that show that network, host and site are all well.
SITE_ANSWERED_KINDS = frozenset(
    {FailureKind.UNAVAILABLE, FailureKind.POLICY, FailureKind.NOT_YET},
)


def _with_failure(outcome: Outcome, failure: Failure) -> Outcome:
    return replace(outcome, result=None, failure=failure)
