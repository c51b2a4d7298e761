"""Filed drops whose writer was not done: they go back into the inbox.

A writer that pauses for longer than `settle` goes on in the file it has open, which
lies in `processed` by then. What it adds there nobody would ever read.
"""

from collections import deque
from typing import NamedTuple

import structlog

from ytaudio_daemon.folders import Layout, filing
from ytaudio_daemon.folders.inbox import Sighting
from ytaudio_daemon.ledger.claims import shown_name
from ytaudio_daemon.model.clock import Now

log = structlog.get_logger()

#: A filed drop is looked after for so long, in seconds: nobody pauses for longer.
WATCHED_S = 600.0
#: The latest so many; a flood is not written by hand.
MAX_WATCHED = 1000


class _Filed(NamedTuple):
    sighting: Sighting
    target: str
    name: bytes
    until: float


class Growing:
    """Looks after drops for a while once they are filed.

    Args:
        layout: Where the inbox is.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._filed: deque[_Filed] = deque(maxlen=MAX_WATCHED)
        self._next_look = 0.0

    def note(self, sighting: Sighting, target: str, name: bytes, now: Now) -> None:
        """A drop was moved to `target` under a name."""
        until = now.lived + WATCHED_S
        self._filed.append(_Filed(sighting, target, name, until))

    def look(self, now: Now, every_s: float) -> None:
        """Put back, now and then, what has grown since it was filed."""
        if now.lived < self._next_look:
            return
        self._next_look = now.lived + every_s
        while self._filed and self._filed[0].until < now.lived:
            self._filed.popleft()
        for filed in list(self._filed):
            if self._put_back(filed):
                self._filed.remove(filed)

    def _put_back(self, filed: _Filed) -> bool:
        """Return whether there is nothing more to look after."""
        name = shown_name(filed.name)
        try:
            done, back = filing.put_back_if_grown(
                self._layout.inbox, filed.sighting, filed.target, filed.name
            )
        except OSError as error:
            log.warning("drop.not_put_back", file=name, error=str(error))
            return True
        if back is not None:
            log.warning(
                "drop.grew_after_it_was_filed",
                file=name,
                session=filed.sighting.place.session,
                back_as=shown_name(back),
            )
        return done
