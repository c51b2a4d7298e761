"""The failures of attempts whose workers sent no outcome. Pure."""

import errno
import signal

from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.decide import OUT_OF_MEMORY
from ytaudio_daemon.model.host_error_table import NO_PROCESSES
from ytaudio_daemon.model.host_errors import find_host_error


def crash_failure(code: str, message: str, hint: str = "") -> Failure:
    """Build a failure of kind `crashed`."""
    return Failure(kind=FailureKind.CRASHED, code=code, message=message, hint=hint)


KILLED = crash_failure("killed", "The attempt was stopped.")
TEMPLATE_DIED = crash_failure(
    "template_died", "The process that runs the workers died."
)


def misbehaved(how: str) -> Failure:
    """Return the failure of a worker that was killed for its messages."""
    return crash_failure("misbehaved", f"The worker {how} and was killed.")


def worker_died(exit_code: int, *, memory_ran_out: bool = False) -> Failure:
    """Return the failure of a worker that died by itself and sent no outcome.

    Args:
        exit_code: As `os.waitstatus_to_exitcode` gives it: negative for a signal.
        memory_ran_out: The kernel killed processes for lack of memory while it ran.
    """
    if exit_code == -signal.SIGKILL and memory_ran_out:
        return crash_failure(
            OUT_OF_MEMORY,
            "The kernel killed the worker because memory ran out.",
            "Free some memory, or lower [download] workers or converters.",
        )
    if exit_code >= 0:
        how = f"exited with status {exit_code}"
    else:
        how = f"was killed by {_signal_name(-exit_code)}"
    was_killed = exit_code == -signal.SIGKILL
    hint = "See whether the machine runs out of memory." if was_killed else ""
    return crash_failure("worker_died", f"The worker {how} before it was done.", hint)


def fork_refused(number: int) -> Failure:
    """Return the failure of an attempt for which no worker could be started.

    Args:
        number: The errno of socketpair(2) or fork(2); EAGAIN is a limit of processes.
    """
    host_error = find_host_error(number)
    if host_error is None or number == errno.EAGAIN:
        return NO_PROCESSES.failure()
    return host_error.failure(f"No worker could be started. {host_error.cause}")


def no_template(why: str) -> Failure:
    """Return the failure of an attempt when no template can be started."""
    return Failure(
        kind=FailureKind.HOST,
        code="no_template",
        message=f"The process that runs the workers cannot start: {why}",
        hint="Run `ytaudio doctor`; reinstalling yt-dlp may help.",
    )


def request_too_big(size: int) -> Failure:
    """Return the failure of a request that is too long to be sent."""
    return Failure(
        kind=FailureKind.POLICY,
        code="request_too_big",
        message=f"The options of this link take {size} bytes, which is too much.",
        hint="Shorten its tags.",
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
