"""Texts about links in comments, for intake, receipts and `ytaudio check`. Pure."""

from collections.abc import Sequence

#: The most lines that the sentence names.
MAX_NAMED_LINES = 10


def switched_off_sentence(link_count: int, lines: Sequence[int]) -> str:
    """Return how many links are switched off, and where; "" when none is.

    Args:
        link_count: The number of switched-off links.
        lines: Their lines, each once and in order; of more than `MAX_NAMED_LINES` at
            least one more.
    """
    if not link_count:
        return ""
    subject = "1 link is" if link_count == 1 else f"{link_count:,} links are"
    place = "line" if len(lines) == 1 else "lines"
    return f"{subject} switched off ({place} {numbers_text(lines)})"


def numbers_text(lines: Sequence[int]) -> str:
    """Return the numbers of lines as text; of many the first ones."""
    named = ", ".join(map(str, lines[:MAX_NAMED_LINES]))
    return named + (" and more" if len(lines) > MAX_NAMED_LINES else "")


def no_line_reason(link_count: int) -> str:
    """Return why a drop without any line cannot be used.

    Args:
        link_count: The links in its comments.
    """
    if link_count == 0:
        return "there is no link in it"
    if link_count == 1:
        return "its only link is switched off: it is in a comment"
    return f"all of its {link_count:,} links are switched off: they are in comments"
