"""Previewed collections as documents show them. Pure."""

from collections.abc import Sequence

from ytaudio_daemon.downloader.collection_preview import PreviewedCollection
from ytaudio_daemon.model.preview import Preview, Prospect
from ytaudio_daemon.schemas.preview import CollectionPreview, PreviewSums
from ytaudio_daemon.system.times import rfc3339


def collection_preview(
    previewed: PreviewedCollection, prospect: Prospect, wall: float
) -> CollectionPreview:
    """Return a previewed collection.

    Args:
        previewed: The collection with its wanted entries.
        prospect: How much of it is here, and when the rest would be done.
        wall: Now, seconds since 1970.
    """
    expansion, preview = previewed.expansion, previewed.preview
    return {
        **preview_sums([preview], prospect, wall),
        "url": expansion.collection.url,
        "kind": expansion.collection.kind,
        "title": expansion.title or None,
        "channel": expansion.channel or None,
        "count": expansion.count,
        "unavailable": expansion.unavailable.total(),
        "skipped": dict(expansion.not_selected),
        "is_cut": expansion.is_full or expansion.is_cut,
        "unknown_lengths": preview.unknown,
    }


def preview_sums(
    previews: Sequence[Preview], prospect: Prospect, wall: float
) -> PreviewSums:
    """Return the sums of one or several collections; see `collection_preview`."""
    seconds = [each.duration_s for each in previews]
    sizes = [each.estimated_bytes for each in previews]
    known_s = [each for each in seconds if each is not None]
    known_bytes = [each for each in sizes if each is not None]
    done_at = None if prospect.seconds is None else wall + prospect.seconds
    return {
        "items": sum(len(each.video_ids) for each in previews),
        "duration_s": round(sum(known_s)) if len(known_s) == len(seconds) else None,
        "estimated_bytes": sum(known_bytes) if len(known_bytes) == len(sizes) else None,
        "here": prospect.here,
        "unfinished": prospect.asked,
        "archived": prospect.archived,
        "done_at": None if done_at is None else rfc3339(round(done_at)),
        "note": prospect.note or None,
    }
