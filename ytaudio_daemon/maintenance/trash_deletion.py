"""Trashed folders are deleted after a grace, in pieces of some milliseconds."""

import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout, trash
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: A piece of deleting takes so long, in seconds: the loop has other things to do.
DELETE_BATCH_S = 0.05


class TrashDeleter:
    """Deletes what has been in the trash of downloads or library long enough.

    Args:
        layout: Where the trash is.
    """

    def __init__(self, layout: Layout) -> None:
        self._roots = [layout.downloads]
        if layout.library is not None:
            self._roots.append(layout.library)
        self._deletion: Iterator[None] | None = None
        #: Why something could not be deleted in the last run; everything else was.
        self.error: OSError | None = None

    def start(self, grace_s: float, now: Now) -> None:
        """Begin to delete, unless a deletion is still going on.

        Args:
            grace_s: Seconds of the daemon's age that a folder stays in the trash.
            now: The moment.
        """
        if self._deletion is None:
            self._deletion = self._delete_old(grace_s, now)

    def delete_batch(self) -> bool:
        """Go on deleting for a moment; return whether there is more."""
        deletion, self._deletion = self._deletion, None
        if deletion is None:
            return False
        deadline = time.monotonic() + DELETE_BATCH_S
        for _ in deletion:
            failpoints.failpoint("trash.deleting")
            if time.monotonic() > deadline:
                self._deletion = deletion
                return True
        return False

    def _delete_old(self, grace_s: float, now: Now) -> Iterator[None]:
        """Delete folder after folder, yielding often."""
        error: OSError | None = None
        for root in self._roots:
            try:
                names = trash.list_trash(root)
            except OSError as failed:
                error = failed
                continue
            for name in names:
                if now.uptime_s - _trashed_at(name) < grace_s:
                    continue
                try:
                    yield from self._delete(root, name)
                except OSError as failed:  # a folder of another user in it, say
                    error = failed
                except ITEM_ERRORS as failed:
                    error = OSError(None, str(failed), name)
        self.error = error

    def _delete(self, root: Path, name: str) -> Iterator[None]:
        yield from trash.delete(root, name)
        log.info("trash.deleted", name=name)


def _trashed_at(name: str) -> float:
    """Return the daemon's age in the name of a trashed folder.

    A folder that the daemon did not name is never due.
    """
    age = name.rpartition(".")[2]
    return float(age) if age.isdigit() else float("inf")
