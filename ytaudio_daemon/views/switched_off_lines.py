"""Writes the switched-off links of a drop into its receipts."""

from ytaudio_daemon.dropfile.switched_off import MAX_NAMED_LINES, switched_off_sentence
from ytaudio_daemon.ledger import Connection, receipts
from ytaudio_daemon.views import receipt_json
from ytaudio_daemon.views.receipt_file import ReceiptFile

#: Lines written in one step: some milliseconds.
PAGE_LINES = 5000


class SwitchedOffLines:
    """Counts a drop's switched-off links, and lists their lines in several steps.

    Args:
        drop_id: The drop.
        file: Its receipt for programs, where the list follows the lines.

    Attributes:
        link_count: The number of switched-off links; 0 before `count`.
        sentence: Their number and lines, for people; "" if there are none.
    """

    def __init__(self, drop_id: int, file: ReceiptFile) -> None:
        self._drop_id = drop_id
        self._file = file
        self._written_to = 0
        self.link_count = 0
        self.sentence = ""

    @property
    def is_begun(self) -> bool:
        """True if a page with a line was written."""
        return self._written_to > 0

    def count(self, db: Connection) -> None:
        """Count the links, and form the sentence."""
        self.link_count = receipts.count_switched_off_links(db, self._drop_id)
        if self.link_count:
            named = receipts.switched_off_page(
                db, self._drop_id, 0, MAX_NAMED_LINES + 1
            )
            self.sentence = switched_off_sentence(self.link_count, named)

    def write_page(self, db: Connection) -> bool:
        """Write the next lines; returns False when those were the last."""
        page: list[int] = []
        if self.link_count:
            page = receipts.switched_off_page(
                db, self._drop_id, self._written_to, PAGE_LINES
            )
        self._file.write(
            receipt_json.switched_off_page(page, is_first=not self.is_begun)
        )
        if page:
            self._written_to = page[-1]
        return len(page) == PAGE_LINES

    def write_none(self) -> None:
        """Write the list of a drop that has no such links."""
        self._file.write(receipt_json.switched_off_page([], is_first=True))
