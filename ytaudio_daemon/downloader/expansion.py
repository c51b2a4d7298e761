"""What is known of a collection while its entries are listed. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ytaudio_daemon.model import Failure, Layer, ListedEntry, ListedPage, ListTotals
from ytaudio_daemon.model.selection import SelectableEntry, Selection
from ytaudio_daemon.model.subscription import FirstLook, Follow
from ytaudio_daemon.urls import CollectionLink


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRequest:
    """A playlist, album or channel, and which of its entries are wanted.

    Attributes:
        collection: The link.
        selection: Of its entries.
        first_look: It is followed: what the first look takes of it is wanted.
    """

    collection: CollectionLink
    selection: Selection
    first_look: FirstLook | None = None

    @classmethod
    def from_layer(
        cls, collection: CollectionLink, layer: Layer
    ) -> "CollectionRequest":
        """Return what a line's checked options want of a collection.

        Of one that is followed, they are what the first look takes.
        """
        selection, follow = Selection.from_layer(layer), Follow.from_layer(layer)
        first_look = None if follow is None else FirstLook(selection, follow.keep_last)
        return cls(collection=collection, selection=selection, first_look=first_look)

    @property
    def order(self) -> str:
        """The order in which entries are decided about; one of `ORDERS`."""
        return (self.first_look or self.selection).order

    def skip_reason(
        self, entry: SelectableEntry, chosen_so_far: int, max_items: int
    ) -> str | None:
        """Return why an entry is not wanted; the arguments are those of a selection."""
        wanted = self.first_look or self.selection
        return wanted.skip_reason(entry, chosen_so_far, max_items)


class ExpandedEntry(NamedTuple):
    """An entry, and why it is not wanted.

    Attributes:
        entry: The entry.
        skipped: Why it is not selected; None if it is.
        album_tags: Tags that its album gives it; {} where it is on none.
    """

    entry: ListedEntry
    skipped: str | None = None
    album_tags: Mapping[str, str] = {}

    @property
    def is_wanted(self) -> bool:
        """Whether its video is selected and seems to be there."""
        return self.skipped is None and not self.entry.unavailable


@dataclass(slots=True, kw_only=True, eq=False)
class Expansion:
    """A collection whose entries are being listed, or were.

    Attributes:
        request: What is listed, and which entries are wanted.
        max_items: The config's limit of wanted entries; the selection's own wins.
        own_cookies: Of a session, in place of the config's.
        title: The collection's, as YouTube names it; "" while unknown.
        channel: Whose it is, or "".
        count: How many entries it has, repeated ones too: as YouTube says, or as they
            were listed; None while unknown.
        listed: Entries that were listed so far.
        wanted: Of these, the ones that are to be downloaded.
        unavailable: Of the selected ones, those that cannot be fetched, by their reason.
        not_selected: The other ones, by their reason.
        failure: Why the listing ended early.
        is_full: As many are wanted as may be: the rest was not listed.
        is_cut: The list goes on behind the last entry that is listed of any list.
        has_ended: No more entries come.
    """

    request: CollectionRequest
    max_items: int
    own_cookies: Path | None = None
    title: str = ""
    channel: str = ""
    count: int | None = None
    listed: int = 0
    wanted: int = 0
    unavailable: Counter[str] = field(default_factory=Counter)
    not_selected: Counter[str] = field(default_factory=Counter)
    failure: Failure | None = None
    is_full: bool = False
    is_cut: bool = False
    has_ended: bool = False

    @property
    def collection(self) -> CollectionLink:
        """What is listed."""
        return self.request.collection

    @property
    def name(self) -> str:
        """Its title; the link while that is unknown."""
        return self.title or self.collection.url

    def learn(self, page: ListedPage) -> None:
        """Store what a page says of the whole collection."""
        self.title = page.title or self.title
        self.channel = page.channel or self.channel
        if page.announced is not None:
            self.count = page.announced

    def end(self, totals: ListTotals) -> None:
        """Store what the end of a listing says of the whole collection."""
        self.failure = None
        if not totals.is_cut:
            self.count = totals.entries + totals.repeated
        is_asked_to_end = self.request.selection.last_position is not None
        self.is_cut = totals.is_cut and not is_asked_to_end

    def add(self, expanded: ExpandedEntry) -> None:
        """Count an entry."""
        self.listed += 1
        if expanded.skipped is not None:
            self.not_selected[expanded.skipped] += 1
        elif expanded.entry.unavailable:
            self.unavailable[expanded.entry.unavailable] += 1
        else:
            self.wanted += 1
