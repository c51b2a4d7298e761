"""The one table between the API's words and the program's own. Pure.

The API speaks as the document does that this project grew from (`status`,
`progress_percent`, `output_format`); everything else here says `state`, `progress` and
`format`. An answer carries both: a Job as in every other document, and these words.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from ytaudio_daemon.model import FINALIZED, JobState, Phase, SessionState

Document = dict[str, Any]


class Status(StrEnum):
    """How a job stands, in the API's words."""

    #: It waits for its turn, or for its next try.
    PENDING = "pending"
    #: A worker has it.
    PROCESSING = "processing"
    #: Its audio is there.
    COMPLETED = "completed"
    #: For good.
    FAILED = "failed"
    #: By a person, or with its session.
    CANCELLED = "cancelled"


class Listed(StrEnum):
    """Which sessions a list shows."""

    ACTIVE = "active"
    EXPIRED = "expired"
    ALL = "all"


STATUS_BY_STATE = {
    JobState.QUEUED: Status.PENDING,
    JobState.HELD: Status.PENDING,
    JobState.WAITING: Status.PENDING,
    JobState.RUNNING: Status.PROCESSING,
    JobState.COMPLETED: Status.COMPLETED,
    JobState.FAILED: Status.FAILED,
    JobState.CANCELLED: Status.CANCELLED,
}

#: The status that never changes again by itself.
FINAL_STATUSES = frozenset(STATUS_BY_STATE[state] for state in FINALIZED)

#: What the body of a new job calls the options; the others are called the same.
OPTION_BY_FIELD = {"output_format": "format", "tags": "tag"}

#: What is left when the download is done, which has its own percentage in `progress`.
PHASES_AFTER_DOWNLOAD = frozenset({Phase.CONVERTING, Phase.VERIFYING, Phase.PUBLISHING})
#: As far as a job is that is not completed, at most.
MAX_UNFINISHED_PERCENT = 99.0

#: The only kind of media there is.
AUDIO = "audio"


def states_of(statuses: list[Status]) -> list[JobState]:
    """Return the states that any of some statuses stands for."""
    return [state for state, status in STATUS_BY_STATE.items() if status in statuses]


def to_options(given_options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a new job's body under their own names."""
    return {
        OPTION_BY_FIELD.get(name, name): value for name, value in given_options.items()
    }


def session_state(listed: Listed) -> SessionState | None:
    """Return the state that sessions on a list have; None = any."""
    return None if listed is Listed.ALL else SessionState(listed.value)


def to_api_job(job: Document, note: str | None) -> Document:
    """Return a Job with the API's words beside its own.

    Args:
        job: As `views.job_document` made it.
        note: What a person should know, such as that no daemon is running.
    """
    status = STATUS_BY_STATE[JobState(job["state"])]
    error = job["error"]
    return {
        **job,
        "job_uuid": job["id"],
        "status": status.value,
        "progress_percent": _percent(job, status),
        "media_type": AUDIO,
        "quality": job["options"]["quality"],
        "output_format": job["options"]["format"],
        "error_message": error["message"] if error else None,
        "note": note if status is Status.PENDING else None,
    }


def to_api_session(session: Document) -> Document:
    """Return what a session's document says of it, with the API's words beside."""
    return {
        **session,
        "session_uuid": session["uuid"],
        "status": session["state"],
        "total_jobs": sum(session["counts"].values()),
        "jobs_by_status": jobs_by_status(session["counts"]),
    }


def jobs_by_status(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how many jobs have each status, from the counts by state."""
    sums = dict.fromkeys(map(str, Status), 0)
    for state, status in STATUS_BY_STATE.items():
        sums[status.value] += counts[state.value]
    return sums


def _percent(job: Document, status: Status) -> float:
    if status is Status.COMPLETED:
        return 100.0
    if job["phase"] in PHASES_AFTER_DOWNLOAD:
        return MAX_UNFINISHED_PERCENT
    percent = (job["progress"] or {}).get("percent")
    return 0.0 if percent is None else min(MAX_UNFINISHED_PERCENT, float(percent))
