"""Waits for the end of one attempt, in the thread that asked for it."""

from collections.abc import Callable

from ytaudio_daemon.downloader.pool_thread import AttemptHandle
from ytaudio_daemon.downloader.stop_signal import POLL_S
from ytaudio_daemon.model import Progress
from ytaudio_daemon.pool import Ended, Progressed

#: A killed worker must be gone within so long, in seconds.
KILL_TIMEOUT_S = 5.0

ProgressListener = Callable[[Progress], None]
#: Called every `POLL_S`; returns True if the attempt must end.
ShouldStop = Callable[[], bool]


def run_to_end(
    handle: AttemptHandle, on_progress: ProgressListener, should_stop: ShouldStop
) -> Ended:
    """Wait for the end of an attempt; no worker is left when this returns or raises.

    Args:
        handle: The started attempt.
        on_progress: Called with each report, in this thread. An exception it raises ends
            the attempt.
        should_stop: Once it returns True, the worker is killed.
    """
    try:
        while True:
            event = handle.next_event(POLL_S)
            if isinstance(event, Ended):
                return event
            if isinstance(event, Progressed):
                on_progress(event.progress)
            if should_stop():
                handle.kill()
    except BaseException:  # Ctrl-C, or the listener's own
        kill_and_wait(handle)
        raise


def kill_and_wait(handle: AttemptHandle) -> None:
    """Kill an attempt's worker, and wait until it is gone."""
    handle.kill()
    while not isinstance(handle.next_event(KILL_TIMEOUT_S), Ended | None):
        pass
