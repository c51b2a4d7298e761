"""Isolates the exception of one item, so that a step goes on with the other items."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.system.recent_dict import RecentDict

log = structlog.get_logger()

#: Items whose fault is remembered; of more, some are logged again.
MAX_REMEMBERED = 1000


class ItemFaults:
    """Logs an item's exception once, and suppresses it.

    Errors of the ledger are no item's and are not suppressed: the step is tried again.

    Args:
        step: The name of the step in the log.
    """

    def __init__(self, step: str) -> None:
        self._step = step
        #: By item: the text of its latest fault.
        self._known = RecentDict[str, str](MAX_REMEMBERED)

    @contextmanager
    def isolated(
        self, item: str, on_fault: Callable[[], object] = lambda: None
    ) -> Iterator[None]:
        """Suppress what the block raises.

        Args:
            item: Its name in the log; a fault like its last one is not logged again.
            on_fault: Called after a fault, so that the item is not the next one again.
        """
        try:
            yield
        except ITEM_ERRORS as error:
            self._record(item, error)
            on_fault()
        else:
            self._known.pop(item, None)

    def _record(self, item: str, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        if self._known.get(item) == text:
            return
        log.error("item.failed", step=self._step, item=item, error=text, exc_info=error)
        self._known[item] = text
