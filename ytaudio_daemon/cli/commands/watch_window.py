"""The part of a long report that fits the terminal, and the keys that move it. Pure."""

from dataclasses import dataclass

#: The characters that a terminal sends for a key, with the lines or pages that it moves.
_LINES = {"j": 1, "\x1b[B": 1, "\x1bOB": 1, "k": -1, "\x1b[A": -1, "\x1bOA": -1}
_PAGES = {" ": 1, "\x1b[6~": 1, "b": -1, "\x1b[5~": -1}
_ENDS = frozenset({"q", "Q", "\x03", "\x04"})


@dataclass(frozen=True, slots=True)
class Window:
    """Which lines of a report are shown.

    Attributes:
        first: The first line shown, from 0.
        height: The lines that fit.
        total: The report's lines.
    """

    first: int = 0
    height: int = 0
    total: int = 0

    def fitted(self, height: int, total: int) -> "Window":
        """Return the window for a report and terminal that may have changed."""
        last_first = max(0, total - height)
        return Window(min(max(0, self.first), last_first), height, total)

    def moved(self, key: str) -> "Window":
        """Return the window after a key; any other key leaves it where it is."""
        lines = _LINES.get(key, 0) + _PAGES.get(key, 0) * max(1, self.height - 1)
        return Window(self.first + lines, self.height, self.total).fitted(
            self.height, self.total
        )

    @property
    def end(self) -> int:
        """The line behind the last one shown."""
        return min(self.first + self.height, self.total)

    @property
    def hint(self) -> str:
        """The line below the report: the key that ends it, and how many lines are hidden."""
        if self.total <= self.height:
            return "q ends this view"
        more = [
            text
            for count, text in (
                (self.first, f"{self.first} lines above"),
                (self.total - self.end, f"{self.total - self.end} lines below"),
            )
            if count
        ]
        return f"{', '.join(more)} (arrow keys, space, b) · q ends this view"


def is_end(key: str) -> bool:
    """True for the keys that end the view."""
    return key in _ENDS
