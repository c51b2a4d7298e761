"""The kinds of links that are measured, and the goals of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench import goals
from bench.goals import Goal

_TINY_S = 3
_ENCODES_DIFFER = (
    "The same encode takes more or less CPU by a fifth and more: ffmpeg's threads hand over "
    "frames 85,000 times a song, from core to core (`docs/decisions.md`). So two or three "
    "rounds tell a ratio to a tenth; smaller changes show in the next case, without encodes."
)


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
        note: What a reader of its figures must know.
    """

    name: str
    seconds: float
    format: str
    full: int
    quick: int
    goals: Mapping[str, Goal]
    budget_s: float
    note: str = ""

    @property
    def is_tiny(self) -> bool:
        """Whether it is a clip that is copied: its CPU has goals of its own."""
        return self.format == "m4a" and self.seconds <= _TINY_S


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
        note=_ENCODES_DIFFER,
    ),
    # What we do with a song beside LAME's encode, which is five sixths of the case above.
    Case(
        name="220 s songs to m4a (copied)",
        seconds=220,
        format="m4a",
        full=12,
        quick=1,
        goals=goals.THROUGHPUT["copied songs"],
        budget_s=45,
    ),
)
