"""Receipts for people: plain text with the outcome of every line. Pure.

Written to be read in any editor, Windows Notepad included: UTF-8, aligned columns.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import PurePath

from ytaudio_daemon.dropfile import MENDED_REMARK
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.ledger.receipt_line import ARCHIVED, ReceiptCollection, ReceiptLine
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model.collection import UNAVAILABLE_TEXTS
from ytaudio_daemon.model.filename_fields import ONE_NAME_REMARK
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.model.subscription import REMOVED_REMARK
from ytaudio_daemon.system.text import single_line
from ytaudio_daemon.system.times import utc_time
from ytaudio_daemon.views.job_errors import collection_error, line_error
from ytaudio_daemon.views.receipt_collection import (
    FINAL_OUTCOMES,
    collection_details,
    outcomes_of,
    progress_text,
)

#: The first words of each kind of file; a file that begins otherwise is not ours.
RECEIPT_MARK = "Receipt for "
REASON_MARK = "Nothing could be used of "

#: The outcomes of a line with their words, in the order of the summary.
OUTCOMES = {
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "rejected": "rejected",
    "archived": "in the archive",
    "unavailable": "not available",
    "open": "still to be done",
}
#: Outcomes that the summary shows only if a line has them.
_RARE_OUTCOMES = frozenset({"archived", "unavailable"})
_STATE_TEXTS = {
    "queued": "waiting for its turn",
    "held": "held until the session has room",
    "running": "being done",
    "waiting": "to be tried again",
    "completed": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    ARCHIVED: "in the archive",
}
_OUTCOME_OF = FINAL_OUTCOMES | {ARCHIVED: "archived"}
_INDENT = " " * 9
_ROW_CHARS = 80 - len(_INDENT)
#: Characters of a job's ID that are enough to name it in a command.
SHORT_ID_CHARS = 8
_STATE_WIDTH = 32
_COUNT_WIDTH = 13
_TABLE_HEAD = (
    f"{'line':>7}  {'what became of it':<{_STATE_WIDTH}}  what you wrote\n"
    f"{'-' * 7}  {'-' * _STATE_WIDTH}  {'-' * 37}\n"
)


def outcome_of(shown_state: str | None) -> str:
    """Return the key in `OUTCOMES` of a line by its `ReceiptLine.shown_state`."""
    return "rejected" if shown_state is None else _OUTCOME_OF.get(shown_state, "open")


def receipt_identity(drop: ReceiptHead) -> str:
    """Return the first lines of a drop's receipt, which no other drop's begins with."""
    name = single_line(display_name(drop.filed_name or drop.name))
    if drop.state == "rejected":
        reason = single_line(drop.reason or "no line was usable")
        title = f"{REASON_MARK}{name}: {reason}.\n"
    else:
        title = f"{RECEIPT_MARK}{name}\n"
    return (
        f"{title}\n"
        f"  received  {utc_time(drop.received_at)}\n"
        f"  session   {drop.session_name}\n"
    )


def receipt_head(drop: ReceiptHead, tally: Mapping[str, int], switched_off: str) -> str:
    """Return the head of a receipt.

    Args:
        drop: The drop.
        tally: The number of its lines by outcome.
        switched_off: The sentence about links in its comments; "" without any.
    """
    note = ""
    if drop.state != "rejected" and drop.reason:
        note = f"  note      {sentence(drop.reason)}\n"
    head = f"{receipt_identity(drop)}{note}"
    comment = f"\n{switched_off}\n" if switched_off else ""
    if not drop.lines:  # binary data, a device: there is nothing to count
        return head + comment
    return (
        f"{head}\n"
        f"{_count_text(drop.lines)}  links and lines\n"
        f"{_count_text(drop.accepted)}  accepted\n"
        f"{_count_text(drop.duplicate)}  duplicate\n"
        f"{_count_text(drop.rejected)}  rejected\n\n{_summary(tally)}"
        f"{comment.lstrip()}{comment[:1]}{_TABLE_HEAD}"
    )


def tally_of(lines: Iterable[ReceiptLine]) -> Counter[str]:
    """Count lines, and the items of their collections, by outcome."""
    tally = Counter[str]()
    for line in lines:
        if line.collection is None:
            tally[outcome_of(line.shown_state)] += 1
        elif not line.collection.is_repeated:
            tally += outcomes_of(line.collection)
    return tally


def receipt_line(line: ReceiptLine, circumstances: Circumstances = NOTHING_SET) -> str:
    """Return a line's row in the table, with its details in rows below.

    The items of a collection follow it, each as a row of its own.
    """
    if line.collection is not None:
        shown = [] if line.collection.is_repeated else line.collection.items
        rows = (receipt_line(item, circumstances) for item in shown)
        return _collection_row(line, line.collection, circumstances) + "".join(rows)
    word = _STATE_TEXTS.get(line.shown_state or "", "rejected")
    if line.unavailable:
        word = UNAVAILABLE_TEXTS.get(line.unavailable, line.unavailable)
    if line.result == "duplicate":
        word += " (duplicate)"
    row = (
        f"{line.place:>7}  {word:<{_STATE_WIDTH}}  {single_line(line.text)}".rstrip()
        + "\n"
    )
    details = _details(line, circumstances)
    return row + "".join(f"{_INDENT}{detail}\n" for detail in details)


def _collection_row(
    line: ReceiptLine, collection: ReceiptCollection, circumstances: Circumstances
) -> str:
    word = progress_text(collection)
    shown = single_line(collection.title or line.text)
    details = _wrapped(single_line(line.message or ""))
    if collection.title:
        details.append(single_line(line.text))
    if error := collection_error(collection, circumstances):
        details += _wrapped(single_line(error["message"]))
        details += _wrapped(single_line(error["hint"]))
    for detail in collection_details(collection):
        details += _wrapped(detail)
    row = f"{line.place:>7}  {word:<{_STATE_WIDTH}}  {shown}".rstrip() + "\n"
    return row + "".join(f"{_INDENT}{detail}\n" for detail in details)


def _summary(tally: Mapping[str, int]) -> str:
    rows = [
        f"{_count_text(tally.get(name, 0))}  {words}\n"
        for name, words in OUTCOMES.items()
        if name != "rejected" and (name not in _RARE_OUTCOMES or tally.get(name))
    ]
    return "".join(rows) + "\n"


def _count_text(number: int) -> str:
    return f"{number:>{_COUNT_WIDTH},}"


def _details(line: ReceiptLine, circumstances: Circumstances) -> list[str]:
    remark = _remark(line) if line.message else ""
    code = _code_suffix(line.code) if line.result == "rejected" else ""
    details = _wrapped(single_line(remark) + code) if remark else []
    if line.state == "completed":
        name = PurePath(line.output_path or "").name
        return [single_line(name), *details] if name else details
    if line.error_message:
        message = single_line(line.error_message) + _code_suffix(line.error_code)
        details += _wrapped(message)
    error = line_error(line, circumstances)
    if error and error["hint"]:
        details += _wrapped(single_line(error["hint"]))
    if line.state == "waiting" and line.retry_at is not None:
        details.append(f"next try: {utc_time(line.retry_at)}")
    if line.job is not None and line.error_message:
        details.append(f"details: ytaudio show {line.job[:SHORT_ID_CHARS]}")
    return details


def _wrapped(sentence: str) -> list[str]:
    """Return a sentence in rows that fit 80 columns behind the indentation."""
    if 0 < len(sentence) <= _ROW_CHARS:
        return [sentence]
    return list(_wrap_long(sentence))


# Most lines of a drop that are refused are refused for the same reason.
@lru_cache
def _wrap_long(sentence: str) -> tuple[str, ...]:
    return tuple(
        textwrap.wrap(
            sentence, _ROW_CHARS, break_long_words=False, break_on_hyphens=False
        )
    )


def _code_suffix(code: str | None) -> str:
    """Return a reason's code as it follows the reason."""
    return f" ({code})" if code else ""


def _remark(line: ReceiptLine) -> str:
    """Return a line's remarks; of a line that is done only those on how it was read."""
    message = line.message or ""
    if line.shown_state != "completed" and (
        line.result != "duplicate" or line.shown_state == ARCHIVED
    ):
        return message
    remarks = message.split("; ")
    return "; ".join(remark for remark in remarks if _is_lasting(remark))


def _is_lasting(remark: str) -> bool:
    """True if a remark says how a line was read, which matters when it is done, too."""
    is_known = remark in {ONE_NAME_REMARK, REMOVED_REMARK}
    return is_known or remark.startswith(MENDED_REMARK)


def sentence(text: str) -> str:
    """Return a text on one line, with a full stop if it has no other end."""
    text = single_line(text)
    return text if text.endswith((".", "!", "?")) else f"{text}."
