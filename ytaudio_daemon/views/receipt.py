"""One drop's receipts, written in one pass over its lines, a page at a time."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout
from ytaudio_daemon.folders.atomic_file import AtomicFileWriter, remove_if_ours
from ytaudio_daemon.folders.layout import receipt_key, receipt_name
from ytaudio_daemon.ledger.claims import display_name
from ytaudio_daemon.ledger.receipts import ReceiptHead, ReceiptLine
from ytaudio_daemon.views import receipt_text
from ytaudio_daemon.views.documents import rfc3339
from ytaudio_daemon.views.receipt_file import ReceiptFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDigests:
    """What a drop's receipts say on disk; None where that is not known."""

    program: bytes | None = None
    people: bytes | None = None
    failed: bytes | None = None


class ReceiptWriter:
    """Writes the receipt for programs, and those for people where they belong.

    Args:
        layout: Where they lie.
        drop: Its head.
        for_people: False leaves the files beside the drop as they are.
    """

    def __init__(
        self, layout: Layout, drop: ReceiptHead, *, for_people: bool = True
    ) -> None:
        self.drop = drop
        self.after_line = 0
        self._layout = layout
        self._tally: Counter[str] = Counter()
        self._is_filed = drop.filed_name is not None and drop.state != "kept"
        self._for_people = for_people and self._is_filed
        self._program = ReceiptFile(self._open_program_file)
        mark = receipt_text.RECEIPT_MARK
        if drop.state == "rejected":
            mark = receipt_text.REASON_MARK
        head = receipt_text.receipt_head(drop, {})
        self._people = ReceiptFile(
            self._people_file_opener(self._people_suffix()), head, mark
        )
        self._failed = ReceiptFile(
            self._people_file_opener(b".failed.txt"),
            receipt_text.failed_head(drop),
            receipt_text.FAILED_MARK,
        )
        self._program.write(_program_head(drop))

    def add(self, page: list[ReceiptLine]) -> None:
        """Write a page of lines."""
        self._tally.update(map(receipt_text.line_outcome, page))
        comma = "" if self.after_line == 0 else ",\n"
        self._program.write(comma + ",\n".join(map(_program_line, page)))
        self.after_line = page[-1].line
        if not self._for_people:
            return
        self._people.write("".join(map(receipt_text.receipt_line, page)))
        if self.drop.state != "rejected":
            again = (receipt_text.failed_line(line, self.drop.id) for line in page)
            self._failed.write("".join(again))

    def finish(self, previous: ReceiptDigests) -> ReceiptDigests:
        """Let the files appear that say something new.

        Returns:
            What they say now; what went wrong is in the `…_error` properties.
        """
        self._program.write(_program_end(self.drop, self._tally))
        program = self._program.commit("", previous.program)
        if not self._for_people:
            return ReceiptDigests(program=program)
        head = receipt_text.receipt_head(self.drop, self._tally)
        people = self._people.commit(head, previous.people)
        failed = self._finish_failed(previous.failed)
        return ReceiptDigests(program=program, people=people, failed=failed)

    @property
    def program_error(self) -> Exception | None:
        """Why the receipt for programs could not be written."""
        return self._program.error

    @property
    def people_error(self) -> Exception | None:
        """Why a receipt for people could not be written.

        A folder of the user's that is gone needs no receipt.
        """
        for error in (self._people.error, self._failed.error):
            if error is not None and not isinstance(error, FileNotFoundError):
                return error
        return None

    @property
    def people_files_written(self) -> bool:
        """Whether the files beside the drop are in order now."""
        return self._for_people and self.people_error is None

    @property
    def people_files_missing(self) -> bool:
        """Whether the files beside the drop are still to be written."""
        return self._is_filed and not self.people_files_written

    def discard(self) -> None:
        """Give up; everything on disk stays as it is."""
        for receipt_file in (self._program, self._people, self._failed):
            receipt_file.discard()

    def _finish_failed(self, previous: bytes | None) -> bytes | None:
        if not self._failed.is_empty:
            return self._failed.commit(receipt_text.failed_head(self.drop), previous)
        if self._failed.error is None:
            name = (self.drop.filed_name or b"") + b".failed.txt"
            mark = receipt_text.FAILED_MARK.encode()
            try:
                remove_if_ours(self._layout.inbox, self._people_folder(), name, mark)
            except OSError as error:
                self._failed.error = error
        return None

    def _people_suffix(self) -> bytes:
        return b".reason.txt" if self.drop.state == "rejected" else b".receipt.txt"

    def _people_folder(self) -> tuple[str, ...]:
        target = REJECTED if self.drop.state == "rejected" else PROCESSED
        return (target,) if self.drop.at_root else (self.drop.session_name, target)

    def _open_program_file(self) -> AtomicFileWriter:
        self._layout.status.mkdir(parents=True, exist_ok=True)
        drop = self.drop
        name = receipt_name(
            receipt_key(
                drop.session_name, drop.name, drop.filed_name, at_root=drop.at_root
            )
        )
        parts = self._layout.receipts(self.drop.session_name)
        folders = parts.relative_to(self._layout.status).parts
        return AtomicFileWriter(self._layout.status, folders, name.encode(), make=True)

    def _people_file_opener(self, ending: bytes) -> Callable[[], AtomicFileWriter]:
        name = (self.drop.filed_name or b"") + ending

        def open_file() -> AtomicFileWriter:
            return AtomicFileWriter(
                self._layout.inbox, self._people_folder(), name, mode=None
            )

        return open_file


def _program_head(drop: ReceiptHead) -> str:
    head = {
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


def _program_line(line: ReceiptLine) -> str:
    error = None
    if line.error_kind is not None:
        error = {
            "kind": line.error_kind,
            "code": line.error_code,
            "message": line.error_message,
            "hint": line.error_hint,
        }
    return _json(
        {
            "line": line.line,
            "text": line.text,
            "result": line.result,
            "code": line.code,
            "message": line.message,
            "job": line.job,
            "state": line.state,
            "output_path": line.output_path if line.state == "completed" else None,
            "error": error,
        },
    )


def _program_end(drop: ReceiptHead, tally: Counter[str]) -> str:
    """Counts come last: the lines are streamed, and what became of them counted."""
    counts = {
        "lines": drop.lines,
        "accepted": drop.accepted,
        "duplicate": drop.duplicate,
        "rejected": drop.rejected,
        "completed": tally["done"],
        "failed": tally["failed"],
        "cancelled": tally["cancelled"],
        "unfinished": tally["open"],
    }
    return f'\n], "counts": {_json(counts)}}}\n'


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
