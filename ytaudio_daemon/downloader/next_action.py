"""What a caller does about a job of the ledger, by how it stands. Pure."""

from enum import Enum, auto

from ytaudio_daemon.downloader.retry_policy import is_retryable
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import FailureKind, JobState


class NextAction(Enum):
    """What comes next."""

    #: It is queued: claim it.
    CLAIM = auto()
    #: It waits for a retry that is due, or that the caller asks for: queue and claim.
    REQUEUE = auto()
    #: It was finalized earlier and is wanted once more: queue and claim.
    RETRY = auto()
    #: Somebody else has it, or its time has not come: look again soon.
    WAIT = auto()
    #: This is the end of it, for this call.
    RETURN = auto()


def next_action(
    job: JobRow, *, is_first_look: bool, file_is_gone: bool, wall: float
) -> NextAction:
    """Return what a caller does who wants this job done now.

    Args:
        job: As it stands.
        is_first_look: How it stood before the call does not count as its answer.
        file_is_gone: It is completed, but its audio is no longer there.
        wall: Now.
    """
    match job.state:
        case JobState.QUEUED:
            return NextAction.CLAIM
        case JobState.COMPLETED:
            return NextAction.RETRY if file_is_gone else NextAction.RETURN
        case JobState.FAILED | JobState.CANCELLED:
            return NextAction.RETRY if is_first_look else NextAction.RETURN
        case JobState.HELD:
            return NextAction.RETURN
        case JobState.WAITING:
            return NextAction.REQUEUE if is_first_look else _after_failure(job, wall)
        case _:
            return NextAction.WAIT


def _after_failure(job: JobRow, wall: float) -> NextAction:
    """Try again what may pass within seconds; leave the rest to the daemon."""
    kind = FailureKind((job.error or {}).get("kind", FailureKind.UNKNOWN))
    if not is_retryable(kind) or kind is FailureKind.OFFLINE:
        return NextAction.RETURN
    return NextAction.REQUEUE if (job.retry_at or 0.0) <= wall else NextAction.WAIT
