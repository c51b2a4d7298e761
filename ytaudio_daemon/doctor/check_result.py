"""What a check comes back with."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """How something is."""

    OK = "ok"
    #: It works, but somebody should look at it.
    WARNING = "warning"
    #: Jobs cannot succeed, or are in danger.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One thing that was looked at.

    Attributes:
        name: Snake-case, stable, e.g. `ffmpeg`.
        health: How it is.
        message: What was found and what that means, in a sentence.
        remedy: What to do, a command where there is one; "" when all is well.
    """

    name: str
    health: CheckStatus
    message: str
    remedy: str = ""


def ok(name: str, message: str) -> CheckResult:
    """Return that something is all right."""
    return CheckResult(name=name, health=CheckStatus.OK, message=message)


def warning(name: str, message: str, remedy: str = "") -> CheckResult:
    """Return that somebody should look at it."""
    return CheckResult(
        name=name, health=CheckStatus.WARNING, message=message, remedy=remedy
    )


def broken(name: str, message: str, remedy: str) -> CheckResult:
    """Return that jobs cannot succeed with it."""
    return CheckResult(
        name=name, health=CheckStatus.BROKEN, message=message, remedy=remedy
    )
