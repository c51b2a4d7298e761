"""The result of a check."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """The severity of a result."""

    OK = "ok"
    #: It works, but a person should look at it.
    WARNING = "warning"
    #: Jobs cannot succeed, or are in danger.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The result of one check.

    Attributes:
        name: The check, in snake case and stable, e.g. `ffmpeg`.
        health: The severity.
        message: One sentence: what was found, and its consequence.
        remedy: A command if there is one, else what to do; "" when all is well.
    """

    name: str
    health: CheckStatus
    message: str
    remedy: str = ""


def ok(name: str, message: str) -> CheckResult:
    """Return the result that all is well."""
    return CheckResult(name=name, health=CheckStatus.OK, message=message)


def warning(name: str, message: str, remedy: str = "") -> CheckResult:
    """Return the result that a person should look at it."""
    return CheckResult(
        name=name, health=CheckStatus.WARNING, message=message, remedy=remedy
    )


def broken(name: str, message: str, remedy: str) -> CheckResult:
    """Return the result that jobs cannot succeed, or are in danger."""
    return CheckResult(
        name=name, health=CheckStatus.BROKEN, message=message, remedy=remedy
    )
