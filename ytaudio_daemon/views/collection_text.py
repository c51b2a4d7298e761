"""How much of a collection is done, for people. Pure."""

from collections.abc import Mapping
from dataclasses import asdict

from ytaudio_daemon.ledger.collection_queries import EntryCounts


def counts_text(counts: Mapping[str, int]) -> str:
    """Return how much of a collection is done: `12 of 14 done, 1 failed`.

    Args:
        counts: Numbers of entries by the names of `EntryCounts`.
    """
    selected = sum(counts.values()) - counts["not_selected"]
    said = [f"{counts['completed']:,} of {selected:,} done"] if selected else []
    for name, words in (
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("unavailable", "not available"),
        ("not_selected", "not selected"),
    ):
        if counts[name]:
            said.append(f"{counts[name]:,} {words}")
    return ", ".join(said) or "no entries"


def counts_of_entries(counts: EntryCounts) -> str:
    """Return the same of a collection's counts."""
    return counts_text(asdict(counts))
