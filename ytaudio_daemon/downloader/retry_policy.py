"""Decides when a download without a daemon is tried again. Pure.

The daemon can wait for hours; the caller of a function or a command cannot. So only
failures that may pass within seconds are retried, unless the config sets other retries.
"""

from collections.abc import Sequence
from dataclasses import replace

from ytaudio_daemon.jobs.config_values import egress_keys, retry_policy
from ytaudio_daemon.model import Failure, FailureKind, JobState, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import CHARGED_KINDS, MIN_RETRY_S, JobHistory, decide
from ytaudio_daemon.settings import KEYS, RetrySettings, Settings

#: Three tries within some ten seconds; a `[retry]` that is not the default wins.
SHORT_RETRY = RetrySettings(attempts=3, base=1.0, cap=10.0)
#: Failures that the next link would have, too: the rest of a batch is not begun.
FATAL_FOR_BATCH = frozenset({FailureKind.BLOCKED, FailureKind.HOST})

#: Failures of the egress rather than of the link: another egress may succeed at once.
EGRESS_FAILURES = frozenset({FailureKind.BLOCKED, FailureKind.OFFLINE})

#: A network that is gone for a moment is retried like any transient failure.
_RETRYABLE = CHARGED_KINDS | {FailureKind.OFFLINE}


def with_short_retries(settings: Settings) -> Settings:
    """Return the settings with short retries, where the config does not set others."""
    values = {
        name: getattr(
            settings.retry if _differs_from_default(settings, name) else SHORT_RETRY,
            name,
        )
        for name in ("attempts", "base", "cap")
    }
    values["cap"] = max(values["cap"], values["base"])
    return replace(settings, retry=RetrySettings(**values))


def retry_delay_s(failures: Sequence[Failure], settings: Settings) -> float | None:
    """Return the seconds before the next try, or None if there is none.

    Args:
        failures: The failures of all tries so far, the latest last.
        settings: As `with_short_retries` returns them.
    """
    latest = failures[-1]
    if latest.kind in EGRESS_FAILURES and len(failures) < len(egress_keys(settings)):
        return MIN_RETRY_S
    if latest.kind not in _RETRYABLE:
        return None
    crashes = [f for f in failures if f.kind is FailureKind.CRASHED]
    history = JobHistory(
        attempt=len(failures),
        charged_count=len(failures) - 1,
        crash_count=len(crashes) - (latest.kind is FailureKind.CRASHED),
        last_code=None,
        claimed_at=0.0,
        pending_since_s=0.0,
    )
    outcome = Outcome(failure=_as_transient(latest))
    decision = decide(
        history, outcome, Now(wall=0.0, uptime_s=0.0), retry_policy(settings)
    )
    return decision.retry_at if decision.to is JobState.WAITING else None


def is_retryable(kind: FailureKind) -> bool:
    """Return whether a failure of that kind may pass within seconds."""
    return kind in _RETRYABLE


def _as_transient(failure: Failure) -> Failure:
    if failure.kind is FailureKind.OFFLINE:
        return replace(failure, kind=FailureKind.TRANSIENT)
    return failure


def _differs_from_default(settings: Settings, name: str) -> bool:
    """Return whether a key differs from its default.

    Whether it is set says nothing: the shipped config sets every key to its default.
    """
    key = KEYS[f"retry.{name}"]
    return bool(getattr(settings.retry, name) != key.value_type.parse(key.default))
