"""Divides long texts, so that their reader can pause between two portions. Pure."""

from collections.abc import Iterator

#: Searching so many characters for links takes 40 ms at worst; a link has some hundred.
MAX_PORTION_CHARS = 1 << 14


def portions(text: str, start: int = 0, end: int | None = None) -> Iterator[str]:
    """Yield a text in portions, cut at white space where there is some."""
    end = len(text) if end is None else end
    while start < end:
        stop = portion_end(text, start, end)
        yield text[start:stop]
        start = stop


def portion_end(text: str, start: int, end: int) -> int:
    """Return where the portion ends that begins at `start`, at `end` at the latest."""
    stop = start + MAX_PORTION_CHARS
    if stop >= end:
        return end
    gap = max(text.rfind(space, start, stop) for space in " \n\t")
    return stop if gap <= start else gap
