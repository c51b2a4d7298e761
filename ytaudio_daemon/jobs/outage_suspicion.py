"""Suspects or ends an outage in the transaction that records an attempt's end."""

from dataclasses import replace

import structlog

from ytaudio_daemon.ledger import Connection, gates, outages
from ytaudio_daemon.model import Failure, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import GateName
from ytaudio_daemon.model.outage import Outage, OutageState, suspect

log = structlog.get_logger()


def outage_until(db: Connection, failure: Failure) -> float | None:
    """Return when the outage to which a failure belongs is probed next.

    Returns:
        Seconds since 1970; None without a confirmed outage, or if the failure is of
        another kind.
    """
    outage = outages.find_outage(db)
    if outage is None or outage.state is not OutageState.CONFIRMED:
        return None
    gate = gates.find_gate(db, GateName.OUTAGE)
    if gate is None or not outage.is_alike(failure):
        return None
    return gate.until


def suspect_outage(db: Connection, now: Now) -> None:
    """Suspect an outage if the latest attempts have failed alike.

    Args:
        db: The write transaction that recorded the latest failure.
        now: The moment.
    """
    known = outages.find_outage(db)
    if suspect(outages.recent_ends(db, now), known, now.wall) is None:
        return
    row = outages.recent_ends(db, now, outages.MAX_ROW)
    if (suspected := suspect(row, known, now.wall)) is not None:
        outages.save_outage(db, suspected)
        log.warning("outage.suspected", signature=suspected.signature)


def suspect_again(db: Connection, refuted: Outage, now: Now) -> None:
    """Suspect an outage once the trust after a refuted suspicion is over.

    All jobs may have failed meanwhile, so that no new failure would raise the suspicion.
    """
    outages.save_outage(db, replace(refuted, is_settled=True))
    suspect_outage(db, now)


def end_outage_if_proven(
    db: Connection, outcome: Outcome, claimed_at: float, now: Now
) -> None:
    """End the outage if an attempt that began in it has fetched audio from YouTube.

    Args:
        db: The write transaction that completed the job.
        outcome: Of the attempt.
        claimed_at: When it began, seconds since 1970.
        now: The moment.
    """
    outage = outages.find_outage(db)
    if outage is None or not outcome.downloaded_bytes:
        return
    began_in_it = outage.changed_at < claimed_at or now.wall < outage.changed_at
    if outage.state is OutageState.CONFIRMED and began_in_it:
        end_outage(db, outage, now)


def end_outage(db: Connection, outage: Outage, now: Now) -> None:
    """Open the gate, and make the jobs that waited because of the outage due."""
    outages.delete_outage(db)
    gates.open_gate(db, GateName.OUTAGE)
    due = outages.make_due(db, outage, now)
    log.info("outage.ended", since=outage.began_at, jobs_due=due)
