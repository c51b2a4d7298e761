"""Decides what follows from a failed attempt; `jobs.completer` carries it out. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import (
    GATE_OF,
    PAUSES,
    Gate,
    GateName,
    gate_after_failure,
    pause_duration_s,
)
from ytaudio_daemon.model.job import JobState
from ytaudio_daemon.model.outcome import Failure, FailureKind, Outcome

#: A bare "Video unavailable" is tried once more after an hour: YouTube says it of videos
#: that exist (yt-dlp's tracker; seen to pass by itself). In seconds.
CONFIRM_AFTER_S = 3600.0
#: Premieres and live shows are tried again after so long, in seconds.
NOT_YET_RETRY_S = 1800.0
#: A premiere "in 0 seconds" is tried again after so long, in seconds.
MIN_RETRY_S = 1.0
#: Workers a job may kill by itself before it is given up.
MAX_CRASHES = 3

#: The code of a worker that the kernel killed because memory ran out.
OUT_OF_MEMORY = "out_of_memory"
#: The code of a video that seems to have no formats at all.
NO_FORMATS = "no_formats"
#: Tries for codes that pass within hours or not at all, farther apart than others.
#: "media_refused": each try has asked for a fresh address and was refused twice
#: (yt-dlp#17456); docs/decisions.md, "A refused stream".
FEWER_TRIES = {"media_refused": 4}
#: So many attempts are needed to blame yt-dlp rather than the videos.
MIN_ATTEMPTS_TO_BLAME_YTDLP = 6

CHARGED_KINDS = frozenset(
    {
        FailureKind.TRANSIENT,
        FailureKind.TIMEOUT,
        FailureKind.BAD_MEDIA,
        FailureKind.CRASHED,
        FailureKind.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """The config's part in a decision; seconds and counts."""

    max_attempts: int = 8
    base_s: float = 30.0
    cap_s: float = 6 * 3600.0
    max_pending_s: float = 14 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHistory:
    """The ledger's facts of a job whose attempt ended.

    Attributes:
        attempt: The number of the attempt that ended.
        charged_count: Attempts before this one that count against `[retry] attempts`.
        crash_count: Workers that the job killed by itself, before this attempt.
        last_code: The failure code of the attempt before, or None.
        claimed_at: When this attempt began, seconds since 1970.
        pending_since_s: When the job became pending, in seconds of uptime.
    """

    attempt: int
    charged_count: int
    crash_count: int
    last_code: str | None
    claimed_at: float
    pending_since_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known beyond the job whose attempt failed.

    Attributes:
        gate: The closed gate of this failure's kind; None when it is open.
        others_are_blocked: YouTube has just blocked another video, too. One alone
            closes no gate (some videos are always blocked), unless the server itself
            has named a time (Retry-After).
        is_new_for_job: The job was not blocked before: its failure lengthens the pause.
        outage_until: When the next probe of a confirmed outage is due that this
            failure belongs to; None if it belongs to none.
    """

    gate: Gate | None = None
    others_are_blocked: bool = True
    is_new_for_job: bool = True
    outage_until: float | None = None


#: Nothing special is known.
NO_SURROUNDINGS = Surroundings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision about a failed attempt.

    Attributes:
        to: `WAITING`, `FAILED` or, when the attempt was only interrupted, `QUEUED`.
        failure: Stored with the job and shown to people.
        retry_at: For `WAITING`: when the job is due, seconds since 1970.
        is_charged: Whether the attempt counts against `[retry] attempts`.
        is_crash: Whether the job killed its worker by itself.
        gate: The gate to close, or None.
    """

    to: JobState
    failure: Failure
    retry_at: float | None = None
    is_charged: bool = False
    is_crash: bool = False
    gate: Gate | None = None


def decide(
    history: JobHistory,
    outcome: Outcome,
    now: Now,
    policy: RetryPolicy,
    surroundings: Surroundings = NO_SURROUNDINGS,
) -> Decision:
    """Decide what becomes of a job whose attempt failed.

    Args:
        history: The job's earlier attempts.
        outcome: The attempt's outcome, with a failure.
        now: The moment.
        policy: From the config.
        surroundings: What is known beyond the job.

    Raises:
        ValueError: The outcome has no failure.
    """
    failure = outcome.failure
    if failure is None:
        msg = "decide() is for failures; results are published"
        raise ValueError(msg)
    if surroundings.outage_until is not None:
        return _waiting(failure, surroundings.outage_until)
    if failure.kind in GATE_OF:
        return _decide_gated(history, failure, now, surroundings)
    if failure.kind in CHARGED_KINDS:
        return _decide_charged(history, failure, now, policy)
    if failure.kind in {FailureKind.NOT_YET, FailureKind.OUTDATED}:
        return _decide_uncharged(history, failure, now, policy)
    if failure.confirm and history.last_code != failure.code:
        return _waiting(failure, now.wall + CONFIRM_AFTER_S)
    return Decision(to=JobState.FAILED, failure=failure, is_charged=True)


