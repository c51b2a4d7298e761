"""The progress of a collection as text for people. Pure."""

from collections.abc import Mapping


def entry_counts_text(counts: Mapping[str, int]) -> str:
    """Return how much of a collection is done: `12 of 14 done, 1 failed`.

    Args:
        counts: Numbers of entries by the names of `EntryCounts`.
    """
    selected = sum(counts.values()) - counts["not_selected"]
    parts = [f"{counts['completed']:,} of {selected:,} done"] if selected else []
    for name, words in (
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("unavailable", "not available"),
        ("not_selected", "not selected"),
    ):
        if counts[name]:
            parts.append(f"{counts[name]:,} {words}")
    return ", ".join(parts) or "no entries"
