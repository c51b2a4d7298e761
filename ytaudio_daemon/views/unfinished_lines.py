"""Searches long drops for lines whose job is not finalized."""

from collections.abc import Iterable

from ytaudio_daemon.ledger import Connection, receipts
from ytaudio_daemon.model import LinePart

#: Lines checked by each query of a step: the line after a finished one is mostly
#: unfinished. A step takes some milliseconds.
BATCHES_LINES = (1, 10, 500)


class UnfinishedLines:
    """Remembers how far the lines of each long drop are finished.

    Each search goes on where the one before it ended; otherwise a drop of a million
    lines would be read in whole after every job.
    """

    def __init__(self) -> None:
        #: By drop: every line up to this one is finished.
        self._finished_to: dict[int, LinePart] = {}

    def search(self, db: Connection, drop_id: int) -> bool | None:
        """Check a batch of the drop's lines.

        Returns:
            True if a line is unfinished, False if all of the drop are finished, None
            if the next call must go on with the search.
        """
        after = self._finished_to.get(drop_id, LinePart())
        for limit in BATCHES_LINES:
            line, last = receipts.find_unfinished_line(db, drop_id, after, limit)
            if line is not None:
                self._finished_to[drop_id] = line.just_before()
                return True
            if last is None:
                return False
            self._finished_to[drop_id] = after = last
        return None

    def forget(self, drop_ids: Iterable[int]) -> None:
        """Have the search begin anew, e.g. after a finished job was queued again."""
        for drop_id in drop_ids:
            self._finished_to.pop(drop_id, None)
