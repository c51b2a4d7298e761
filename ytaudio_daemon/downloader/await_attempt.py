"""See one attempt through to its end, in the thread of whoever asked for it."""

from collections.abc import Callable

from ytaudio_daemon.downloader.pool_thread import Run
from ytaudio_daemon.model import Progress
from ytaudio_daemon.pool import Ended, Progressed

#: How soon a wish to stop is heeded, in seconds.
TICK_S = 0.1
#: How long a killed worker may take to be gone, in seconds.
DYING_S = 5.0

Listen = Callable[[Progress], None]
#: Asked now and then: is the attempt no longer wanted?
Unwanted = Callable[[], bool]


def see_through(run: Run, listen: Listen, is_unwanted: Unwanted) -> Ended:
    """Wait for the end of an attempt; no worker is left when this returns or raises.

    Args:
        run: As started.
        listen: Hears how far it is, in this thread. What it raises ends the attempt.
        is_unwanted: When it says so, the worker is killed.
    """
    try:
        while True:
            event = run.next_event(TICK_S)
            if isinstance(event, Ended):
                return event
            if isinstance(event, Progressed):
                listen(event.progress)
            if is_unwanted():
                run.kill()
    except BaseException:  # Ctrl-C, or the listener's own
        run.kill()
        while not isinstance(run.next_event(DYING_S), Ended | None):
            pass
        raise
