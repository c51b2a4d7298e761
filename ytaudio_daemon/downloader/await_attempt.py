"""See one attempt through to its end, in the thread of whoever asked for it."""

from collections.abc import Callable

from ytaudio_daemon.downloader.pool_thread import AttemptHandle
from ytaudio_daemon.model import Progress
from ytaudio_daemon.pool import Ended, Progressed

#: How soon a wish to stop is heeded, in seconds.
POLL_S = 0.1
#: How long a killed worker may take to be gone, in seconds.
KILL_TIMEOUT_S = 5.0

ProgressListener = Callable[[Progress], None]
#: Asked now and then: is the attempt no longer wanted?
ShouldStop = Callable[[], bool]


def run_to_end(
    handle: AttemptHandle, on_progress: ProgressListener, should_stop: ShouldStop
) -> Ended:
    """Wait for the end of an attempt; no worker is left when this returns or raises.

    Args:
        handle: As started.
        on_progress: Hears how far it is, in this thread. What it raises ends the attempt.
        should_stop: When it says so, the worker is killed.
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
        handle.kill()
        while not isinstance(handle.next_event(KILL_TIMEOUT_S), Ended | None):
            pass
        raise
