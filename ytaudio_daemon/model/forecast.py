"""Estimates when the queue will be done, and a job's place in it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ytaudio_daemon.model.gates import Pace

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The jobs that are to be done, and how fast they are done.

    Attributes:
        running: Jobs that run.
        unstarted: Queued and held jobs.
        tokens: Of each open egress, the jobs that the pace lets start at once.
        job_s: How long one job takes, in seconds, as the latest ones did.
        workers: Jobs at once.
    """

    running: int
    unstarted: int
    tokens: Sequence[float]
    job_s: float
    workers: int


def seconds_until_done(work: Workload, pace: Pace) -> float:
    """Return the seconds until all jobs are done, by the slower of pace and workers.

    Running jobs count as half done. Failures, and tries that are due later, are not
    foreseen.
    """
    busy_s = (work.running / 2 + work.unstarted) * work.job_s / max(1, work.workers)
    if not work.unstarted:
        return max(busy_s, work.job_s / 2 if work.running else 0.0)
    wait_s = 0.0
    if not pace.is_disabled and work.tokens:
        without_token = max(0.0, work.unstarted - sum(work.tokens))
        wait_s = without_token * _HOUR_S / (pace.per_hour * len(work.tokens))
    return max(busy_s, wait_s + work.job_s)


class Turn(NamedTuple):
    """A session with queued jobs.

    Attributes:
        number: The session with the lowest one is served next, then goes to the end.
        queued: Its queued jobs.
    """

    number: int
    queued: int


def place_in_queue(
    position: int, session_uuid: str, turns: Mapping[str, Turn]
) -> int | None:
    """Return a job's place among the queued jobs of all sessions, from 1.

    Sessions take turns: before the third job of one session every other session has
    had two, and those whose turn comes earlier have had three.

    Args:
        position: The job's place in its own session's queue, from 1.
        session_uuid: Its session.
        turns: Of all sessions with queued jobs, by UUID.

    Returns:
        None when its session is not among them.
    """
    own = turns.get(session_uuid)
    if own is None:
        return None
    return position + sum(
        min(other.queued, position - 1 + int(other.number < own.number))
        for uuid, other in turns.items()
        if uuid != session_uuid
    )
