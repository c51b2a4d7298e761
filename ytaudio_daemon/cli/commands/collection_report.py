"""Collections as tables for people: lists of them, and one with its entries. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ytaudio_daemon.cli.blocks import Block, Facts, Table
from ytaudio_daemon.cli.formatting import (
    format_playing_time,
    local_time,
    local_time_and_distance,
    pluralize,
)
from ytaudio_daemon.model.collection_options import duration_text
from ytaudio_daemon.model.subscription import REMOVED_REMARK, Removal
from ytaudio_daemon.system.times import parse_rfc3339
from ytaudio_daemon.views.collection_text import entry_counts_text

LIST_HEADERS = ("COLLECTION", "STATE", "SESSION", "LISTED", "KIND", "ENTRIES", "WHAT")
SUBSCRIPTION_HEADERS = (
    "COLLECTION",
    "STATE",
    "SESSION",
    "EVERY",
    "LOOKED",
    "NEXT LOOK",
    "ENTRIES",
    "WHAT",
)
_ENTRY_HEADERS = ("NO.", "STATE", "JOB", "WHAT")


def list_row(
    collection: Mapping[str, Any], wall: float, id_chars: int | None
) -> tuple[str, ...]:
    """Return the row of a collection in the list.

    Args:
        collection: Its document.
        wall: Now, seconds since 1970.
        id_chars: How much of the ID is shown; None for all of it.
    """
    listed = collection["listed_at"]
    return (
        collection["id"][:id_chars],
        collection["state"],
        collection["session"],
        "-" if listed is None else local_time(parse_rfc3339(listed), wall),
        collection["kind"],
        entry_counts_text(collection["counts"]),
        collection["title"] or collection["url"],
    )


def subscription_row(
    collection: Mapping[str, Any], wall: float, id_chars: int | None
) -> tuple[str, ...]:
    """Return the row of a followed collection; the arguments are those of `list_row`."""
    followed = collection["subscription"]
    looked, due = followed["looked_at"], followed["next_look_at"]
    return (
        collection["id"][:id_chars],
        followed["state"],
        collection["session"],
        duration_text(int(followed["every_s"])),
        "-" if looked is None else local_time(parse_rfc3339(looked), wall),
        "-" if due is None else local_time(parse_rfc3339(due), wall),
        entry_counts_text(collection["counts"]),
        collection["title"] or collection["url"],
    )


def collection_report(document: Mapping[str, Any], wall: float) -> list[Block]:
    """Return the report on a collection and its entries.

    Args:
        document: The collection's, with its entries.
        wall: Now, seconds since 1970.
    """
    blocks: list[Block] = [Facts(list(_facts(document, wall)))]
    if document["entries"]:
        rows = map(_entry_row, document["entries"])
        blocks.append(Table(_ENTRY_HEADERS, list(rows)))
    return blocks


def _facts(document: Mapping[str, Any], wall: float) -> Iterator[tuple[str, str]]:
    yield "collection", document["id"]
    if document["title"] is not None:
        yield "what", _title(document)
    yield "link", document["url"]
    yield "session", document["session"]
    source = document["source"]
    if source["file"] is not None:
        part = f".{source['part']}" if source["part"] else ""
        yield "asked by", f"{source['file']}, line {source['line']}{part}"
    yield "listing", _state_text(document, wall)
    yield "entries", entry_counts_text(document["counts"])
    if document["subscription"] is not None:
        yield "followed", _follow_text(document["subscription"], wall)
    if document["is_cut"]:
        yield "note", "the list goes on; for more: other items=, or a larger max_items="
    if error := document["error"]:
        yield "trouble", f"{error['message']} ({error['kind']}, {error['code']})"
        if error["hint"]:
            yield "you can", error["hint"]
    yield "next", _next_text(document)


def _follow_text(subscription: Mapping[str, Any], wall: float) -> str:
    """Return how a collection is followed: `every 6h, next look at 18:00:03 (in 2 h)`."""
    parts = [f"every {duration_text(int(subscription['every_s']))}"]
    if subscription["keep_last"] is not None:
        parts.append(f"the latest {subscription['keep_last']} files stay")
    if subscription["next_look_at"] is None:
        parts.append(subscription["state"])
    else:
        due = parse_rfc3339(subscription["next_look_at"])
        parts.append(f"next look at {local_time_and_distance(due, wall)}")
    if subscription["failures"]:
        parts.append(f"{pluralize(subscription['failures'], 'look')} failed in a row")
    return ", ".join(parts)


def _title(document: Mapping[str, Any]) -> str:
    channel = document["channel"]
    owner = f" by {channel}" if channel and channel != document["title"] else ""
    return f"{document['title']}, {document['kind']}{owner}"


def _state_text(document: Mapping[str, Any], wall: float) -> str:
    listed, retry = document["listed_at"], document["retry_at"]
    if retry is not None:
        again = local_time_and_distance(parse_rfc3339(retry), wall)
        return f"{document['state']}, again {again}"
    if listed is None:
        return str(document["state"])
    when = local_time_and_distance(parse_rfc3339(listed), wall)
    return f"{document['state']}, read to the end {when}"


def _next_text(document: Mapping[str, Any]) -> str:
    short_id, state = document["id"][:8], document["state"]
    if state in {"queued", "running", "waiting"}:
        return "its entries become jobs as they are listed"
    if document["counts"]["unfinished"]:
        return "its jobs are fetched in their turn"
    followed = document["subscription"]
    if followed is not None and followed["next_look_at"] is not None:
        return "what is new in it is fetched after the next look"
    return f"nothing, unless you ask: ytaudio retry {short_id}"


def _entry_row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(entry["position"]),
        "-" if entry["state"] is None else entry["state"],
        "-" if entry["job"] is None else entry["job"][:8],
        "; ".join(_remarks(entry)),
    )


def _remarks(entry: Mapping[str, Any]) -> Iterable[str]:
    length = entry["duration_s"]
    playing_time = f" ({format_playing_time(length)})" if length else ""
    yield f"{entry['title'] or entry['url']}{playing_time}"
    if entry["reason"] is not None:
        yield entry["reason"]
    if entry["removal"] == Removal.REMOVED:
        yield REMOVED_REMARK
    if entry["pinned"]:
        yield "pinned"
    if entry["gone_at"] is not None:
        yield f"gone from the list since {entry['gone_at'][:10]}"
