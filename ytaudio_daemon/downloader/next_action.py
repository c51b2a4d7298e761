"""Decides the next action of a caller that waits for a job of the ledger. Pure."""

from enum import Enum, auto

from ytaudio_daemon.downloader.retry_policy import EGRESS_FAILURES, is_retryable
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import FailureKind, JobState
from ytaudio_daemon.model.decide import MIN_RETRY_S
from ytaudio_daemon.model.line_rules import KnownJob, runs_again


class NextAction(Enum):
    """The caller's next action."""

    #: It is queued: claim it.
    CLAIM = auto()
    #: It waits for a retry that is due, or wanted by the caller: queue and claim it.
    REQUEUE = auto()
    #: It was finalized earlier and is wanted once more: queue and claim it.
    RETRY = auto()
    #: Another process has it, or its retry is not due: read the job again soon.
    WAIT = auto()
    #: The call ends with the job as it is.
    RETURN = auto()


def next_action(
    job: JobRow,
    *,
    is_first_read: bool,
    file_is_gone: bool,
    wall: float,
    has_other_egress: bool = False,
) -> NextAction:
    """Return the next action of a caller that wants this job done now.

    Args:
        job: The job's row.
        is_first_read: Whether this call reads the job for the first time: if it has ended
            before, that is not the call's result.
        file_is_gone: Whether it is completed, but its audio is no longer there.
        wall: Now, seconds since 1970.
        has_other_egress: Whether there are several egresses.
    """
    match job.state:
        case JobState.QUEUED:
            return NextAction.CLAIM
        case JobState.COMPLETED | JobState.FAILED | JobState.CANCELLED:
            may_retry = is_first_read or job.state is JobState.COMPLETED
            is_wanted = runs_again(KnownJob(job.state, file_is_gone=file_is_gone))
            return NextAction.RETRY if may_retry and is_wanted else NextAction.RETURN
        case JobState.HELD:
            return NextAction.RETURN
        case JobState.WAITING:
            if is_first_read:
                return NextAction.REQUEUE
            return _after_failure(job, wall, has_other_egress=has_other_egress)
        case _:
            return NextAction.WAIT


def _after_failure(job: JobRow, wall: float, *, has_other_egress: bool) -> NextAction:
    """Retry a failure that may pass within seconds; leave the others to the daemon.

    A job that waits for another egress is due at once; one that waits for a gate is not.
    """
    kind = FailureKind((job.error or {}).get("kind", FailureKind.UNKNOWN))
    retry_at = job.retry_at or 0.0
    if kind in EGRESS_FAILURES:
        may_wait = has_other_egress and retry_at <= wall + MIN_RETRY_S
    else:
        may_wait = is_retryable(kind)
    if not may_wait:
        return NextAction.RETURN
    return NextAction.REQUEUE if retry_at <= wall else NextAction.WAIT
