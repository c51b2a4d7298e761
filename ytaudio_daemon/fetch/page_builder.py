"""Builds pages of entries that fit into a message, and sends them as they are full."""

from dataclasses import dataclass, field, replace

from ytaudio_daemon.fetch import PageReceiver
from ytaudio_daemon.model import AlbumFacts, ListedEntry, ListedPage, ListTotals
from ytaudio_daemon.model.listing import MAX_PAGE_ENTRIES

#: Of the entries of a page, as JSON: leaves room for the page's own texts in the 64 KiB
#: of a message (`system.protocol.MAX_MESSAGE`).
MAX_ENTRIES_BYTES = 60_000
#: At most, in UTF-8 and with JSON's escapes of the characters that a text may hold.
_BYTES_PER_CHAR = 4
#: Field names, numbers, IDs and punctuation of one entry.
_ENTRY_BYTES = 250
#: Repeated entries in a row, beyond one whole round, after which a list is circular.
_REPEATS_MARGIN = 2 * MAX_PAGE_ENTRIES


@dataclass(slots=True)
class PageBuilder:
    """Collects the entries of a listing and sends them page by page.

    Attributes:
        receiver: Gets the pages.
        max_entries: Entries that are sent in all, at most.
        head: The next page without entries: the facts of the collection.
    """

    receiver: PageReceiver
    max_entries: int
    head: ListedPage
    _entries: list[ListedEntry] = field(default_factory=list)
    _bytes: int = 0
    _seen: set[str] = field(default_factory=set)
    _position: int = 0
    _unavailable: int = 0
    _repeated: int = 0
    _repeated_in_a_row: int = 0
    _is_cut: bool = False

    @property
    def has_sent(self) -> bool:
        """Whether a page has been sent."""
        return self.head.number > 1

    @property
    def is_at_end(self) -> bool:
        """Whether the rest of the list does not matter.

        True if it is longer than `max_entries`, or circular.
        """
        is_circle = self._repeated_in_a_row > len(self._seen) + _REPEATS_MARGIN
        return self._is_cut or is_circle

    def describe(self, head: ListedPage) -> None:
        """Set the facts of the collection for the next pages."""
        self.send()
        self.head = replace(head, number=self.head.number)

    def describe_album(self, album: AlbumFacts | None) -> None:
        """Set the facts of the album that the next entries are of."""
        if album != self.head.album:
            self.send()
            self.head = replace(self.head, album=album)

    def begin_feed(self) -> None:
        """Begin a feed: its entries are the list's newest ones."""
        self.head = replace(self.head, is_feed=True)

    def begin_list(self) -> None:
        """Begin a list within the list, whose repeated entries are counted anew."""
        self._repeated_in_a_row = 0

    def next_position(self, video_id: str) -> int | None:
        """Return the next entry's place in the list.

        None if it must not be added: its video was added before, or the limit is reached.
        """
        self._position += 1
        if video_id in self._seen:
            self._repeated += 1
            self._repeated_in_a_row += 1
            return None
        if len(self._seen) >= self.max_entries:
            self._is_cut = True
            return None
        self._repeated_in_a_row = 0
        return self._position

    def add(self, entry: ListedEntry) -> None:
        """Add an entry; full pages are sent."""
        chars = len(entry.title) + len(entry.channel)
        needed = _ENTRY_BYTES + _BYTES_PER_CHAR * chars
        if self._bytes + needed > MAX_ENTRIES_BYTES:
            self.send()
        self._seen.add(entry.video_id)
        self._unavailable += bool(entry.unavailable)
        self._entries.append(entry)
        self._bytes += needed
        if len(self._entries) == MAX_PAGE_ENTRIES:
            self.send()

    def send(self) -> None:
        """Send the entries that are there; may wait until there is room for them."""
        if not self._entries:
            return
        self.receiver.page(replace(self.head, entries=tuple(self._entries)))
        self.head = replace(self.head, number=self.head.number + 1)
        self._entries, self._bytes = [], 0

    def totals(self) -> ListTotals:
        """Return the totals of all pages."""
        return ListTotals(
            entries=len(self._seen),
            unavailable=self._unavailable,
            repeated=self._repeated,
            announced=self.head.announced,
            is_cut=self._is_cut,
        )
