"""Receipts for programs: one JSON document, a line of text per line of the drop. Pure."""

import json
from collections.abc import Mapping, Sequence

from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.ledger.receipt_line import ReceiptCollection, ReceiptLine
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.schemas import receipt as forms
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.views.collection_documents import subscription_document
from ytaudio_daemon.views.job_errors import collection_error, line_error
from ytaudio_daemon.views.receipt_collection import sorted_reasons


def program_head(drop: ReceiptHead) -> str:
    """Return the document up to its first line."""
    head: forms.ReceiptHead = {
        "schema": "ytaudio.receipt/1",
        "file": display_name(drop.filed_name or drop.name),
        "sha256": drop.sha256,
        "session": drop.session_name,
        "session_uuid": drop.session_uuid,
        "received_at": rfc3339(drop.received_at),
        "state": drop.state,
        "reason": drop.reason,
    }
    return _json(head)[:-1] + ', "lines": [\n'


def program_lines(
    page: list[ReceiptLine],
    *,
    is_first: bool,
    circumstances: Circumstances = NOTHING_SET,
) -> str:
    """Return a page of lines, with the comma that the page before it lacks."""
    comma = "" if is_first else ",\n"
    return comma + ",\n".join(_program_line(line, circumstances) for line in page)


def switched_off_page(lines: Sequence[int], *, is_first: bool) -> str:
    """Return a page of the list behind the receipt's lines; the first begins it."""
    start = '\n], "switched_off": [' if is_first else ", "
    return start + ", ".join(map(str, lines)) if is_first or lines else ""


def program_end(drop: ReceiptHead, tally: Mapping[str, int], switched_off: int) -> str:
    """Return the document's end, with its counts.

    Args:
        drop: The drop.
        tally: The number of its lines by outcome.
        switched_off: The number of links in its comments.
    """
    counts: forms.ReceiptCounts = {
        "lines": drop.lines,
        "accepted": drop.accepted,
        "duplicate": drop.duplicate,
        "rejected": drop.rejected,
        "completed": tally["done"],
        "failed": tally["failed"],
        "cancelled": tally["cancelled"],
        "unfinished": tally["open"],
        "unavailable": tally["unavailable"],
        "archived": tally["archived"],
        "switched_off": switched_off,
    }
    return f'], "counts": {_json(counts)}}}\n'


def _program_line(line: ReceiptLine, circumstances: Circumstances) -> str:
    row: forms.ReceiptLine = {
        "line": line.line,
        "part": line.part or None,
        "text": line.text,
        "result": line.result,
        "code": line.code,
        "message": line.message,
        "job": line.job,
        "state": line.state,
        "output_path": line.output_path if line.state == "completed" else None,
        "error": line_error(line, circumstances),
        "collection": (
            _collection(line.collection, circumstances) if line.collection else None
        ),
    }
    return _json(row)


def _collection(
    collection: ReceiptCollection, circumstances: Circumstances
) -> forms.ReceiptCollection:
    return {
        "id": collection.uuid,
        "kind": collection.kind,
        "url": collection.url,
        "title": collection.title,
        "state": collection.state.value,
        "count": collection.entry_count,
        "is_cut": collection.is_cut,
        "error": collection_error(collection, circumstances),
        "subscription": subscription_document(collection.subscription),
        "skipped": dict(sorted_reasons(collection)),
        "items": [_item(item, circumstances) for item in collection.items],
    }


def _item(item: ReceiptLine, circumstances: Circumstances) -> forms.ReceiptItem:
    return {
        "position": item.item or 0,
        "video_id": item.item_id or "",
        "title": item.title or item.text,
        "unavailable": item.unavailable or None,
        "job": item.job,
        "state": item.state,
        "output_path": item.output_path if item.state == "completed" else None,
        "error": line_error(item, circumstances),
    }


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False)
