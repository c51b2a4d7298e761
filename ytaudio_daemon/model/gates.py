"""Gates and pace: when nothing may be claimed, and until when. Pure.

A gate closes for all jobs when a failure shows that the next one would fail the same
way: the site blocks us, the network is gone, the host is broken. When its pause is over
one job runs as a probe; its success opens the gate, its failure closes it again for
longer. The gate `outage` is probed with a video that is known to work (`model.outage`).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from ytaudio_daemon.model.outcome import Failure, FailureKind


class GateName(StrEnum):
    """The cause of a closed gate."""

    SITE = "site"
    NETWORK = "network"
    HOST = "host"
    #: Videos that worked before fail, too; `model.outage` closes and opens it.
    OUTAGE = "outage"


class GateState(StrEnum):
    """How far a closed gate is from opening."""

    #: Nothing is started before its pause is over.
    CLOSED = "closed"
    #: The pause is over: the next job is let through to see.
    DUE = "due"
    #: What is tried to see whether the cause is gone is under way.
    PROBING = "probing"


#: The failure kinds that close a gate.
GATE_OF = {
    FailureKind.BLOCKED: GateName.SITE,
    FailureKind.OFFLINE: GateName.NETWORK,
    FailureKind.HOST: GateName.HOST,
}

#: (first pause, longest pause) in seconds; the pause doubles in between. A session at
#: YouTube recovers from a bot check in minutes to hours (yt-dlp wiki, thread 52);
#: networks and disks are tried more often, as that costs nothing.
PAUSES = {
    GateName.SITE: (15 * 60.0, 6 * 3600.0),
    GateName.NETWORK: (15.0, 300.0),
    GateName.HOST: (30.0, 600.0),
    # One small request for a video that is known to work.
    GateName.OUTAGE: (60.0, 1800.0),
}
#: What a person can do about an outage.
OUTAGE_HINT = (
    "Nothing to do: no try is charged to any job, and everything continues by itself."
)
#: The code of the gate `outage`: a video that is known to work is asked for.
OUTAGE = "outage"
#: ... and where no known video tells: a job is let through to see.
OUTAGE_WITHOUT_KNOWN_VIDEO = "outage_unprobed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A closed gate; times in seconds since 1970 UTC.

    `egress` is the key of the only egress it stops, for those of `egress.EGRESS_GATES`.
    """

    name: GateName
    code: str
    reason: str
    hint: str
    closed_at: float
    until: float
    closures: int
    probe_job_id: int | None = None
    egress: str = ""

    def is_too_early_to_probe(self, wall: float) -> bool:
        """Return True if the pause is not over.

        An end further ahead than the longest pause comes from a clock that jumped; it
        counts as passed.
        """
        return wall < self.until <= wall + PAUSES[self.name][1] + 1

    def is_being_probed(self, wall: float) -> bool:
        """Return True if a probe runs, or will when a worker is free."""
        is_outage = self.code == OUTAGE and not self.is_too_early_to_probe(wall)
        return is_outage or self.probe_job_id is not None

    def state(self, wall: float) -> GateState:
        """Return how far the gate is from opening."""
        if self.is_being_probed(wall):
            return GateState.PROBING
        is_closed = self.is_too_early_to_probe(wall)
        return GateState.CLOSED if is_closed else GateState.DUE

    def admits_job(self, wall: float) -> bool:
        """Return True if a job may be started now to see whether the cause is gone."""
        if self.code == OUTAGE or self.probe_job_id is not None:
            return False
        return not self.is_too_early_to_probe(wall)


def gate_after_failure(
    gate: Gate | None,
    failure: Failure,
    *,
    began_at: float,
    wall: float,
    is_new_for_job: bool = True,
) -> Gate:
    """Return the gate after a failure that closes it.

    The failure of an attempt that began before the gate closed does not lengthen the
    pause, and a running probe stays the probe. A gate that was closed in the future
    shows that the clock went back: then every failure counts.

    Args:
        gate: The closed gate; None when it is open.
        failure: Of a kind in `GATE_OF`.
        began_at: When the failed attempt was claimed, seconds since 1970.
        wall: Now, seconds since 1970.
        is_new_for_job: The job did not fail so before. One that did closes the gate for as
            long as the last time, not for longer.
    """
    name = GATE_OF[failure.kind]
    if gate is not None and began_at < gate.closed_at <= wall:
        return _already_closed(gate, failure, wall)
    closures = gate.closures + int(is_new_for_job) if gate else 1
    return Gate(
        name=name,
        code=failure.code,
        reason=failure.message,
        hint=failure.hint,
        closed_at=wall,
        until=wall + pause_duration_s(name, closures, failure.retry_after_s),
        closures=closures,
    )


def outage_gate(
    gate: Gate | None, reason: str, wall: float, *, lets_job_probe: bool = False
) -> Gate:
    """Return the gate `outage` after a round of probes that did not end it.

    Args:
        gate: The closed gate; None when it is open.
        reason: One sentence on what fails since when.
        wall: Now, seconds since 1970.
        lets_job_probe: No video that is known to work could tell.
    """
    closures = (gate.closures if gate else 0) + 1
    return Gate(
        name=GateName.OUTAGE,
        code=OUTAGE_WITHOUT_KNOWN_VIDEO if lets_job_probe else OUTAGE,
        reason=reason,
        hint=OUTAGE_HINT,
        closed_at=gate.closed_at if gate else wall,
        until=wall + pause_duration_s(GateName.OUTAGE, closures, None),
        closures=closures,
    )


def _already_closed(gate: Gate, failure: Failure, wall: float) -> Gate:
    """Return the gate as it is, or with the longer pause that the site asked for."""
    if failure.retry_after_s is None:
        return gate
    asked = wall + pause_duration_s(gate.name, gate.closures, failure.retry_after_s)
    return replace(gate, until=max(gate.until, asked))


def pause_duration_s(
    name: GateName, closures: int, retry_after_s: float | None
) -> float:
    """Return the pause in seconds: what the site asked for, else one that doubles."""
    first, longest = PAUSES[name]
    if retry_after_s is not None:
        return min(max(retry_after_s, 1.0), longest)
    return min(first * 2.0 ** min(closures - 1, 16), longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A token bucket: `burst` at once, then `per_hour`; 0 = no bucket at all."""

    burst: int
    per_hour: int

    def refill(self, tokens: float, since: float, wall: float) -> float:
        """Return the tokens at `wall`; a clock that went back adds none."""
        gained = max(0.0, wall - since) * self.per_hour / 3600.0
        return min(float(self.burst), tokens + gained)

    def seconds_to_next(self, tokens: float) -> float:
        """Return the seconds until there is a whole token."""
        return max(0.0, (1.0 - tokens) * 3600.0 / self.per_hour)

    @property
    def is_disabled(self) -> bool:
        """True if attempts are not limited."""
        return self.burst <= 0 or self.per_hour <= 0


#: No bucket at all.
UNLIMITED = Pace(burst=0, per_hour=0)
