"""Writes one drop's receipts front to back: counts, then lines, a page at a time."""

import os
from collections import Counter
from dataclasses import dataclass
from functools import partial

from ytaudio_daemon.dropfile.reject_codes import MENDED_CODES
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.atomic_file import AtomicFileWriter, remove_if_ours
from ytaudio_daemon.folders.inbox import split_path
from ytaudio_daemon.folders.layout import receipt_key
from ytaudio_daemon.folders.open_dirs import OpenDirs
from ytaudio_daemon.ledger import Connection, receipts
from ytaudio_daemon.ledger.receipt_line import ReceiptLine
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model import LinePart
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.views import failed_text, receipt_json, receipt_text
from ytaudio_daemon.views.receipt_file import ReceiptFile
from ytaudio_daemon.views.switched_off_lines import SwitchedOffLines

#: Longer receipts are written at intake and when all jobs are finalized, in steps.
LONG_RECEIPT_LINES = 1000
#: Lines counted in one step: some ten milliseconds.
COUNT_LINES = 5000
#: Lines written in one step: some ten milliseconds.
PAGE_LINES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDigests:
    """The content of a drop's receipts on disk; None where it is not known."""

    program: bytes | None = None
    people: bytes | None = None
    failed: bytes | None = None


class ReceiptWriter:
    """Writes a drop's receipt for programs, and its files for people.

    The head of a receipt holds counts of the lines below it. Those of a long receipt are
    read in several short transactions, so the counts may be older than the lines; the
    event of a job that changed in between has the receipt written again.

    Args:
        layout: The folders the files lie in.
        drop: The drop.
        people_folder: The folder below the inbox for the files for people.
        for_people: False leaves these files as they are.
        circumstances: What hints need not advise.
        open_dirs: Opens the folders of a batch of receipts; None opens them for this one.
    """

    def __init__(
        self,
        layout: Layout,
        drop: ReceiptHead,
        people_folder: tuple[str, ...],
        *,
        for_people: bool = True,
        circumstances: Circumstances = NOTHING_SET,
        open_dirs: OpenDirs | None = None,
    ) -> None:
        self.drop = drop
        self._layout = layout
        self._circumstances = circumstances
        subfolders, self._people_name = split_path(drop.filed_name or b"")
        self._people_folder = (*people_folder, *map(os.fsdecode, subfolders))
        self._tally: Counter[str] = Counter()
        self._counted_to: LinePart | None = LinePart()
        self._written_to = LinePart()
        self._is_filed = drop.filed_name is not None and drop.state != "kept"
        self._for_people = for_people and self._is_filed
        is_rejected = drop.state == "rejected"
        self._program = ReceiptFile(
            partial(_open_program_file, layout, drop, open_dirs)
        )
        open_beside = partial(
            AtomicFileWriter,
            layout.inbox,
            self._people_folder,
            mode=None,
            open_dirs=open_dirs,
        )
        ending = b".reason.txt" if is_rejected else b".receipt.txt"
        self._people = ReceiptFile(
            partial(open_beside, self._people_name + ending),
            receipt_text.REASON_MARK if is_rejected else receipt_text.RECEIPT_MARK,
        )
        self._failed = ReceiptFile(
            partial(open_beside, self._people_name + b".failed.txt"),
            failed_text.FAILED_MARK,
        )
        self._has_more_lines = True
        self._switched_off = SwitchedOffLines(drop.id, self._program)

    def step(self, db: Connection) -> bool:
        """Count a batch of lines, or write a page of them.

        Returns:
            False when all is written, and `finish` is to be called.
        """
        fits_one_page = self.drop.lines < PAGE_LINES
        if self._counted_to is not None and not fits_one_page:
            self._count_batch(db, self._counted_to)
            return True
        if self._has_more_lines:
            self._write_page(db, with_heads=fits_one_page)
        return self._has_more_lines or self._switched_off.write_page(db)

    def write_whole(self, lines: list[ReceiptLine]) -> None:
        """Write the receipt of a drop with these lines and no links in comments."""
        self._tally.update(receipt_text.tally_of(lines))
        self._write_heads()
        if lines:
            self._write_lines(lines)
        self._switched_off.write_none()

    def finish(self, previous: ReceiptDigests) -> ReceiptDigests:
        """Replace those files on disk whose content is no longer `previous`.

        Returns:
            The content on disk now. Errors are in `program_error` and `people_error`.
        """
        switched_off = self._switched_off.link_count
        end = receipt_json.program_end(self.drop, self._tally, switched_off)
        self._program.write(end)
        program = self._program.commit(previous.program)
        if not self._for_people:
            return ReceiptDigests(program=program)
        people = self._people.commit(previous.people)
        failed = self._finish_failed(previous.failed)
        return ReceiptDigests(program=program, people=people, failed=failed)

    @property
    def is_long(self) -> bool:
        """True if it is to be written in several transactions."""
        return self.drop.lines > LONG_RECEIPT_LINES or self._switched_off.is_begun

    @property
    def program_error(self) -> Exception | None:
        """The error that prevented the receipt for programs."""
        return self._program.error

    @property
    def people_error(self) -> Exception | None:
        """The error that prevented a file for people.

        A missing folder is none: the user removed it, and needs no receipt there.
        """
        for error in (self._people.error, self._failed.error):
            if error is not None and not isinstance(error, FileNotFoundError):
                return error
        return None

    @property
    def people_files_written(self) -> bool:
        """True if the files beside the drop are up to date now."""
        return self._for_people and self.people_error is None

    @property
    def people_files_missing(self) -> bool:
        """True if the files beside the drop are still to be written."""
        return self._is_filed and not self.people_files_written

    def discard(self) -> None:
        """Discard what was written; everything on disk stays as it is."""
        for receipt_file in (self._program, self._people, self._failed):
            receipt_file.discard()

    def _count_batch(self, db: Connection, after: LinePart) -> None:
        found = receipts.count_line_states(db, self.drop.id, after, COUNT_LINES)
        self._counted_to = found.last
        self._tally["unavailable"] += found.unavailable
        for shown_state, number in found.counts.items():
            self._tally[receipt_text.outcome_of(shown_state)] += number
        if found.last is None:
            self._switched_off.count(db)
            self._write_heads()

    def _write_heads(self) -> None:
        self._program.write(receipt_json.program_head(self.drop))
        if self._for_people:
            sentence = self._switched_off.sentence
            head = receipt_text.receipt_head(self.drop, self._tally, sentence)
            self._people.write(head)

    def _write_page(self, db: Connection, *, with_heads: bool) -> None:
        page = receipts.receipt_page(db, self.drop.id, self._written_to, PAGE_LINES)
        if with_heads:
            self._tally.update(receipt_text.tally_of(page))
            self._switched_off.count(db)
            self._write_heads()
        if page:
            self._write_lines(page)
        self._has_more_lines = len(page) == PAGE_LINES

    def _write_lines(self, page: list[ReceiptLine]) -> None:
        is_first = self._written_to == LinePart()
        self._written_to = page[-1].number
        self._program.write(
            receipt_json.program_lines(
                page, is_first=is_first, circumstances=self._circumstances
            )
        )
        if not self._for_people:
            return
        rows = (receipt_text.receipt_line(line, self._circumstances) for line in page)
        self._people.write("".join(rows))
        if self.drop.state != "rejected":
            self._write_failed_lines(page)
        else:  # the drop itself is beside it, so only mended links are repeated
            self._write_failed_lines(
                [line for line in page if line.code in MENDED_CODES]
            )

    def _write_failed_lines(self, page: list[ReceiptLine]) -> None:
        again = (
            failed_text.failed_line(line, self.drop.id, self._circumstances)
            for line in page
        )
        if text := "".join(again):
            if self._failed.is_empty:
                self._failed.write(failed_text.failed_head(self.drop))
            self._failed.write(text)

    def _finish_failed(self, previous: bytes | None) -> bytes | None:
        if not self._failed.is_empty:
            return self._failed.commit(previous)
        if self._failed.error is None:
            name = self._people_name + b".failed.txt"
            mark = failed_text.FAILED_MARK.encode()
            try:
                remove_if_ours(self._layout.inbox, self._people_folder, name, mark)
            except OSError as error:
                self._failed.error = error
        return None


def _open_program_file(
    layout: Layout, drop: ReceiptHead, open_dirs: OpenDirs | None
) -> AtomicFileWriter:
    key = receipt_key(
        drop.session_name, drop.name, drop.filed_name, at_root=drop.at_root
    )
    parts, name = layout.receipt_place(drop.session_name, key)
    open_file = partial(
        AtomicFileWriter,
        layout.status,
        parts,
        name.encode(),
        make=True,
        open_dirs=open_dirs,
    )
    try:
        return open_file()
    except FileNotFoundError:
        layout.status.mkdir(parents=True, exist_ok=True)
        return open_file()
