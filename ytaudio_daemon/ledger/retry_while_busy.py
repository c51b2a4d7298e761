"""Repeats a step while another process writes to the ledger."""

import time
from collections.abc import Callable
from typing import TypeVar

from ytaudio_daemon.errors import LedgerBusyError

T = TypeVar("T")


def retry_while_busy(step: Callable[[], T], timeout_s: float, pause_s: float) -> T:
    """Call a step again as long as it finds the ledger busy.

    Args:
        step: May be repeated: a crash could have come in between as well.
        timeout_s: After so many seconds no new call is made.
        pause_s: Seconds between two calls; each may wait for the ledger itself, too.

    Raises:
        LedgerBusyError: The ledger was busy all the time.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return step()
        except LedgerBusyError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(pause_s)
