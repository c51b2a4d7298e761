"""Converts the error of a failed step into a code, a sentence and a remedy. Pure."""

import errno
import os
from typing import NamedTuple

from ytaudio_daemon.errors import (
    LedgerError,
    TemplateError,
    UnsafePathError,
    YtaudioError,
)


class StepProblem(NamedTuple):
    """A problem, as `status/daemon.json` shows it."""

    code: str
    message: str
    hint: str


RETRY_HINT = "It is tried again every second."
#: By errno: the code, and what a person can do; {place} is the file or folder.
_CODE_AND_HINT_BY_ERRNO = {
    errno.ENOSPC: ("disk_full", "Make room on the disk of {place}."),
    errno.EDQUOT: ("disk_full", "Raise the quota of the daemon's user, or make room."),
    errno.EROFS: ("read_only", "Mount the file system of {place} writable again."),
    errno.EACCES: ("not_permitted", "Let the daemon's user read and write {place}."),
    errno.EPERM: ("not_permitted", "Let the daemon's user read and write {place}."),
    errno.EIO: ("io_error", "The disk of {place} fails: see `dmesg`, make a backup."),
    errno.EMFILE: ("no_descriptors", "Raise LimitNOFILE= of the service (ulimit -n)."),
    errno.ENFILE: (
        "no_descriptors",
        "The machine has too many files open: fs.file-max.",
    ),
    errno.ENOMEM: ("no_memory", "Free some memory."),
    errno.ENOENT: ("folder_missing", "Make {place} again, or restart the daemon."),
}


def problem_of(step: str, error: YtaudioError | OSError) -> StepProblem:
    """Return the problem for a failed step.

    Args:
        step: The step's name.
        error: Why it failed.
    """
    if isinstance(error, OSError):
        return _of_os_error(step, error)
    code = next(
        (c for kind, c in _CODE_BY_ERROR.items() if isinstance(error, kind)),
        _DEFAULT_CODE,
    )
    return StepProblem(code, f"{step}: {error.message}", error.hint or RETRY_HINT)


_DEFAULT_CODE = "step_failed"
_CODE_BY_ERROR: dict[type[YtaudioError], str] = {
    LedgerError: "ledger_trouble",
    TemplateError: "template_trouble",
    UnsafePathError: "unsafe_path",
}
#: Each of them holds up work until the cause is gone; a person may have to mend it.
STEP_PROBLEM_CODES = frozenset(
    {
        *_CODE_BY_ERROR.values(),
        *(c for c, _ in _CODE_AND_HINT_BY_ERRNO.values()),
        _DEFAULT_CODE,
    }
)


def _of_os_error(step: str, error: OSError) -> StepProblem:
    code, remedy = _CODE_AND_HINT_BY_ERRNO.get(error.errno or 0, (_DEFAULT_CODE, ""))
    place = "" if error.filename is None else os.fsdecode(error.filename)
    said = error.strerror or str(error)
    message = f"{step}: {said}: {place}" if place else f"{step}: {said}"
    hint = remedy.format(place=place or "the daemon's folders")
    return StepProblem(code, message, f"{hint} {RETRY_HINT}".strip())
