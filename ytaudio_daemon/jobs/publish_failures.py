"""Failures of the place where a job's audio is published."""

import errno
from collections.abc import Mapping

from ytaudio_daemon.model import Failure, FailureKind

PUBLISH_FAILED = "publish_failed"

PLACE_TAKEN = Failure(
    kind=FailureKind.POLICY,
    code="place_taken",
    message="Something else stands where this job's result belongs.",
    hint="Move it away from downloads/, then retry the job.",
)

#: Errors of the whole machine, whatever folder they show in.
MACHINE_ERRNOS = {
    errno.EMFILE: "too_many_files",
    errno.ENFILE: "too_many_files",
    errno.ENOMEM: "out_of_memory",
}
#: Errors of the whole disk, when it is written to.
DISK_ERRNOS = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EIO: "io_error",
    errno.EROFS: "read_only",
}
HINTS = {
    "disk_full": "Free some space.",
    "too_many_files": "Raise LimitNOFILE= of the service (ulimit -n).",
    "out_of_memory": "Free some memory.",
}


def publish_failure(error: Exception) -> Failure:
    """Return the failure of an attempt whose finished file could not be published."""
    if isinstance(error, FileExistsError):
        return PLACE_TAKEN
    return _failure(
        f"The finished file could not be put in its place: {error}",
        _host_code(error, MACHINE_ERRNOS | DISK_ERRNOS),
    )


def lookup_failure(error: Exception) -> Failure:
    """Return the failure of an attempt that may not begin: its audio may be there already.

    A file that the disk cannot read is a failure of this job, not of the whole disk.
    """
    return _failure(
        f"The place of the finished file cannot be looked at: {error}",
        _host_code(error, MACHINE_ERRNOS),
    )


def _host_code(error: Exception, errno_codes: Mapping[int, str]) -> str | None:
    number = error.errno if isinstance(error, OSError) else None
    return errno_codes.get(number or 0)


def _failure(message: str, code: str | None) -> Failure:
    """Build the failure: HOST if the whole machine is affected, else TRANSIENT.

    A session's folder that was closed, or swapped for a link, closes no gate for other
    sessions: the job is tried again by itself.
    """
    return Failure(
        kind=FailureKind.HOST if code else FailureKind.TRANSIENT,
        code=code or PUBLISH_FAILED,
        message=message,
        hint=HINTS.get(
            code or "", "Check the session's folder in downloads/: `ytaudio doctor`."
        ),
    )
