"""What every case gets, and the figures that every case hands back."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from soak import stopwatch
from soak.findings import Figure, Limits, Report
from soak.house import House
from soak.observer import ALIVE, Gauge, Observer
from tests.youtube import YouTube


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The place and the measure of one case.

    Attributes:
        case: Its name.
        youtube: The stand-in.
        root: Its folder: empty, and its own.
        quick: Small counts: to see that it works, not what the daemon bears.
        limits: What is to be kept.
        sabotage: What is to go wrong, "" for nothing.
    """

    case: str
    youtube: YouTube
    root: Path
    quick: bool
    limits: Limits
    sabotage: str = ""

    def count(self, full: int, quick: int) -> int:
        """Return how many, according to the mode."""
        return quick if self.quick else full

    @property
    def _ask_every_s(self) -> float:
        """Seconds between two calls of `ytaudio status`."""
        return 0.3 if self.quick else 3.0

    def house(self, **settings: str) -> House:
        """Return a daemon that is not yet started."""
        quick = {"inbox_settle": "100ms", "status_interval": "100ms"}
        return House(
            self.root,
            self.youtube,
            self.sabotage,
            **((quick if self.quick else {}) | settings),
        )

    @contextmanager
    def observed(
        self, house: House, more: Mapping[str, Gauge] | None = None
    ) -> Iterator[Observer]:
        """Let the daemon serve, and watch it until the body is over."""
        with house, Observer(house, self._ask_every_s, more) as seen:
            yield seen

    def report(
        self,
        about: str,
        house: House,
        seen: Observer,
        *,
        figures: Sequence[Figure] = (),
        wrong: Sequence[str] = (),
    ) -> Report:
        """Return the case's report, once its daemon has ended.

        Args:
            about: What was put on the daemon.
            house: Its daemon.
            seen: Who watched it.
            figures: The case's own, besides those that all have.
            wrong: What it found that must not be.
        """
        took = Figure(name="took", value=time.perf_counter() - house.began, unit="s")
        load = Figure(name="load", value=os.getloadavg()[0], unit="")
        return Report(
            case=self.case,
            about=about,
            figures=[
                *_memory(seen, self.limits),
                *_status(seen, self.limits),
                *_steps(house, self.limits),
                *figures,
                took,
                load,
            ],
            wrong=[*wrong, *_trouble(house, seen)],
        )

    def ready(self) -> Figure:
        """Start the daemon once more on what it has now; return how soon it serves."""
        house = self.house()
        with house, Observer(house, self._ask_every_s) as seen:
            house.until(lambda: len(seen.answers) > 1)
        figure = Figure(
            name="ready again", value=house.ready_s, unit="s", limit=self.limits.ready_s
        )
        peak = f"RSS {seen.peaks['daemon RSS']:.0f} MB"
        return replace(figure, remark=peak)


def _memory(seen: Observer, limits: Limits) -> list[Figure]:
    most = {
        "daemon PSS": limits.memory_mb,
        "daemon RSS": limits.memory_mb,
        "worker RSS": limits.worker_mb,
    }
    return [
        Figure(name=name, value=seen.peaks[name], unit="MB", limit=limit)
        for name, limit in most.items()
    ]


def _status(seen: Observer, limits: Limits) -> list[Figure]:
    slowest = max(seen.answers, key=lambda ran: ran.own_s)
    cpu_s = max(ran.cpu_s for ran in seen.answers)
    wall_s = max(ran.wall_s for ran in seen.answers)
    told = f"{len(seen.answers)} times, {wall_s:.2f} s with waits for a processor"
    limit = limits.status_s
    return [
        Figure(name="status", value=slowest.own_s, unit="s", limit=limit, remark=told),
        Figure(name="its CPU", value=cpu_s, unit="s", limit=limit),
    ]


def _steps(house: House, limits: Limits) -> list[Figure]:
    steps = stopwatch.steps(house.steps_log)
    if not steps:
        return []
    busiest = max(steps, key=lambda step: step.cpu_ms)
    longest = max(steps, key=lambda step: step.wall_ms)
    return [
        Figure(
            name="busiest step",
            value=busiest.cpu_ms,
            unit="ms",
            limit=limits.step_ms,
            remark=busiest.name,
        ),
        Figure(
            name="longest step",
            value=longest.wall_ms,
            unit="ms",
            remark=longest.name,
        ),
    ]


def _trouble(house: House, seen: Observer) -> list[str]:
    """Return what the daemon complained of, and how it ended or failed to answer."""
    silent = [ran for ran in seen.answers if ran.code not in ALIVE]
    said = [f"status ended with {ran.code}: {ran.said[-300:]}" for ran in silent[:3]]
    ended = house.exit_status
    return [
        *house.complaints(),
        *said,
        *([f"the daemon ended with {ended}"] if ended else []),
    ]
