"""What a check comes back with."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How something is."""

    OK = "ok"
    #: It works, but somebody should look at it.
    WARNING = "warning"
    #: Jobs cannot succeed, or are in danger.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: Snake-case, stable, e.g. `ffmpeg`.
        health: How it is.
        message: What was found and what that means, in a sentence.
        remedy: What to do, a command where there is one; "" when all is well.
    """

    name: str
    health: Health
    message: str
    remedy: str = ""


def ok(name: str, message: str) -> Finding:
    """Return that something is all right."""
    return Finding(name=name, health=Health.OK, message=message)


def warning(name: str, message: str, remedy: str = "") -> Finding:
    """Return that somebody should look at it."""
    return Finding(name=name, health=Health.WARNING, message=message, remedy=remedy)


def broken(name: str, message: str, remedy: str) -> Finding:
    """Return that jobs cannot succeed with it."""
    return Finding(name=name, health=Health.BROKEN, message=message, remedy=remedy)
