"""A present problem of the daemon, before `problems` adds since when it exists."""

from typing import NamedTuple

from ytaudio_daemon.doctor import CheckResult


class ProblemReport(NamedTuple):
    """A problem, as `status/daemon.json` shows it.

    Attributes:
        code: Public and stable.
        message: One sentence; two problems with one code differ in it.
        hint: What a person can do.
    """

    code: str
    message: str
    hint: str


def report_of_check(result: CheckResult) -> ProblemReport:
    """Return a check of `ytaudio doctor` that is not OK as a problem."""
    return ProblemReport(result.name, f"{result.message}.", result.remedy)
