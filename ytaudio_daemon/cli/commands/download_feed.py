"""Yields the items of a download in order: lists collections, marks duplicates."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ytaudio_daemon.cli.commands.download_list import Item
from ytaudio_daemon.downloader.collection_expander import (
    CollectionExpander,
    ExpandControl,
)
from ytaudio_daemon.downloader.expansion import (
    CollectionRequest,
    ExpandedEntry,
    Expansion,
)
from ytaudio_daemon.downloader.folder_downloader import DownloadRequest
from ytaudio_daemon.model import Options
from ytaudio_daemon.urls import Link


class ItemFeed:
    """The items of a download as they become known; to be iterated over once.

    Args:
        items: As `build_list` returns them.
        expander: Lists collections.
        max_items: The config's limit of entries of a collection.
        control: Follows listings and ends them early.
        on_listed: Called after each entry, and once more at the end of a listing.
    """

    def __init__(
        self,
        items: Sequence[Item],
        expander: CollectionExpander,
        *,
        max_items: int,
        control: ExpandControl,
        on_listed: Callable[[Expansion], None],
    ) -> None:
        self._items = items
        self._expander = expander
        self._max_items = max_items
        self._control = control
        self._on_listed = on_listed
        #: The number of the first item with some audio, or of some collection.
        self._first: dict[tuple[str, ...], int] = {}
        self._count = 0

    def __iter__(self) -> Iterator[Item]:
        for item in self._items:
            if item.collection is None or item.options is None:
                yield self._numbered(item)
            else:
                yield from self._expanded(item, item.collection, item.options)

    def _numbered(self, item: Item, key: tuple[str, ...] = ()) -> Item:
        """Count an item, and mark it as a duplicate if an earlier one asks for the same."""
        key = item.request.audio_key if item.request else key
        number, self._count = self._count, self._count + 1
        known = self._first.setdefault(key, number) if key else number
        return item if known == number else replace(item, duplicate_of=known)

    def _expanded(
        self, item: Item, request: CollectionRequest, options: Options
    ) -> Iterator[Item]:
        """Yield an item for each entry that is wanted or cannot be fetched."""
        key = _collection_key(request, options)
        if key in self._first:
            yield self._numbered(item, key)
            return
        first = self._count
        expansion = Expansion(request=request, max_items=self._max_items)
        for expanded in self._expander.expand(expansion, self._control):
            self._on_listed(expansion)
            if expanded.skipped is None:
                yield self._numbered(_entry_item(item, expansion, expanded, options))
        self._on_listed(expansion)
        if expansion.failure is not None:
            yield self._numbered(replace(item, expansion=expansion))
        elif self._count > first:
            self._first[key] = first


def _entry_item(
    item: Item, expansion: Expansion, expanded: ExpandedEntry, options: Options
) -> Item:
    entry = expanded.entry
    link = Link(entry.video_id, is_music=expansion.collection.is_music)
    request = DownloadRequest(
        link=link, options=options, album_tags=expanded.album_tags
    )
    return replace(
        item,
        collection=None,
        expansion=expansion,
        entry=entry,
        request=None if entry.unavailable else request,
    )


def _collection_key(request: CollectionRequest, options: Options) -> tuple[str, ...]:
    return request.collection.key, request.selection.digest(), options.profile()
