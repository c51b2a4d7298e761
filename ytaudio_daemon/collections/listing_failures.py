"""What follows from a listing that failed."""

from dataclasses import replace

from ytaudio_daemon.jobs.config_values import retry_policy
from ytaudio_daemon.jobs.gate_opening import open_proven_gates
from ytaudio_daemon.jobs.outage_suspicion import outage_until
from ytaudio_daemon.jobs.record_failure import SITE_ANSWERED_KINDS
from ytaudio_daemon.ledger import Connection, gates, listing_ends, looks
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.model import Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import Decision, Surroundings, decide
from ytaudio_daemon.model.egress import EGRESS_GATES
from ytaudio_daemon.model.gates import GATE_OF
from ytaudio_daemon.settings import Settings

#: It began while one of them was closed only as the probe: no job was queued that
#: could be it. A list says nothing of ffmpeg or the disk.
PROVEN_BY_LIST = EGRESS_GATES


def record_failure(
    db: Connection, claim: ListingClaim, outcome: Outcome, now: Now, settings: Settings
) -> Decision | None:
    """Move the collection as `model.decide` says; close or open gates accordingly.

    Args:
        db: A write transaction.
        claim: The attempt.
        outcome: Carries the failure.
        now: The moment.
        settings: Sections retry and sessions.

    Returns:
        None when the attempt is no longer the collection's; nothing was written.
    """
    decision = decide(
        claim.history,
        outcome,
        now,
        retry_policy(settings),
        _surroundings(db, claim, outcome),
    )
    gate = decision.gate
    if gate is not None and gate.name in EGRESS_GATES:
        decision = replace(decision, gate=replace(gate, egress=claim.egress))
    if not listing_ends.record_failure(db, claim, decision, now):
        return None
    if decision.retry_at is None:
        looks.record_failed_look(db, claim)
    if decision.gate is not None:
        gates.close_gate(db, decision.gate)
    elif decision.failure.kind in SITE_ANSWERED_KINDS:
        open_proven_gates(db, claim, now, PROVEN_BY_LIST)
    return decision


def _surroundings(
    db: Connection, claim: ListingClaim, outcome: Outcome
) -> Surroundings:
    failure = outcome.failure
    if failure is None:
        return Surroundings()
    name = GATE_OF.get(failure.kind)
    egress = claim.egress if name in EGRESS_GATES else ""
    gate = None if name is None else gates.find_gate(db, name, egress)
    return Surroundings(gate=gate, outage_until=outage_until(db, failure))
