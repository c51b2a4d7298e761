"""One collection that is being listed, as the daemon holds it in memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.ledger.listing_pages import Entry
from ytaudio_daemon.model import Outcome
from ytaudio_daemon.model.listing import ListedPage
from ytaudio_daemon.model.selection import in_order

#: Entries that are decided about in one transaction, when all pages were needed first.
ENTRIES_PER_BATCH = 250


@dataclass(slots=True, eq=False)
class RunningListing:
    """A collection that is being listed.

    Attributes:
        claim: The attempt.
        pages: Not recorded yet, in order.
        end: How its worker ended; None while it runs.
        is_interrupted: The worker was stopped by a shutdown, or died with the template.
        selected_count: Entries that are selected so far.
        last_position: Of the last entry that was recorded.
        is_full: Enough entries are selected: the rest of the list is not wanted.
        is_abandoned: It was cancelled.
        batches: What is still to be decided about, when all pages are recorded.
        batch: Of these, the one in hand, until it is committed.
    """

    claim: ListingClaim
    pages: deque[ListedPage] = field(default_factory=deque)
    end: Outcome | None = None
    is_interrupted: bool = False
    selected_count: int = 0
    last_position: int = 0
    is_full: bool = False
    is_abandoned: bool = False
    batches: Iterator[list[Entry]] | None = None
    batch: list[Entry] | None = None

    def next_batch(
        self, seen_entries: Callable[[ListingClaim], list[Entry]]
    ) -> list[Entry] | None:
        """Return the entries to decide about next, if all pages were needed for that.

        It is the same batch until `batch` is None again: it was not committed.

        Args:
            seen_entries: Returns all entries that the attempt has recorded.
        """
        if self.claim.decides_at_once:
            return None
        if self.batches is None:
            seen = seen_entries(self.claim)
            self.batches = batches_of(in_order(seen, self.claim.wanted.order))
            self.selected_count = 0
        self.batch = self.batch or next(self.batches, None)
        return self.batch

    @property
    def is_at_end(self) -> bool:
        """Whether its worker has ended and all of its pages are recorded."""
        return self.end is not None and not self.pages


def batches_of(ordered: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield entries in pieces, each for one transaction."""
    batch: list[Entry] = []
    for entry in ordered:
        batch.append(entry)
        if len(batch) == ENTRIES_PER_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
