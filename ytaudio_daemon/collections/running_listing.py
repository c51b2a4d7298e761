"""What the daemon has in memory of a collection that is being listed."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.ledger.listing_pages import Entry
from ytaudio_daemon.model import Outcome
from ytaudio_daemon.model.listing import ListedPage
from ytaudio_daemon.model.selection import in_order

#: Entries that are decided about in one transaction after the last page.
ENTRIES_PER_BATCH = 250


@dataclass(slots=True, eq=False)
class RunningListing:
    """A collection that a worker lists, or whose pages are still to be recorded.

    Attributes:
        claim: The attempt.
        pages: Pages that are not recorded yet, in order.
        end: The outcome of its worker; None while that runs.
        is_interrupted: The worker was stopped by a shutdown, or died with the template.
        selected_count: Entries that are selected so far.
        last_position: The position of the last entry that was recorded.
        is_full: Enough entries are selected: the rest of the list is not wanted.
        is_abandoned: The collection was cancelled: nothing more is recorded.
        undecided: Entries that are decided about after the last page, in the order of
            the selection; None before.
    """

    claim: ListingClaim
    pages: deque[ListedPage] = field(default_factory=deque)
    end: Outcome | None = None
    is_interrupted: bool = False
    selected_count: int = 0
    last_position: int = 0
    is_full: bool = False
    is_abandoned: bool = False
    undecided: list[Entry] | None = None

    def next_batch(
        self, seen_entries: Callable[[ListingClaim], list[Entry]]
    ) -> list[Entry]:
        """Return the next entries to decide about after the last page, if any are left.

        They are the same until `finish_batch` is called.

        Args:
            seen_entries: Returns all entries that the attempt has recorded.
        """
        if self.claim.decides_at_once:
            return []
        if self.undecided is None:
            seen = seen_entries(self.claim)
            self.undecided = list(in_order(seen, self.claim.wanted.order))
            self.selected_count = 0
        return self.undecided[:ENTRIES_PER_BATCH]

    def finish_batch(self) -> None:
        """Remove the batch that `next_batch` returned: it is committed."""
        if self.undecided is not None:
            del self.undecided[:ENTRIES_PER_BATCH]

    @property
    def is_at_end(self) -> bool:
        """Whether its worker has ended and all of its pages are recorded."""
        return self.end is not None and not self.pages
