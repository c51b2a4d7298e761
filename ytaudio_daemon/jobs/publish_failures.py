"""The failures of results that could not be published, or searched for. Pure."""

from collections.abc import Collection

from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.host_error_table import HostError, Scope
from ytaudio_daemon.model.host_errors import find_host_error
from ytaudio_daemon.model.worker_values import storable_text

PUBLISH_FAILED = "publish_failed"
MAX_ERROR_CHARS = 200

#: Nothing is left that could be published.
WORK_REMOVED = failure_for("work_removed")
PLACE_TAKEN = Failure(
    kind=FailureKind.POLICY,
    code="place_taken",
    message="Something else stands where this job's result belongs.",
    hint="Move it away from downloads/.",
)


def unfinishable(error: Exception) -> Failure:
    """Return the failure of an attempt on which this program made a mistake."""
    text = storable_text(" ".join(str(error).split()))[:MAX_ERROR_CHARS]
    return Failure(
        kind=FailureKind.UNKNOWN,
        code="internal_error",
        message=f"This program made a mistake: {type(error).__name__}: {text}",
        hint="Report it, with the lines of the daemon's log about this job.",
    )


def publish_failure(error: Exception) -> Failure:
    """Return the failure of an attempt whose finished file could not be published."""
    if isinstance(error, FileExistsError):
        return PLACE_TAKEN
    return _failure(
        "The finished file could not be put in its place",
        error,
        host_scopes={Scope.MACHINE, Scope.DISK},
    )


def lookup_failure(error: Exception) -> Failure:
    """Return the failure of an attempt that may not begin: its audio may be there already.

    A file that the disk cannot read is a failure of this job, not of the whole disk.
    """
    return _failure(
        "The place of the finished file cannot be looked at",
        error,
        host_scopes={Scope.MACHINE},
    )


def _failure(message: str, error: Exception, host_scopes: Collection[Scope]) -> Failure:
    """Return a failure of kind HOST if the machine or its disk is affected.

    A session's folder that was closed, or swapped for a link, closes no gate for
    others: the job waits and is tried again by itself.
    """
    found = find_host_error(error.errno) if isinstance(error, OSError) else None
    if isinstance(error, OSError) and found and found.scope in host_scopes:
        # Without the path: everybody sees a gate's reason, and it has a session's UUID.
        return found.failure(f"{message}: {error.strerror}.")
    return Failure(
        kind=FailureKind.TRANSIENT,
        code=PUBLISH_FAILED,
        message=f"{message}: {error}",
        hint=_hint(found),
    )


def _hint(found: HostError | None) -> str:
    if found is None:
        return "Check the session's folder in downloads/: `ytaudio doctor`."
    return found.remedy("the session's folder in downloads/")
