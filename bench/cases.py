"""The kinds of links that are measured, and the goals of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench import goals
from bench.goals import Goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of work.

    Attributes:
        name: In words.
        seconds: Length of each video.
        format: What is made of it.
        full: Links in a run.
        quick: The same, to try it out.
        goals: For the throughput over each peer.
        budget_s: After which no further round begins.
    """

    name: str
    seconds: float
    format: str
    full: int
    quick: int
    goals: Mapping[str, Goal]
    budget_s: float

    @property
    def is_copied(self) -> bool:
        """Whether nothing is encoded, so that all of the CPU is the tool's own."""
        return self.format == "m4a"


CASES = (
    Case(
        name="3 s clips to m4a (copied)",
        seconds=3,
        format="m4a",
        full=40,
        quick=4,
        goals=goals.THROUGHPUT["tiny"],
        budget_s=180,
    ),
    Case(
        name="30 s clips to mp3 192k",
        seconds=30,
        format="mp3",
        full=16,
        quick=2,
        goals=goals.THROUGHPUT["clips"],
        budget_s=130,
    ),
    Case(
        name="220 s songs to mp3 192k",
        seconds=220,
        format="mp3",
        full=6,
        quick=1,
        goals=goals.THROUGHPUT["songs"],
        budget_s=130,
    ),
)
