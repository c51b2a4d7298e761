"""What a measurement hands back, and how it is written down."""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
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
    #: What else the machine did meanwhile.
    load: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every measurement gets.

    Attributes:
        youtube: The stand-in.
        folder: Empty, and the measurement's own.
        quick: Small counts: to see that it works, not what it yields.
        say: Tells the person what is going on.
        time_share: The share of the usual time that is left for this, at most 1.
    """

    youtube: YouTube
    folder: Path
    quick: bool
    say: Callable[[str], None]
    time_share: float = 1.0

    def count(self, full: int, quick: int) -> int:
        """Return how many, according to the mode."""
        return quick if self.quick else full

    def serve_clips(self, seconds: float) -> YouTube:
        """Let every ID be a video of that length; returns the stand-in."""
        self.youtube.reset()
        self.youtube.default = Video(duration_s=seconds, formats=AAC)
        return self.youtube

    def rounds(self, budget_s: float = 90.0) -> Iterator[int]:
        """Yield the numbers of the rounds in which styles take turns.

        Three (one with `--quick`), fewer where another would not end within the budget:
        a busy machine must not make the whole run longer than people wait for it.
        """
        budget_s *= self.time_share
        began = time.monotonic()
        for turn in range(self.count(3, 1)):
            spent_s = time.monotonic() - began
            if turn and spent_s * (turn + 1) / turn > budget_s:
                self.say(f"no more than {turn} rounds: this machine is slow now")
                return
            yield turn


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
        measured=f"{short(value)} {unit}".rstrip(),
        met=value <= limit,
        why=why,
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["-"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def spread(values: Sequence[float]) -> str:
    """Return median, 95th percentile and maximum."""
    middle, most = statistics.median(values), max(values)
    return f"{short(middle)} / {short(percentile_95(values))} / {short(most)}"


def percentile_95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def short(value: float) -> str:
    """Return three figures: more are not to be had from a shared machine."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
