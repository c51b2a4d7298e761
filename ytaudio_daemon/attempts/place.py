"""What can be wrong with the place where a job's result belongs."""

import errno

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.model import Failure, FailureKind

NOT_PLACED = "publish_failed"

PLACE_TAKEN = Failure(
    kind=FailureKind.POLICY,
    code="place_taken",
    message="Something else stands where this job's result belongs.",
    hint="Move it away from downloads/, then retry the job.",
)

#: What the whole disk says; anything else concerns the session's own folder.
DISK_TROUBLES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EIO: "io_error",
    errno.EROFS: "read_only",
}


def why_not_there(error: OSError | UnsafePathError) -> Failure:
    """Return why a finished file could not be published."""
    if isinstance(error, FileExistsError):
        return PLACE_TAKEN
    return _trouble(f"The finished file could not be put in its place: {error}", error)


def cannot_look(error: OSError | UnsafePathError) -> Failure:
    """Return why a job cannot begin: perhaps it is finished, and nobody can see it."""
    return _trouble(
        f"The place of the finished file cannot be looked at: {error}", error
    )


def _trouble(message: str, error: OSError | UnsafePathError) -> Failure:
    """Say whom a failure at a job's place concerns.

    A session's folder that was closed, or swapped for a link, holds nobody else up:
    the job is tried again by itself, with the result it has.
    """
    number = error.errno if isinstance(error, OSError) else None
    code = DISK_TROUBLES.get(number or 0)
    return Failure(
        kind=FailureKind.HOST if code else FailureKind.TRANSIENT,
        code=code or NOT_PLACED,
        message=message,
        hint="Free some space."
        if code == "disk_full"
        else "Check the session's folder in downloads/: `ytaudio doctor`.",
    )
