"""One item's exception stays with that item: the others of its step go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.system.recent_dict import RecentDict

log = structlog.get_logger()

#: Items whose fault is remembered; of more, some are logged again.
MAX_REMEMBERED = 1000


class ItemFaults:
    """Logs what one item raises, once, and hides it from the step that works on it.

    Errors of the ledger are no item's, and pass through: the step is tried again.

    Args:
        step: What is done to the items, as the log names it.
    """

    def __init__(self, step: str) -> None:
        self._step = step
        #: By item: the text of its latest fault.
        self._known = RecentDict[str, str](MAX_REMEMBERED)

    @contextmanager
    def isolated(
        self, item: str, on_fault: Callable[[], object] = lambda: None
    ) -> Iterator[None]:
        """Do something to an item; what that raises ends the block and no more.

        Args:
            item: Names it in the log, and for the next time.
            on_fault: Called when it has raised, so that it is not met again at once.
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
