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
from ytaudio_daemon.model.host_error_table import NO_PROCESSES, HostError
from ytaudio_daemon.model.host_errors import HOST_ERROR_CODES, find_host_error


class StepProblem(NamedTuple):
    """A problem, as `status/daemon.json` shows it."""

    code: str
    message: str
    hint: str


RETRY_HINT = "It is tried again every second."


def problem_of(step: str, error: Exception) -> StepProblem:
    """Return the problem for a failed step; other errors are mistakes of this program.

    Args:
        step: The step's name.
        error: Why it failed.
    """
    if isinstance(error, OSError):
        return _of_os_error(step, error)
    if not isinstance(error, YtaudioError):
        told = f"{step}: this program made a mistake: {type(error).__name__}: {error}"
        return StepProblem(MISTAKE_CODE, told[:MAX_CHARS], MISTAKE_HINT)
    code = next(
        (c for kind, c in _CODE_BY_ERROR.items() if isinstance(error, kind)),
        _DEFAULT_CODE,
    )
    return StepProblem(code, f"{step}: {error.message}", error.hint or RETRY_HINT)


#: What a step may raise when nothing is wrong with this program.
EXPECTED_ERRORS = (YtaudioError, OSError)
MISTAKE_CODE = "internal_error"
MISTAKE_HINT = (
    "Everything else goes on. Report it, with the traceback in the daemon's log; a "
    f"restart may help. {RETRY_HINT}"
)
MAX_CHARS = 300
_DEFAULT_CODE = "step_failed"
_CODE_BY_ERROR: dict[type[YtaudioError], str] = {
    LedgerError: "ledger_trouble",
    TemplateError: "template_trouble",
    UnsafePathError: "unsafe_path",
}
#: Each of them holds up work until the cause is gone; a person may have to mend it.
STEP_PROBLEM_CODES = frozenset(
    {*_CODE_BY_ERROR.values(), *HOST_ERROR_CODES, _DEFAULT_CODE, MISTAKE_CODE}
)


def _of_os_error(step: str, error: OSError) -> StepProblem:
    place = "" if error.filename is None else os.fsdecode(error.filename)
    said = error.strerror or str(error)
    message = f"{step}: {said}: {place}" if place else f"{step}: {said}"
    found = _host_error_of(error)
    if found is None:
        return StepProblem(_DEFAULT_CODE, message, RETRY_HINT)
    return StepProblem(found.code, message, f"{found.remedy(place)} {RETRY_HINT}")


def _host_error_of(error: OSError) -> HostError | None:
    """Return what an error means; EAGAIN without a file is that of fork(2)."""
    if error.errno == errno.EAGAIN and error.filename is None:
        return NO_PROCESSES
    return find_host_error(error.errno)
