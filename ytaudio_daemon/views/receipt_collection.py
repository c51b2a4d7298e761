"""A collection in receipts: its items by outcome, and its texts for people. Pure."""

from collections import Counter
from collections.abc import Iterator

from ytaudio_daemon.ledger.receipt_line import ReceiptCollection, ReceiptLine
from ytaudio_daemon.ledger.subscriptions import Subscription
from ytaudio_daemon.model.collection import CollectionState
from ytaudio_daemon.model.collection_options import duration_text
from ytaudio_daemon.model.subscription import SubscriptionState
from ytaudio_daemon.system.times import utc_time

_UNLISTED_TEXTS = {
    CollectionState.QUEUED: "to be listed",
    CollectionState.RUNNING: "being listed",
    CollectionState.WAITING: "to be listed again",
    CollectionState.FAILED: "could not be listed",
    CollectionState.CANCELLED: "cancelled",
}
#: The outcome of each final state of a job or listing; `open` before that.
FINAL_OUTCOMES = {"completed": "done", "failed": "failed", "cancelled": "cancelled"}


def item_outcome(item: ReceiptLine) -> str:
    """Return `done`, `failed`, `cancelled`, `open` or `unavailable`."""
    if item.state is None:
        return "unavailable"
    return FINAL_OUTCOMES.get(item.state, "open")


def outcomes_of(collection: ReceiptCollection) -> Counter[str]:
    """Count a collection's items by outcome; its listing, too, unless that is done."""
    counts = Counter(map(item_outcome, collection.items))
    if collection.state is not CollectionState.COMPLETED:
        counts[FINAL_OUTCOMES.get(collection.state.value, "open")] += 1
    return counts


def progress_text(collection: ReceiptCollection) -> str:
    """Return how much of a collection is done: `12 of 14 done, 1 failed`."""
    counts = Counter(map(item_outcome, collection.items))
    parts = [f"{counts['done']} of {len(collection.items)} done"]
    for outcome, words in (
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("unavailable", "not available"),
    ):
        if counts[outcome]:
            parts.append(f"{counts[outcome]} {words}")
    text = ", ".join(parts)
    unlisted = _UNLISTED_TEXTS.get(collection.state)
    if unlisted is None:
        return text if collection.items else "nothing in it to download"
    return f"{unlisted}: {text}" if collection.items else unlisted


def collection_details(collection: ReceiptCollection) -> Iterator[str]:
    """Yield sentences about what was skipped, and what comes next."""
    skipped = collection.skipped.total()
    if skipped:
        reasons = ", ".join(
            f"{number} {reason}" for reason, number in sorted_reasons(collection)
        )
        yield f"{skipped} not selected: {reasons}"
    if collection.is_cut:
        count = f" of {collection.entry_count}" if collection.entry_count else ""
        yield f"the list{count} goes on; for more: other items=, or a larger max_items="
    if collection.subscription is not None:
        yield _subscription_text(collection.subscription)
    if collection.retry_at is not None:
        yield f"next try: {utc_time(collection.retry_at)}"


def _subscription_text(subscription: Subscription) -> str:
    every = duration_text(int(subscription.interval_s))
    match subscription.state:
        case SubscriptionState.ACTIVE:
            next_look = utc_time(subscription.next_at)
            return f"followed every {every}, next look: {next_look}"
        case SubscriptionState.PAUSED:
            return f"followed every {every}, but paused"
        case SubscriptionState.STOPPED:
            return "no longer followed"


def sorted_reasons(collection: ReceiptCollection) -> list[tuple[str, int]]:
    """Return the reasons why entries were skipped, with counts, the most frequent first."""
    return sorted(collection.skipped.items(), key=lambda pair: (-pair[1], pair[0]))
