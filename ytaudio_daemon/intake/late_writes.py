"""Moves filed drops back into the inbox if they were written to after they were filed.

A writer that pauses for longer than `settle` goes on in the file that it has open, which
is in `processed` or `rejected` by then. What it writes there would never be read: lines
at the end, or bytes in place of zeros if it reserved the room first.
"""

from collections import deque
from typing import NamedTuple

import structlog

from ytaudio_daemon.folders import Layout, filing
from ytaudio_daemon.folders.inbox import InboxFile
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.model.clock import Now

log = structlog.get_logger()

#: A filed drop is watched for so long, in seconds: no writer pauses for longer.
WATCHED_S = 600.0
#: Only the latest drops are watched: a flood of files is not written slowly.
MAX_WATCHED = 1000


class _WatchedDrop(NamedTuple):
    inbox_file: InboxFile
    target: str
    name: bytes
    watch_until: float


class LateWriteMonitor:
    """Watches drops for a while after they are filed.

    Args:
        layout: Names the inbox.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._watched: deque[_WatchedDrop] = deque(maxlen=MAX_WATCHED)
        self._next_check = 0.0

    def watch(self, inbox_file: InboxFile, target: str, name: bytes, now: Now) -> None:
        """Watch a drop that was moved to `target` under `name`."""
        until = now.uptime_s + WATCHED_S
        self._watched.append(_WatchedDrop(inbox_file, target, name, until))

    def put_back_written(self, now: Now, every_s: float) -> None:
        """Put back, every `every_s` seconds, the drops written to after they were filed."""
        if now.uptime_s < self._next_check:
            return
        self._next_check = now.uptime_s + every_s
        while self._watched and self._watched[0].watch_until < now.uptime_s:
            self._watched.popleft()
        for filed in list(self._watched):
            if self._put_back_if_written(filed):
                self._watched.remove(filed)

    def _put_back_if_written(self, filed: _WatchedDrop) -> bool:
        """Put a drop back if it was written to; True if it need not be watched any longer."""
        name = display_name(filed.name)
        try:
            done, back = filing.put_back_if_written(
                self._layout.inbox, filed.inbox_file, filed.target, filed.name
            )
        except OSError as error:
            log.warning("drop.not_put_back", file=name, error=str(error))
            return True
        if back is not None:
            log.warning(
                "drop.grew_after_it_was_filed",
                file=name,
                session=filed.inbox_file.location.session,
                back_as=display_name(back),
            )
        return done
