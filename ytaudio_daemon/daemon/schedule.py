"""When the loop's steps are due; services with times of their own return `next_due`.

All times are `time.monotonic()` seconds, given by the caller.
"""

import math
from collections.abc import Iterable, Iterator
from enum import StrEnum

from ytaudio_daemon.daemon.services import Services
from ytaudio_daemon.model.clock import WAKEUP_SLACK_S, Now

#: The daemon's age is saved this often, in seconds: a crash loses at most so much.
HEARTBEAT_S = 30.0
#: A heartbeat is due so much earlier when the daemon is awake anyway, in seconds.
HEARTBEAT_SLACK_S = WAKEUP_SLACK_S
#: A failed step is tried again after so long, in seconds.
STEP_RETRY_S = 1.0


class Step(StrEnum):
    """The steps with a due time in `Schedule`."""

    HEARTBEAT = "heartbeat"
    #: Kill the workers of jobs whose cancellation was asked for.
    CANCEL = "cancel"
    #: Start the template of the workers.
    TEMPLATE = "template"
    #: Claim and start jobs.
    CLAIMS = "claims"
    #: Claim and start listings of collections.
    COLLECTIONS = "collections"
    #: Queue the looks of subscriptions; remove what is beyond their `keep_last`.
    SUBSCRIPTIONS = "subscriptions"
    #: Queue waiting jobs whose time has come.
    RETRIES = "retries"
    #: Expire sessions.
    SWEEP = "sweep"


#: All that a draining daemon still does of these.
STEPS_WHILE_DRAINING = frozenset({Step.HEARTBEAT, Step.CANCEL})
#: Due when the daemon has just started.
DUE_AT_START = (
    Step.HEARTBEAT,
    Step.CLAIMS,
    Step.COLLECTIONS,
    Step.SUBSCRIPTIONS,
    Step.RETRIES,
    Step.SWEEP,
)


class Schedule:
    """Stores when each step is due next, and until when a failed step waits."""

    def __init__(self) -> None:
        self._due = dict.fromkeys(Step, math.inf) | dict.fromkeys(DUE_AT_START, 0.0)
        #: By step, also those of other services: not to be tried before.
        self._retry_at: dict[str, float] = {}

    def due_now(self, *steps: Step) -> None:
        """Make steps due at once; any thread may call, but the loop is not woken."""
        for step in steps:
            self._due[step] = 0.0

    def jobs_due_now(self) -> None:
        """Make all steps for work due: an event may have been lost, or a command came."""
        self.due_now(
            Step.CLAIMS, Step.COLLECTIONS, Step.SUBSCRIPTIONS, Step.RETRIES, Step.CANCEL
        )

    def due_in(self, step: Step, wait_s: float, mono: float) -> None:
        """Make claims, listings or retries due in `wait_s` seconds.

        Not at all if the next heartbeat, which makes them due anyway, comes first.
        """
        self._due[step] = mono + wait_s if wait_s < HEARTBEAT_S else math.inf

    def done(self, step: Step) -> None:
        """Have a step not due until something makes it so."""
        self._due[step] = math.inf

    def is_due(self, step: Step, mono: float) -> bool:
        """Return whether a step's time has come; a heartbeat may come a bit earlier."""
        slack = HEARTBEAT_SLACK_S if step is Step.HEARTBEAT else 0.0
        return mono + slack >= self._due[step]

    def heartbeat_done(self, mono: float) -> None:
        """Set the time of the next heartbeat."""
        self._due[Step.HEARTBEAT] = mono + HEARTBEAT_S

    def heartbeat_after_retry(self, mono: float) -> None:
        """Have a heartbeat as soon as failed steps are tried again."""
        self._due[Step.HEARTBEAT] = mono + STEP_RETRY_S + HEARTBEAT_SLACK_S

    def is_postponed(self, step: str, mono: float) -> bool:
        """Return whether a step failed so recently that it is not tried yet."""
        return self._retry_at.get(step, 0.0) > mono

    def postpone(self, step: str, mono: float) -> None:
        """Have a failed step tried again `STEP_RETRY_S` later."""
        self._retry_at[step] = mono + STEP_RETRY_S

    def succeeded(self, step: str) -> None:
        """Remove the wait of a step that failed before."""
        self._retry_at.pop(step, None)

    def forget_failures(self) -> None:
        """Remove all waits of failed steps."""
        self._retry_at.clear()

    def own_due_times(
        self, *, is_draining: bool, has_room: bool
    ) -> Iterator[tuple[str, float]]:
        """Yield the loop's own steps and their times.

        Args:
            is_draining: Nothing new is begun.
            has_room: The pool could start an attempt; else no claim is due.
        """
        yield from self._retry_at.items()
        for step, due in self._due.items():
            if is_draining and step not in STEPS_WHILE_DRAINING:
                continue
            if step is not Step.CLAIMS or has_room:
                yield step, due

    def seconds_to_next(self, due: Iterable[tuple[str, float]], mono: float) -> float:
        """Return the seconds until the first step is due; failed ones wait longer.

        Args:
            due: Steps and their times, own ones and those of services.
            mono: The present.
        """
        soonest = min(max(time, self._retry_at.get(step, time)) for step, time in due)
        return max(0.0, soonest - mono)


def service_due_times(
    services: Services, now: Now, mono: float, *, is_draining: bool
) -> Iterator[tuple[str, float]]:
    """Yield the services that keep their own times, by the names of their steps."""
    yield "pool", _or_never(services.pool.next_due(mono))
    yield "views", _at(mono, services.views.next_due(now))
    yield "notify", _at(mono, services.notifications.next_due(now))
    if not is_draining:
        yield "intake", services.intake.next_due()
        yield "engine", services.ytdlp_updater.next_due()
        yield "retention", services.pruner.next_due()


def _or_never(due: float | None) -> float:
    return math.inf if due is None else due


def _at(mono: float, wait_s: float | None) -> float:
    return math.inf if wait_s is None else mono + wait_s
