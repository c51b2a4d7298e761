"""What a job that is not started yet waits for, in a sentence for people. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ytaudio_daemon.model import JobState
from ytaudio_daemon.system.times import parse_rfc3339

_UNSTARTED = frozenset({JobState.QUEUED, JobState.HELD})


class WaitingNotes(NamedTuple):
    """What jobs wait for: all of them, or those that are queued or held."""

    for_all: str | None = None
    for_unstarted: str | None = None

    def note_on(self, state: JobState) -> str | None:
        """Return the note on a job in this state."""
        return self.for_all or (self.for_unstarted if state in _UNSTARTED else None)


def queue_note(daemon: Mapping[str, Any], wall: float) -> str | None:
    """Return the first closed gate, or the pace; None when nothing holds jobs up.

    Args:
        daemon: The daemon's document; one of an older daemon has no pace.
        wall: Now, seconds since 1970.
    """
    for gate in daemon.get("gates", ()):
        if parse_rfc3339(gate["until"]) > wall:
            return f"No download starts before {gate['until']}: {gate['reason']}"
        return f"No download starts until a trial has gone well: {gate['reason']}"
    pace = daemon.get("pace")
    if not pace or pace["next_at"] is None:
        return None
    wait_s = parse_rfc3339(pace["next_at"]) - wall
    if wait_s <= 0:
        return None
    return (
        f"The pace ({pace['burst']} at once, then {pace['per_hour']} an hour) lets the "
        f"next download start in {wait_s:.0f} s, at {pace['next_at']}.{_forecast(daemon)}"
    )


def _forecast(daemon: Mapping[str, Any]) -> str:
    forecast = daemon.get("forecast")
    if not forecast:
        return ""
    return f" All {forecast['jobs']} jobs are done at about {forecast['done_at']}."
