"""The document of a download for programs. Pure."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from ytaudio_daemon.cli.commands.download_list import Item
from ytaudio_daemon.cli.commands.download_results import (
    ItemResult,
    ItemStatus,
    failure_hint,
)
from ytaudio_daemon.downloader.expansion import Expansion
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.collection import UNAVAILABLE_TEXTS
from ytaudio_daemon.schemas.download import (
    DownloadCollection,
    DownloadDocument,
    DownloadItem,
    EntryCollection,
)
from ytaudio_daemon.schemas.job import JobError, JobOptions


def download_document(
    results: Sequence[ItemResult],
    expansions: Sequence[Expansion],
    output: Path,
    switched_off: Sequence[int],
) -> DownloadDocument:
    """Return what `--json` prints.

    Args:
        results: Of all items, in their order.
        expansions: The collections that were listed, in their order.
        output: The folder.
        switched_off: The lines with a link in a comment.
    """
    counts = Counter(result.status for result in results)
    return {
        "schema": "ytaudio.download/1",
        "output_dir": str(output),
        "counts": {
            "completed": counts[ItemStatus.COMPLETED],
            "failed": counts[ItemStatus.FAILED],
            "rejected": counts[ItemStatus.REJECTED],
            "duplicate": counts[ItemStatus.DUPLICATE],
            "unavailable": counts[ItemStatus.UNAVAILABLE],
            "skipped": counts[ItemStatus.SKIPPED],
        },
        "downloads": [_item_document(result) for result in results],
        "collections": [_collection_document(each) for each in expansions],
        "switched_off": list(switched_off),
    }


def _collection_document(expansion: Expansion) -> DownloadCollection:
    return {
        "url": expansion.collection.url,
        "kind": expansion.collection.kind,
        "title": expansion.title or None,
        "count": expansion.count,
        "wanted": expansion.wanted,
        "unavailable": expansion.unavailable.total(),
        "skipped": dict(expansion.not_selected),
        "is_cut": expansion.is_full or expansion.is_cut,
        "error": _failure_document(expansion.failure),
    }


def _entry_collection(item: Item) -> EntryCollection | None:
    if item.expansion is None:
        return None
    return {
        "url": item.expansion.collection.url,
        "kind": item.expansion.collection.kind,
        "title": item.expansion.title or None,
        "position": item.entry.position if item.entry else None,
        "count": item.expansion.count,
    }


def _item_document(result: ItemResult) -> DownloadItem:
    """Return a result for programs; its error as in the status files."""
    item, fetched = result.item, result.fetched
    outcome = fetched.outcome if fetched else None
    made = outcome.result if outcome else None
    facts = made or outcome
    path = fetched.path if fetched else None
    return {
        "result": result.status.value,
        "file": item.file,
        "line": item.line,
        "part": item.part,
        "text": item.text,
        "url": item.url,
        "video_id": _video_id(item),
        "options": _options(item),
        "collection": _entry_collection(item),
        "duplicate_of": item.duplicate_of,
        "output_path": str(path) if path else None,
        "file_size_bytes": made.size_bytes if made else None,
        "title": (facts.title if facts else None) or _listed_title(item),
        "artist": facts.artist if facts else None,
        "duration_s": facts.duration_s if facts else None,
        "view_count": facts.view_count if facts else None,
        "attempts": fetched.attempts if fetched else 0,
        "error": _error(result),
    }


def _video_id(item: Item) -> str | None:
    if item.request is not None:
        return item.request.link.video_id
    return item.entry.video_id if item.entry else None


def _options(item: Item) -> JobOptions | None:
    if item.request is None:
        return None
    return cast("JobOptions", item.request.options.to_json())


def _listed_title(item: Item) -> str | None:
    return item.entry.title or None if item.entry else None


def _error(result: ItemResult) -> JobError | None:
    item = result.item
    if result.status is ItemStatus.REJECTED:
        return {
            "kind": "rejected",
            "code": item.code,
            "message": item.message,
            "hint": "",
        }
    if result.status is ItemStatus.UNAVAILABLE and item.entry is not None:
        code = item.entry.unavailable
        return {
            "kind": FailureKind.UNAVAILABLE.value,
            "code": code,
            "message": UNAVAILABLE_TEXTS.get(code, code),
            "hint": "",
        }
    return _failure_document(result.failure)


def _failure_document(failure: Failure | None) -> JobError | None:
    if failure is None:
        return None
    return {
        "kind": failure.kind.value,
        "code": failure.code,
        "message": failure.message,
        "hint": failure_hint(failure),
    }
