"""Converts the error of a failed step into a problem: code, sentence, remedy. Pure."""

import errno
import os

from ytaudio_daemon.daemon.problem_report import ProblemReport
from ytaudio_daemon.errors import (
    LedgerError,
    TemplateError,
    UnsafePathError,
    YtaudioError,
)
from ytaudio_daemon.model.host_error_table import NO_PROCESSES, HostError
from ytaudio_daemon.model.host_errors import HOST_ERROR_CODES, find_host_error

RETRY_HINT = "It is tried again every second."
#: Errors of a step that are no mistake of this program.
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


def step_problem(step: str, error: Exception) -> ProblemReport:
    """Return the problem of a failed step; unexpected errors are this program's mistakes.

    Args:
        step: The step's name.
        error: Why it failed.
    """
    if isinstance(error, OSError):
        return _os_problem(step, error)
    if not isinstance(error, YtaudioError):
        kind = type(error).__name__
        message = f"{step}: this program made a mistake: {kind}: {error}"
        return ProblemReport(MISTAKE_CODE, message[:MAX_CHARS], MISTAKE_HINT)
    code = next(
        (c for kind, c in _CODE_BY_ERROR.items() if isinstance(error, kind)),
        _DEFAULT_CODE,
    )
    return ProblemReport(code, f"{step}: {error.message}", error.hint or RETRY_HINT)


def _os_problem(step: str, error: OSError) -> ProblemReport:
    path = "" if error.filename is None else os.fsdecode(error.filename)
    reason = error.strerror or str(error)
    message = f"{step}: {reason}: {path}" if path else f"{step}: {reason}"
    host_error = _find_host_error(error)
    if host_error is None:
        return ProblemReport(_DEFAULT_CODE, message, RETRY_HINT)
    remedy = host_error.remedy(path)
    return ProblemReport(host_error.code, message, f"{remedy} {RETRY_HINT}")


def _find_host_error(error: OSError) -> HostError | None:
    """Return the meaning of an error; EAGAIN without a file is that of fork(2)."""
    if error.errno == errno.EAGAIN and error.filename is None:
        return NO_PROCESSES
    return find_host_error(error.errno)
