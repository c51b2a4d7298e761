"""The one table between the API's words and the program's own. Pure.

The API uses the words of the specification that this project grew from (`status`,
`progress_percent`, `output_format`); every other part says `state`, `progress` and
`format`. An answer has both: the document as everywhere, and these words.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from ytaudio_daemon.model import FINALIZED, JobState, Phase, SessionState


class Status(StrEnum):
    """The state of a job, in the API's words."""

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
    """The sessions that a list shows."""

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

#: The statuses that never change again by themselves.
FINAL_STATUSES = frozenset(STATUS_BY_STATE[state] for state in FINALIZED)

#: Options with another name in the body of a new job.
OPTION_BY_FIELD = {"output_format": "format", "tags": "tag"}

#: The phases after the download, whose percentage in `progress` is their own.
PHASES_AFTER_DOWNLOAD = frozenset({Phase.CONVERTING, Phase.VERIFYING, Phase.PUBLISHING})
#: The highest percentage of a job that is not completed.
MAX_UNFINISHED_PERCENT = 99.0

#: The only kind of media there is.
AUDIO = "audio"


def to_states(statuses: list[Status]) -> list[JobState]:
    """Return the states that the API shows as one of the statuses."""
    return [state for state, status in STATUS_BY_STATE.items() if status in statuses]


def to_options(given_options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options in a new job's body by their names in the program."""
    return {
        OPTION_BY_FIELD.get(name, name): value for name, value in given_options.items()
    }


def to_session_state(listed: Listed) -> SessionState | None:
    """Return the state of the sessions on a list; None for any."""
    return None if listed is Listed.ALL else SessionState(listed.value)
