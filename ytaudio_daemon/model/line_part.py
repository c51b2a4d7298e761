"""The number of a drop's entry: a line, and a part of it where it has several. Pure."""

from typing import NamedTuple


class LinePart(NamedTuple):
    """Numbers one entry of a drop; they sort in the order of the file.

    Attributes:
        line: The physical line, from 1; 0 before all lines.
        part: Its place among several links of the line, from 1; 0 when it is alone.
    """

    line: int = 0
    part: int = 0

    def __str__(self) -> str:
        """Return it as people read it: `3`, or `3.1`."""
        return f"{self.line}.{self.part}" if self.part else str(self.line)

    def just_before(self) -> "LinePart":
        """Return what sorts before it and behind all entries before it."""
        return LinePart(self.line, self.part - 1)
