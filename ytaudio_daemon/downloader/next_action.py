"""What a caller does about a job of the ledger, by how it stands. Pure."""

from enum import Enum, auto

from ytaudio_daemon.downloader.retry_policy import is_passing
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import FailureKind, JobState


class Turn(Enum):
    """What comes next."""

    #: It is queued: claim it.
    CLAIM = auto()
    #: It waits for a retry that is due, or that the caller asks for: queue and claim.
    WAKE = auto()
    #: It was finalized earlier and is wanted once more: queue and claim.
    AGAIN = auto()
    #: Somebody else has it, or its time has not come: look again soon.
    WAIT = auto()
    #: This is the end of it, for this call.
    OVER = auto()


def turn(job: JobRow, *, is_first_look: bool, file_is_gone: bool, wall: float) -> Turn:
    """Return what a caller does who wants this job done now.

    Args:
        job: As it stands.
        is_first_look: How it stood before the call does not count as its answer.
        file_is_gone: It is completed, but its audio is no longer there.
        wall: Now.
    """
    match job.state:
        case JobState.QUEUED:
            return Turn.CLAIM
        case JobState.COMPLETED:
            return Turn.AGAIN if file_is_gone else Turn.OVER
        case JobState.FAILED | JobState.CANCELLED:
            return Turn.AGAIN if is_first_look else Turn.OVER
        case JobState.HELD:
            return Turn.OVER
        case JobState.WAITING:
            return Turn.WAKE if is_first_look else _after_a_failure(job, wall)
        case _:
            return Turn.WAIT


def _after_a_failure(job: JobRow, wall: float) -> Turn:
    """Try again what may pass within seconds; leave the rest to the daemon."""
    kind = FailureKind((job.error or {}).get("kind", FailureKind.UNKNOWN))
    if not is_passing(kind) or kind is FailureKind.OFFLINE:
        return Turn.OVER
    return Turn.WAKE if (job.retry_at or 0.0) <= wall else Turn.WAIT
