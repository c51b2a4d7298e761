"""Writes to the ledger what `model.decide` decides about a failed attempt."""

from dataclasses import dataclass, replace

from ytaudio_daemon.jobs.config_values import egress_keys, retry_policy
from ytaudio_daemon.jobs.gate_opening import open_proven_gates
from ytaudio_daemon.jobs.outage_suspicion import outage_until, suspect_outage
from ytaudio_daemon.ledger import Connection, cookies, gates, queries, transitions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import Failure, FailureKind, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import (
    MIN_RETRY_S,
    Decision,
    Surroundings,
    decide,
    reclassify_as_outdated,
)
from ytaudio_daemon.model.egress import EGRESS_GATES, is_open
from ytaudio_daemon.model.gates import GATE_OF, GateName
from ytaudio_daemon.settings import Settings

#: Failures that show that network, host and site are all well.
SITE_ANSWERED_KINDS = frozenset(
    {FailureKind.UNAVAILABLE, FailureKind.POLICY, FailureKind.NOT_YET}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFailure:
    """A failure as it was written, and the decision about the job."""

    failure: Failure
    decision: Decision


def record_failure(
    db: Connection, claim: Claim, outcome: Outcome, now: Now, settings: Settings
) -> RecordedFailure | None:
    """Move the job as `model.decide` decides; close or open gates accordingly.

    Args:
        db: A write transaction.
        claim: The attempt.
        outcome: Carries the failure.
        now: The moment.
        settings: Sections retry, youtube and sessions.

    Returns:
        None when nothing was written: the attempt is no longer the job's, or the job
        would have to wait and its cancellation was requested.
    """
    failure = _reclassified(db, outcome)
    judged = replace(outcome, failure=failure)
    surroundings = _surroundings(db, claim, failure, now)
    decision = decide(claim.history, judged, now, retry_policy(settings), surroundings)
    decision = _by_egress(db, decision, claim, now, settings)
    quota = settings.sessions.quota
    if not transitions.record_failure(db, claim.fence, judged, decision, now, quota):
        return None
    cookies.record_use(db, claim.session_id, outcome, claim.history.claimed_at, now)
    if decision.gate is not None:
        gates.close_gate(db, decision.gate)
    elif failure.kind in SITE_ANSWERED_KINDS:
        open_proven_gates(db, claim, now)
    suspect_outage(db, now)
    return RecordedFailure(failure=failure, decision=decision)


def _surroundings(
    db: Connection, claim: Claim, failure: Failure, now: Now
) -> Surroundings:
    until = outage_until(db, failure)
    name = GATE_OF.get(failure.kind)
    if name is None:
        return Surroundings(outage_until=until)
    gate = gates.find_gate(db, name, claim.egress if name in EGRESS_GATES else "")
    if name is not GateName.SITE:
        return Surroundings(gate=gate)
    before = gates.egresses_that_blocked(db, claim.job_id, claim.attempt)
    is_new_for_job = claim.egress not in before
    others = is_new_for_job and gates.has_other_blocked_video(
        db, claim.video_id, claim.egress, now
    )
    return Surroundings(
        gate=gate, others_are_blocked=others, is_new_for_job=is_new_for_job
    )


def _by_egress(
    db: Connection, decision: Decision, claim: Claim, now: Now, settings: Settings
) -> Decision:
    """Close the gate of the attempt's own egress; the job goes on by another at once.

    A job that was blocked once by every egress waits as long as with one egress: some
    videos are always blocked, and would be requested again and again.
    """
    name, gate = GATE_OF.get(decision.failure.kind), decision.gate
    if name not in EGRESS_GATES:
        return decision
    if gate is not None:
        decision = replace(decision, gate=replace(gate, egress=claim.egress))
    keys = egress_keys(settings)
    blocks = gates.egresses_that_blocked(db, claim.job_id, claim.attempt)
    closed = gates.closed_gates(db)
    others = [key for key in keys if key != claim.egress]
    if (gate is not None or len(blocks) + 1 < len(keys)) and any(
        is_open(key, closed, now.wall) for key in others
    ):
        return replace(decision, retry_at=now.wall + MIN_RETRY_S)
    return decision


def _reclassified(db: Connection, outcome: Outcome) -> Failure:
    if outcome.failure is None:
        msg = "an outcome without result carries a failure"
        raise ValueError(msg)
    return reclassify_as_outdated(outcome.failure, queries.recent_failure_codes(db))
