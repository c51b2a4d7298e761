"""Reads the ledger's events in batches, in order, from where the views stopped."""

from collections.abc import Sequence
from dataclasses import dataclass

from ytaudio_daemon.ledger import Connection
from ytaudio_daemon.ledger.changes import Change, changes_after, drops_of_jobs
from ytaudio_daemon.views.saved_cursor import SavedCursor

#: Events read in one call.
BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBatch:
    """Some events, and the drops that they concern.

    Attributes:
        changes: In order; at least one.
        drops: The drops with a line whose job has changed.
        reopened_drops: The drops with a job that was queued again.
    """

    changes: Sequence[Change]
    drops: set[int]
    reopened_drops: set[int]


class EventReader:
    """Reads the events after its cursor.

    Args:
        saved_cursor: The cursor of an earlier process.
    """

    def __init__(self, saved_cursor: SavedCursor) -> None:
        self._saved_cursor = saved_cursor
        self._cursor: int | None = None
        self.has_more = False

    @property
    def last_event(self) -> int:
        """The last event that was dealt with; 0 before the first call of `read`."""
        return self._cursor or 0

    @property
    def has_begun(self) -> bool:
        """Whether the earlier cursor is known."""
        return self._cursor is not None

    def read(self, db: Connection) -> EventBatch | None:
        """Return the next events, the same until `advance`; None if there are none."""
        if self._cursor is None:
            self._cursor = self._saved_cursor.load(db)
        changes = changes_after(db, self._cursor, BATCH_SIZE)
        self.has_more = len(changes) == BATCH_SIZE
        if not changes:
            return None
        moved = {c.job_id for c in changes if c.job_id is not None}
        reopened = [c.job_id for c in changes if c.job_id and c.reason == "retried"]
        return EventBatch(
            changes=changes,
            drops=drops_of_jobs(db, sorted(moved)),
            reopened_drops=drops_of_jobs(db, reopened)
            | {c.drop_id for c in changes if c.drop_id and c.is_asked_again},
        )

    def advance(self, batch: EventBatch) -> None:
        """Have the next call of `read` begin after a batch."""
        self._cursor = batch.changes[-1].event_id
