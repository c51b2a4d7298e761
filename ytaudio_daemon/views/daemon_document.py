"""The daemon's document: its process, gates, egresses, pace, forecast, problems. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.egress import Egress, gates_at, gates_for_all, is_open
from ytaudio_daemon.model.forecast import Workload, seconds_until_done
from ytaudio_daemon.model.gates import Gate, Pace
from ytaudio_daemon.model.hints import Circumstances, gate_hint
from ytaudio_daemon.schemas.daemon import (
    ClosedGate,
    DaemonDocument,
    DaemonProcess,
    EgressPace,
    EgressStatus,
    Forecast,
    PaceDocument,
    ProblemDocument,
    YtDlpSource,
    YtDlpUpgrade,
)
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.views.documents import job_counts
from ytaudio_daemon.views.snapshot import DaemonProblem, DaemonSnapshot, YtDlpFacts

#: A daemon whose document is older, in seconds, is dead: three heartbeats.
STALE_AFTER_S = 30
_UNSTARTED = (JobState.QUEUED, JobState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFacts:
    """The ledger's part of the daemon's document.

    Attributes:
        gates: The closed gates.
        counts: All jobs by state.
        sessions: The number of sessions by state.
        job_s: The average duration of the latest jobs in seconds; None when no job has
            ended lately, or nothing is queued.
        tokens: The tokens that each egress's pace has left, by the egress's key.
    """

    gates: Sequence[Gate]
    counts: Mapping[JobState, int]
    sessions: Mapping[SessionState, int]
    job_s: float | None
    tokens: Mapping[str, float] = field(default_factory=dict)


def daemon_document(
    live: DaemonSnapshot,
    facts: LedgerFacts,
    problems: Sequence[DaemonProblem],
    circumstances: Circumstances,
    *,
    shown_event: int,
    wall: float,
) -> DaemonDocument:
    """Return the daemon's document, without `seq` and `written_at`.

    Args:
        live: The daemon's own part.
        facts: The ledger's part.
        problems: The problems of the views; `live` has the others.
        circumstances: What hints need not advise.
        shown_event: The last event that all views show.
        wall: Now, seconds since 1970.
    """
    closed = gates_for_all([one.key for one in live.egresses], facts.gates)
    return {
        "schema": "ytaudio.daemon/1",
        "stale_after_s": STALE_AFTER_S,
        "daemon": _process(live),
        "disk": {
            "free_bytes": live.disk_free_bytes,
            "reserve_bytes": live.disk_reserve_bytes,
        },
        "gates": [gate_document(gate, circumstances, wall) for gate in closed],
        "pace": pace_document(live, facts, wall),
        "forecast": None if closed else forecast_document(live, facts, wall),
        "egress": [
            egress_document(one, live.pace, facts, circumstances, wall)
            for one in live.egresses
        ],
        "counts": job_counts(facts.counts),
        "sessions": {
            "active": facts.sessions[SessionState.ACTIVE],
            "expired": facts.sessions[SessionState.EXPIRED],
        },
        "shown_event": shown_event,
        "problems": [problem_document(p) for p in (*live.problems, *problems)],
    }


def problem_document(problem: DaemonProblem) -> ProblemDocument:
    """Return a problem as the daemon's document and notices show it."""
    return {
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "since": rfc3339(problem.since),
    }


def _process(live: DaemonSnapshot) -> DaemonProcess:
    return {
        "version": live.version,
        "yt_dlp": live.yt_dlp,
        "yt_dlp_age_days": live.yt_dlp_age_days,
        "ffmpeg": live.ffmpeg,
        "js_runtime": live.js_runtime,
        "engine": None if live.engine is None else _yt_dlp_source(live.engine),
        "pid": live.pid,
        "host": live.host,
        "state": live.state,
        "started_at": rfc3339(live.started_at),
        "workers": {"busy": live.workers_busy, "max": live.workers_max},
        "converters": {"busy": live.converters_busy, "max": live.converters_max},
    }


def _yt_dlp_source(facts: YtDlpFacts) -> YtDlpSource:
    last = facts.last_upgrade
    upgrade = {**last, "at": rfc3339(last["at"])} if last else None
    return {
        "path": facts.path,
        "pinned": facts.pinned,
        "channel": facts.channel,
        "auto_upgrade": facts.auto_upgrade,
        "upgrading": facts.upgrading,
        "last_upgrade": cast("YtDlpUpgrade | None", upgrade),
    }


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
    """Return the forecast; None if no job waits, or no job's duration is known."""
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
    """Return the expected duration of a job: the latest jobs', or the running ones' if longer."""
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
    """Return how long no open egress will have a token; 0.0 if no job waits for one."""
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
    """Return an egress with its own gates and the tokens that its pace has left."""
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
