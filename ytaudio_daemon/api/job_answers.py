"""Makes the answers about jobs; those that wait have a note that says for what."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.response_documents import to_api_job
from ytaudio_daemon.api.response_models import JobAnswer
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import JobState
from ytaudio_daemon.system.times import parse_rfc3339

_UNSTARTED = frozenset({JobState.QUEUED, JobState.HELD})


class JobAnswers:
    """Makes the answers of one request, or of one read for all streams.

    Whether the daemon runs, and what jobs wait for, is read once.

    Args:
        context: The resources.
    """

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        down_reason = context.daemon_down_reason()
        self._is_daemon_up = not down_reason
        self._notes = _waiting_notes(context, down_reason)

    def answer(self, row: JobRow) -> JobAnswer:
        """Return a job's answer."""
        document = self._context.job_document(row, is_daemon_up=self._is_daemon_up)
        return to_api_job(document, self._notes.note_on(row.state))


def api_job(context: ApiContext, row: JobRow) -> JobAnswer:
    """Return the answer of one job."""
    return JobAnswers(context).answer(row)


def _waiting_notes(context: ApiContext, down_reason: str) -> "WaitingNotes":
    if down_reason:
        return WaitingNotes(for_all=f"{down_reason}; the job waits until then")
    document = context.daemon_document()
    note = queue_note(document, time.time()) if document else None
    return WaitingNotes(for_unstarted=note)


class WaitingNotes(NamedTuple):
    """What jobs wait for: all of them, or those that are queued or held."""

    for_all: str | None = None
    for_unstarted: str | None = None

    def note_on(self, state: JobState) -> str | None:
        """Return the note on a job in this state."""
        return self.for_all or (self.for_unstarted if state in _UNSTARTED else None)


def queue_note(daemon: Mapping[str, Any], wall: float) -> str | None:
    """Return what a job that is not started waits for: a gate or the pace; or None. Pure.

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