def _decide_gated(
    history: JobHistory, failure: Failure, now: Now, surroundings: Surroundings
) -> Decision:
    name, gate = GATE_OF[failure.kind], surroundings.gate
    is_site = name is GateName.SITE
    is_for_all = surroundings.others_are_blocked or failure.retry_after_s is not None
    if is_site and gate is None and not is_for_all:
        pause = pause_duration_s(name, history.attempt, failure.retry_after_s)
        return _waiting(failure, now.wall + pause)
    closed = gate_after_failure(
        gate,
        failure,
        began_at=history.claimed_at,
        wall=now.wall,
        is_new_for_job=surroundings.is_new_for_job or not is_site,
    )
    return Decision(
        to=JobState.WAITING, failure=failure, retry_at=closed.until, gate=closed
    )


def _decide_charged(
    history: JobHistory, failure: Failure, now: Now, policy: RetryPolicy
) -> Decision:
    is_crash = failure.kind is FailureKind.CRASHED
    if is_crash and history.crash_count + 1 >= MAX_CRASHES:
        return Decision(
            to=JobState.FAILED,
            failure=_repeated_crash_failure(failure),
            is_charged=True,
            is_crash=True,
        )
    if history.charged_count + 1 >= attempt_limit(failure.code, policy.max_attempts):
        return Decision(
            to=JobState.FAILED, failure=failure, is_charged=True, is_crash=is_crash
        )
    pause = backoff_s(policy, _pause_step(failure.code, history.charged_count))
    return Decision(
        to=JobState.WAITING,
        failure=failure,
        retry_at=now.wall + pause,
        is_charged=True,
        is_crash=is_crash,
    )


def _decide_uncharged(
    history: JobHistory, failure: Failure, now: Now, policy: RetryPolicy
) -> Decision:
    """Wait without charge, for as long as a job may be pending at all."""
    if now.uptime_s - history.pending_since_s >= policy.max_pending_s:
        return Decision(to=JobState.FAILED, failure=failure)
    if failure.kind is FailureKind.NOT_YET:
        pause = failure.retry_after_s or NOT_YET_RETRY_S
        return _waiting(failure, now.wall + min(max(pause, MIN_RETRY_S), policy.cap_s))
    return _waiting(failure, now.wall + backoff_s(policy, history.attempt - 1))


def _waiting(failure: Failure, retry_at: float) -> Decision:
    return Decision(to=JobState.WAITING, failure=failure, retry_at=retry_at)


def _repeated_crash_failure(failure: Failure) -> Failure:
    if failure.code == OUT_OF_MEMORY:
        return replace(
            failure,
            message=f"Memory ran out in {MAX_CRASHES} tries of this link alone, so it was "
            "given up.",
        )
    return Failure(
        kind=FailureKind.CRASHED,
        code="poison",
        message=f"This link killed its worker {MAX_CRASHES} times, so it was given up.",
        hint="Retry it after an upgrade of yt-dlp or ffmpeg; `ytaudio show` has the log.",
        log_tail=failure.log_tail,
    )


def reclassify_as_outdated(
    failure: Failure, recent_codes: Sequence[str | None]
) -> Failure:
    """Return a failure that blames yt-dlp, if most recent videos have no formats.

    Args:
        failure: Of the attempt that just ended.
        recent_codes: Failure codes of the last attempts; None for a success.

    Returns:
        The failure as it was, where only few videos have none.
    """
    # Failures that were reclassified before count as well.
    alike = sum(code in {NO_FORMATS, "engine_outdated"} for code in recent_codes)
    attempts = len(recent_codes)
    is_usual = attempts >= MIN_ATTEMPTS_TO_BLAME_YTDLP and alike * 2 > attempts
    if failure.code != NO_FORMATS or not is_usual:
        return failure
    return replace(
        failure,
        kind=FailureKind.OUTDATED,
        code="engine_outdated",
        message="YouTube offers no formats for most videos: yt-dlp is probably outdated.",
        hint="",
    )


def attempt_limit(code: str | None, max_attempts: int) -> int:
    """Return how many charged tries a failure code gets, of at most `max_attempts`."""
    return min(max_attempts, FEWER_TRIES.get(code or "", max_attempts))


def _pause_step(code: str, charged: int) -> int:
    """Return the step of `backoff_s`: two at a time for codes of `FEWER_TRIES`."""
    return 2 * charged + 1 if code in FEWER_TRIES else charged


def backoff_s(policy: RetryPolicy, step: int) -> float:
    """Return seconds to wait: `min(cap, base * 3^step)`, with a jitter of ±50 %."""
    plain = min(policy.cap_s, policy.base_s * 3.0 ** min(step, 32))
    return plain * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, not a secret


def max_retry_delay_s(policy: RetryPolicy) -> float:
    """Return the longest wait any decision gives, in seconds.

    A job that is due later than this from now was scheduled by a clock that jumped.
    """
    longest_pause = max(longest for _, longest in PAUSES.values())
    return max(policy.cap_s * 1.5, longest_pause, CONFIRM_AFTER_S, 86400.0)
