"""A collection that was listed, in words: how much of it is wanted, and why not more. Pure."""

from collections import Counter
from collections.abc import Iterator

from ytaudio_daemon.collections.list_requests import MAX_LISTED_ENTRIES
from ytaudio_daemon.downloader.expansion import Expansion
from ytaudio_daemon.model.collection import UNAVAILABLE_TEXTS


def expansion_text(expansion: Expansion) -> str:
    """Return how much of a collection is downloaded: `Title: album of 14, all of it`."""
    return f"{expansion.name}: {'; '.join(_clauses(expansion))}"


def _clauses(expansion: Expansion) -> Iterator[str]:
    count = expansion.count
    of_all = "" if count is None else f" of {count:,}"
    yield f"{expansion.wanted:,}{of_all} in this {expansion.collection.kind} to download"
    for unavailable, number in expansion.unavailable.most_common():
        yield f"{number:,} {UNAVAILABLE_TEXTS.get(unavailable, unavailable)}"
    if expansion.not_selected:
        total = expansion.not_selected.total()
        yield f"{total:,} not selected: {_reasons(expansion.not_selected)}"
    if expansion.is_full:
        limit = expansion.request.selection.limit(expansion.max_items)
        yield f"the list goes on: max_items (now {limit:,}) or items takes more"
    if expansion.is_cut:
        yield f"the list goes on, and only {MAX_LISTED_ENTRIES:,} entries are read"


def _reasons(counted: Counter[str]) -> str:
    return ", ".join(f"{number:,} {reason}" for reason, number in counted.most_common())
