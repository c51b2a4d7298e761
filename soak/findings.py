"""What a case found: figures beside their limits, and what must not be at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the daemon promises to stay within.

    Attributes:
        memory_mb: Of the daemon, proportional and resident, at its worst moment.
        worker_mb: Of any other process of its tree, likewise.
        status_s: A `ytaudio status`, by the clock and of CPU, while it is busy; without
            the time in which other programs had all processors.
        step_ms: CPU of the longest step of the loop: by the clock it is the disk's
            and the neighbours' time, too.
        cancel_s: A `ytaudio cancel --session` of 28,000 jobs, by the clock likewise.
        growth_mb: Of daemon and template over the second half of the case `leaks`; see
            docs/decisions.md for how it came about.
        ready_s: From `exec` until it serves, on the ledger that the case has filled.
    """

    memory_mb: float = 200.0
    worker_mb: float = 200.0
    status_s: float = 1.0
    step_ms: float = 100.0
    cancel_s: float = 10.0
    growth_mb: float = 5.0
    ready_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure; without a limit it is only told."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    remark: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether it is within its limit."""
        return self.limit is None or self.value <= self.limit

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        limit = "" if self.limit is None else f" (≤ {self.limit:g})"
        remark = f" [{self.remark}]" if self.remark else ""
        return f"{self.name} {_short(self.value)}{unit}{limit}{remark}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One case's result.

    Attributes:
        case: Its name.
        about: What was put on the daemon, in a few words.
        figures: In the order they are told.
        wrong: What is lost, doubled, left over or complained of; empty when all is well.
    """

    case: str
    about: str
    figures: Sequence[Figure]
    wrong: Sequence[str] = field(default=())

    @property
    def broken(self) -> list[str]:
        """Everything that must not be."""
        over = [str(figure) for figure in self.figures if not figure.is_kept]
        return [*over, *self.wrong]

    def __str__(self) -> str:
        verdict = "BROKEN" if self.broken else "ok"
        line = f"{self.case:9} {verdict:6} {self.about}"
        told = "; ".join(map(str, self.figures))
        return f"{line} | {told} | unaccounted {len(self.wrong)}"


def _short(value: float) -> str:
    """Three figures are all that a shared machine can tell."""
    return (
        f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    )
