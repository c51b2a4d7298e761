"""What a measurement hands back, and how it is written down."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.youtube import Sound, Video, YouTube

#: The only stream on offer: every tool fetches the same bytes.
AAC: tuple[Sound, ...] = ("aac",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One figure beside its goal.

    Attributes:
        what: What was measured.
        goal: In words; "" when there is none.
        measured: In words.
        met: Whether the goal is reached; None when there is none.
        why: What stands in the way, where that is known.
    """

    what: str
    goal: str = ""
    measured: str
    met: bool | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The findings of one measurement, and what else is worth knowing in Markdown."""

    title: str
    findings: Sequence[Finding]
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every measurement gets.

    Attributes:
        youtube: The stand-in.
        folder: Empty, and the measurement's own.
        quick: Small counts: to see that it works, not what it yields.
        say: Tells the person what is going on.
    """

    youtube: YouTube
    folder: Path
    quick: bool
    say: Callable[[str], None]

    def count(self, full: int, quick: int) -> int:
        """Return how many, according to the mode."""
        return quick if self.quick else full

    def serve_clips(self, seconds: float) -> YouTube:
        """Let every ID be a video of that length; returns the stand-in."""
        self.youtube.reset()
        self.youtube.default = Video(duration_s=seconds, formats=AAC)
        return self.youtube

    @property
    def rounds(self) -> int:
        """How often styles take turns."""
        return self.count(3, 1)


class Measure(Protocol):
    """One module's way in."""

    def __call__(self, setting: Setting) -> Section:
        """Measure, and return what was found."""


def at_most(
    what: str, value: float, limit: float, unit: str, *, why: str = ""
) -> Finding:
    """Return the finding that `value` should not be above `limit`."""
    return Finding(
        what=what,
        goal=f"≤ {limit:g} {unit}".rstrip(),
        measured=f"{_short(value)} {unit}".rstrip(),
        met=value <= limit,
        why=why,
    )


def at_least(
    what: str, value: float, limit: float, unit: str, *, why: str = ""
) -> Finding:
    """Return the finding that `value` should not be below `limit`."""
    return Finding(
        what=what,
        goal=f"≥ {limit:g} {unit}",
        measured=f"{_short(value)} {unit}",
        met=value >= limit,
        why=why,
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["-"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def spread(values: Sequence[float]) -> str:
    """Return median, 95th percentile and maximum."""
    middle, most = statistics.median(values), max(values)
    return f"{_short(middle)} / {_short(percentile_95(values))} / {_short(most)}"


def percentile_95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def _short(value: float) -> str:
    """Three figures are all that a shared machine can tell."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
