"""The state of a collection while its entries are listed without a ledger. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ytaudio_daemon.model import (
    AlbumFacts,
    Failure,
    Layer,
    ListedEntry,
    ListedPage,
    ListTotals,
)
from ytaudio_daemon.model.job_collection import album_tags
from ytaudio_daemon.model.selection import ListableEntry, Selection
from ytaudio_daemon.model.subscription import FirstLook, Follow
from ytaudio_daemon.urls import CollectionLink


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRequest:
    """A playlist, album or channel, and which of its entries are wanted.

    Attributes:
        collection: The link.
        selection: Of its entries.
        first_look: For a followed collection, the selection of its first look.
    """

    collection: CollectionLink
    selection: Selection
    first_look: FirstLook | None = None

    @classmethod
    def from_layer(
        cls, collection: CollectionLink, layer: Layer
    ) -> "CollectionRequest":
        """Return the request for a collection by a line's checked options.

        For a followed collection it selects the entries that the first look takes.
        """
        selection, follow = Selection.from_layer(layer), Follow.from_layer(layer)
        first_look = None if follow is None else FirstLook(selection, follow.keep_last)
        return cls(collection=collection, selection=selection, first_look=first_look)

    @property
    def order(self) -> str:
        """The order in which entries are decided about; one of `ORDERS`."""
        return (self.first_look or self.selection).order

    def skip_reason(
        self, entry: ListableEntry, chosen_so_far: int, max_items: int
    ) -> str | None:
        """Return why an entry is not wanted, or None; see `Selection.skip_reason`."""
        selection = self.first_look or self.selection
        return selection.skip_reason(entry, chosen_so_far, max_items)


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
        own_cookies: A session's cookies file, used instead of the config's.
        title: The collection's, as YouTube names it; "" while unknown.
        channel: The name of its channel, or "".
        count: How many entries it has, repeated ones too: as YouTube says, or as they
            were listed; None while unknown.
        listed: Entries that were listed so far.
        wanted: Of these, the entries to be downloaded.
        unavailable: The number of selected entries that cannot be fetched, by reason.
        not_selected: The number of all other entries, by reason.
        failure: Why the listing ended early.
        is_full: The limit of wanted entries is reached; the rest was not listed.
        is_cut: The list is longer than any listing goes.
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
    _albums: dict[str, AlbumFacts] = field(default_factory=dict)

    @property
    def collection(self) -> CollectionLink:
        """What is listed."""
        return self.request.collection

    @property
    def name(self) -> str:
        """Its title; the link while that is unknown."""
        return self.title or self.collection.url

    def update_from(self, page: ListedPage) -> None:
        """Store the facts of the collection and its albums that a page has."""
        self.title = page.title or self.title
        self.channel = page.channel or self.channel
        if page.announced is not None:
            self.count = page.announced
        if page.album is not None:
            for entry in page.entries:
                self._albums.setdefault(entry.video_id, page.album)

    def finish(self, totals: ListTotals) -> None:
        """Store the totals of a listing that reached its end."""
        self.failure = None
        if not totals.is_cut:
            self.count = totals.entries + totals.repeated
        is_asked_to_end = self.request.selection.last_position is not None
        self.is_cut = totals.is_cut and not is_asked_to_end

    def decide(self, entry: ListedEntry) -> ExpandedEntry:
        """Decide whether an entry is wanted, and count it."""
        skipped = self.request.skip_reason(entry, self.wanted, self.max_items)
        self.listed += 1
        if skipped is not None:
            self.not_selected[skipped] += 1
        elif entry.unavailable:
            self.unavailable[entry.unavailable] += 1
        else:
            self.wanted += 1
        album = self._albums.get(entry.video_id)
        return ExpandedEntry(
            entry, skipped, album_tags(album, self.channel, entry.track)
        )
