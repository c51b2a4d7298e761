"""The text of a `.failed.txt`: failed links as lines that can be dropped again. Pure."""

from collections.abc import Mapping
from typing import Any

from ytaudio_daemon import dropfile
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.ledger.receipt_line import ARCHIVED, ReceiptCollection, ReceiptLine
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model.collection import CollectionState
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.system.text import single_line
from ytaudio_daemon.urls import Link
from ytaudio_daemon.views.job_errors import collection_error, line_error
from ytaudio_daemon.views.receipt_text import sentence

#: The file's first words; a file that begins otherwise is not ours.
FAILED_MARK = "# What could not be done of "


def failed_head(drop: ReceiptHead) -> str:
    """Return the head of a `.failed.txt`: comments only."""
    name = single_line(display_name(drop.filed_name or drop.name))
    return (
        f"{FAILED_MARK}{name}\n"
        "# Put this file into the inbox again: each link without a # is tried again.\n"
        "# A line with a # is ignored. To use it, correct it and remove the #.\n"
    )


def failed_line(
    line: ReceiptLine, drop_id: int, circumstances: Circumstances = NOTHING_SET
) -> str:
    """Return a failed link as it can be dropped again, below its reason.

    Returns "" for a line that did not fail, and for one that repeats a failed line of
    the same drop.
    """
    if line.collection is not None:
        return _failed_collection(line, line.collection, drop_id, circumstances)
    if line.unavailable or line.shown_state == ARCHIVED:
        return ""
    if line.state is None:
        return _rejected_line(line)
    if not _is_retryable(line) or _repeats_line_of_drop(line, drop_id):
        return ""
    reason = sentence(line.error_message or line.error_code or "failed")
    error = line_error(line, circumstances)
    hint = f" {single_line(error['hint'])}" if error and error["hint"] else ""
    return f"\n# line {line.place}: {reason}{hint}\n{_line_again(line)}\n"


def option_layer(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job's effective options as a drop's line would give them."""
    layer = {
        name: value
        for name, value in options.items()
        if name != "tags" and value is not None and (name != "priority" or value)
    }
    return layer | {f"tag.{name}": text for name, text in options["tags"].items()}


def _line_again(line: ReceiptLine) -> str:
    """Return the link with the options that its drop gave.

    An accepted line that was recorded before these were stored gets the effective
    options of its job.
    """
    if line.again is not None:
        return single_line(line.again)
    return dropfile.render_line(
        Link(line.video_id or ""), option_layer(line.options or {})
    )


def _failed_collection(
    line: ReceiptLine,
    collection: ReceiptCollection,
    drop_id: int,
    circumstances: Circumstances,
) -> str:
    """Return a collection that could not be listed, else its items that failed."""
    if collection.is_repeated:
        return ""
    has_expired = (collection.error or {}).get("code") == "session_expired"
    if collection.state is not CollectionState.FAILED and not has_expired:
        items = (_item_again(item, line.again) for item in collection.items)
        return "".join(failed_line(item, drop_id, circumstances) for item in items)
    error = collection_error(collection, circumstances)
    reason = sentence(error["message"] if error else "it could not be listed")
    hint = f" {single_line(error['hint'])}" if error and error["hint"] else ""
    again = single_line(line.again or collection.url)
    return f"\n# line {line.place}: {reason}{hint}\n{again}\n"


def _item_again(item: ReceiptLine, collection_line: str | None) -> ReceiptLine:
    """Return an item with a line of its own: its link, and its collection's job options."""
    if collection_line is None or item.video_id is None:
        return item
    options = dropfile.job_options_of_line(collection_line)
    return item._replace(again=dropfile.render_line(Link(item.video_id), options))


def _is_retryable(line: ReceiptLine) -> bool:
    """True if a line's job failed, or was cancelled by its session's end."""
    return line.state == "failed" or (
        line.state == "cancelled" and line.error_code == "session_expired"
    )


def _repeats_line_of_drop(line: ReceiptLine, drop_id: int) -> bool:
    """True for a duplicate of a line of the same drop: one retry is enough."""
    return line.result == "duplicate" and line.job_drop_id == drop_id


def _rejected_line(line: ReceiptLine) -> str:
    reason = sentence(line.message or line.code or "rejected")
    again = single_line(line.again) if line.again else f"# {single_line(line.text)}"
    return f"\n# line {line.place}: {reason}\n{again}\n"
