"""What holds jobs up, in the daemon's document: gates, egresses, pace, forecast. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.egress import Egress, gates_at, is_open
from ytaudio_daemon.model.forecast import Workload, seconds_until_done
from ytaudio_daemon.model.gates import Gate, Pace
from ytaudio_daemon.model.hints import Circumstances, gate_hint
from ytaudio_daemon.schemas.daemon import (
    ClosedGate,
    EgressPace,
    EgressStatus,
    Forecast,
    PaceDocument,
)
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.views.snapshot import DaemonSnapshot

_UNSTARTED = (JobState.QUEUED, JobState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFacts:
    """The ledger's part of the daemon's document.

    `tokens` are those that each egress's pace has left, by its key. `job_s` are the
    seconds that the latest jobs took; None without any, and while nothing is queued.
    """

    gates: Sequence[Gate]
    counts: Mapping[JobState, int]
    sessions: Mapping[SessionState, int]
    job_s: float | None
    tokens: Mapping[str, float] = field(default_factory=dict)


def pace_document(
    live: DaemonSnapshot, facts: LedgerFacts, wall: float
) -> PaceDocument:
    """Return the pace, and when it lets the next queued job start."""
    wait_s = _seconds_to_next_start(live, facts, wall)
    return {
        "burst": live.pace.burst,
        "per_hour": live.pace.per_hour,
        # Whole seconds: two clocks that differ by microseconds are no change.
        "next_at": rfc3339(round(wall + wait_s)) if wait_s else None,
    }


def forecast_document(
    live: DaemonSnapshot, facts: LedgerFacts, wall: float
) -> Forecast | None:
    """Return the forecast; None where nothing waits, or no job has shown its speed."""
    job_s = _seconds_a_job(live, facts)
    if job_s is None or not is_anything_unstarted(facts.counts):
        return None
    work = Workload(
        running=facts.counts[JobState.RUNNING],
        unstarted=sum(facts.counts[state] for state in _UNSTARTED),
        tokens=_open_tokens(live, facts, wall),
        job_s=job_s,
        workers=live.workers_max,
    )
    return {
        "jobs": work.running + work.unstarted,
        "done_at": rfc3339(round(wall + seconds_until_done(work, live.pace))),
    }


def _seconds_a_job(live: DaemonSnapshot, facts: LedgerFacts) -> float | None:
    """Return what a job takes: as the latest did, or longer if the running ones do."""
    expected = [
        progress.total_bytes / progress.speed_bps
        for progress in live.progress.values()
        if progress.total_bytes and progress.speed_bps
    ]
    known = [] if facts.job_s is None else [facts.job_s]
    if expected:
        known.append(sum(expected) / len(expected))
    return max(known, default=None)


def is_anything_unstarted(counts: Mapping[JobState, int]) -> bool:
    """True if a job is queued or held."""
    return any(counts[state] for state in _UNSTARTED)


def _seconds_to_next_start(
    live: DaemonSnapshot, facts: LedgerFacts, wall: float
) -> float:
    """Return how long all open egresses have no token; 0.0 where nothing waits for one."""
    if live.pace.is_disabled or not facts.counts[JobState.QUEUED]:
        return 0.0
    tokens = _open_tokens(live, facts, wall)
    return min((live.pace.seconds_to_next(left) for left in tokens), default=0.0)


def _open_tokens(
    live: DaemonSnapshot, facts: LedgerFacts, wall: float
) -> Sequence[float]:
    return [
        facts.tokens.get(egress.key, 0.0)
        for egress in live.egresses
        if is_open(egress.key, facts.gates, wall)
    ]


def egress_document(
    egress: Egress,
    pace: Pace,
    facts: LedgerFacts,
    circumstances: Circumstances,
    wall: float,
) -> EgressStatus:
    """Return an egress with its own gates and what its pace has left."""
    closed = gates_at(egress.key, facts.gates)
    left = int(facts.tokens.get(egress.key, 0))
    limits: EgressPace = {
        "burst": pace.burst,
        "per_hour": pace.per_hour,
        "available": left,
    }
    return {
        "name": egress.name,
        "open": not closed,
        "gates": [gate_document(gate, circumstances, wall) for gate in closed],
        "pace": None if pace.is_disabled else limits,
    }


def gate_document(gate: Gate, circumstances: Circumstances, wall: float) -> ClosedGate:
    """Return a closed gate."""
    return {
        "name": gate.name.value,
        "code": gate.code,
        "reason": gate.reason,
        "hint": gate_hint(gate, circumstances),
        "closed_at": rfc3339(gate.closed_at),
        "until": rfc3339(gate.until),
        "state": gate.state(wall).value,
    }
