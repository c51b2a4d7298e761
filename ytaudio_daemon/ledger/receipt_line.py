"""A line of a receipt: of the drop itself, or an entry of a line's collection."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa

from ytaudio_daemon.ledger.archive import IN_ARCHIVE
from ytaudio_daemon.ledger.collection_queries import CollectionRow
from ytaudio_daemon.ledger.schema import jobs
from ytaudio_daemon.model import LinePart

#: A state beside those of jobs: the line has no job, as the archive has its video.
ARCHIVED = "archived"

#: The columns of a job that its line shows, in the order of the fields.
JOB_COLUMNS = (
    jobs.c.uuid,
    jobs.c.drop_id,
    jobs.c.video_id,
    # Only failed links are written again with their options (`.failed.txt`).
    sa.case(
        (
            sa.or_(jobs.c.state == "failed", jobs.c.state == "cancelled"),
            jobs.c.options,
        )
    ),
    jobs.c.state,
    jobs.c.retry_at,
    jobs.c.title,
    jobs.c.output_path,
    jobs.c.error_kind,
    jobs.c.error_code,
    jobs.c.error_message,
    jobs.c.error_hint,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptCollection(CollectionRow):
    """A collection as a receipt shows it.

    Attributes:
        is_cut: The list continues after the last entry that was read.
        source: The drop, line and part that named it first.
        is_repeated: An earlier line of the same drop named it and shows the items.
        items: Its entries that have a job, or cannot be fetched, as lines of the drop.
        skipped: The number of entries that were not selected, by reason.
    """

    is_cut: bool
    source: tuple[int | None, int | None, int]
    is_repeated: bool = False
    items: "list[ReceiptLine]" = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


class ReceiptLine(NamedTuple):
    """One line with its job's state and result. A tuple: a million are made.

    Attributes:
        collection: The collection that the line names, if it names one.
        item: If this is an entry of a collection, its position there.
        item_id: If this is an entry of a collection, its video.
        unavailable: Why the entry cannot be fetched, "" when it has a job.
    """

    line: int
    part: int
    text: str
    result: str
    code: str | None
    message: str | None
    again: str | None
    job: str | None
    job_drop_id: int | None
    video_id: str | None
    options: Mapping[str, Any] | None
    state: str | None
    retry_at: float | None
    title: str | None
    output_path: str | None
    error_kind: str | None
    error_code: str | None
    error_message: str | None
    error_hint: str | None
    collection_id: int | None = None
    collection: ReceiptCollection | None = None
    item: int | None = None
    item_id: str | None = None
    unavailable: str = ""

    @property
    def number(self) -> LinePart:
        """Its number in the drop."""
        return LinePart(self.line, self.part)

    @property
    def shown_state(self) -> str | None:
        """The state of its job, or `ARCHIVED`; None if the line was refused."""
        return ARCHIVED if self.code == IN_ARCHIVE else self.state

    @property
    def place(self) -> str:
        """Its number in the form that people read: `3`, or `3.1`."""
        line = str(self.number) if self.part else str(self.line)
        return line if self.item is None else f"{line}.{self.item}"
