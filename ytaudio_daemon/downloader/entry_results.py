"""Converts listed and downloaded entries into the results of the Python API."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict

from ytaudio_daemon.downloader.collection_expander import (
    CollectionExpander,
    ExpandControl,
)
from ytaudio_daemon.downloader.expansion import ExpandedEntry, Expansion
from ytaudio_daemon.downloader.folder_downloader import DownloadOutcome
from ytaudio_daemon.downloader.result import CollectionEntry, EntryResult, result_of
from ytaudio_daemon.errors import ListingError
from ytaudio_daemon.model.collection import UNAVAILABLE_TEXTS
from ytaudio_daemon.urls import Link


def entry_result(
    expansion: Expansion, expanded: ExpandedEntry, fetched: DownloadOutcome | None
) -> EntryResult:
    """Return the result of an entry.

    Args:
        expansion: Its collection.
        expanded: The entry.
        fetched: The end of its download; None if it is unavailable.
    """
    entry = expanded.entry
    url = Link(entry.video_id).url
    title = expansion.title or None
    if fetched is None:
        reason = UNAVAILABLE_TEXTS.get(entry.unavailable, entry.unavailable)
        return EntryResult(
            success=False,
            url=url,
            position=entry.position,
            collection_title=title,
            title=entry.title or None,
            error_message=f"{reason.capitalize()}.",
        )
    plain = asdict(result_of(fetched.outcome, fetched.path))
    plain["title"] = plain["title"] or entry.title or None
    return EntryResult(
        **plain, url=url, position=entry.position, collection_title=title
    )


def failed_listing_result(expansion: Expansion) -> EntryResult:
    """Return the result of a collection that could not be listed to its end."""
    failure = expansion.failure
    return EntryResult(
        success=False,
        url=expansion.collection.url,
        collection_title=expansion.title or None,
        error_message=failure.message if failure else None,
    )


def listed_entries(
    expander: CollectionExpander, expansion: Expansion, control: ExpandControl
) -> Generator[CollectionEntry]:
    """Yield the entries of a collection as they are listed.

    Raises:
        ListingError: It cannot be listed, or not to its end.
    """
    with closing(expander.expand(expansion, control)) as entries:
        for expanded in entries:
            yield _collection_entry(expanded)
    failure = expansion.failure
    if failure is not None:
        raise ListingError(failure.message, failure.hint)


def _collection_entry(expanded: ExpandedEntry) -> CollectionEntry:
    entry = expanded.entry
    return CollectionEntry(
        position=entry.position,
        video_id=entry.video_id,
        url=Link(entry.video_id).url,
        title=entry.title or None,
        channel=entry.channel or None,
        duration_seconds=entry.duration_s,
        upload_date=entry.upload_date or None,
        unavailable=entry.unavailable or None,
        not_selected=expanded.skipped,
    )
