"""Deletes trashed folders after a grace time, some milliseconds at a time."""

import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout, trash
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: Seconds that a call may delete for: the loop has other things to do.
DELETE_BATCH_S = 0.05


class TrashDeleter:
    """Deletes the folders in the trash of downloads and library whose grace is over.

    Args:
        layout: Where the trash is.
    """

    def __init__(self, layout: Layout) -> None:
        self._roots = [layout.downloads]
        if layout.library is not None:
            self._roots.append(layout.library)
        self._deletion: Iterator[None] | None = None
        #: The last error of the last run, which deleted all that it could.
        self.error: OSError | None = None

    def start(self, grace_s: float, now: Now) -> None:
        """Begin a run, unless one is still going on.

        Args:
            grace_s: Seconds of uptime that a folder stays in the trash.
            now: The moment.
        """
        if self._deletion is None:
            self._deletion = self._delete_old(grace_s, now)

    def delete_batch(self) -> bool:
        """Go on with the run for `DELETE_BATCH_S`; returns whether there is more."""
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
        """Delete the folders whose grace is over; yield after each entry."""
        error: OSError | None = None
        for root in self._roots:
            try:
                names = trash.list_trash(root)
            except OSError as failed:
                error = failed
                continue
            for name in names:
                if now.uptime_s - _trashed_uptime_s(name) < grace_s:
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


def _trashed_uptime_s(name: str) -> float:
    """Return the uptime in the name of a trashed folder.

    A folder that the daemon did not name is never due.
    """
    uptime = name.rpartition(".")[2]
    return float(uptime) if uptime.isdigit() else float("inf")
