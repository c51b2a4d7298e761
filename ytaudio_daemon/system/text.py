"""Puts text on one line, and shortens it. Pure.

It imports nothing, so that delivery processes start quickly.
"""


def single_line(text: str) -> str:
    """Return a text on one line, without control characters."""
    if not text.isprintable():  # nearly all are, and a million lines pass through here
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())


def shortened(text: str, longest: int) -> str:
    """Return a text cut to `longest` characters, the last an ellipsis if it was cut."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
