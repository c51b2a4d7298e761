"""The end of a run: the daemon finishes everything, undisturbed, and stops."""

import time
from collections.abc import Callable, Iterator

from torture.arena import Arena
from torture.people import People
from torture.plan import SMALL, Stroke

#: Everything must be done so long after the last stroke, in seconds.
FINISH_S = 240.0
#: What a sabotage breaks need not be waited for so long, in seconds.
SABOTAGED_FINISH_S = 45.0
#: A start that has nothing to do is given so long, in seconds.
IDLE_S = 3.0


def calm_down(
    arena: Arena, people: People, open_ends: Callable[[], list[str]], patience_s: float
) -> Iterator[str]:
    """Let the daemon finish and stop; yields what goes wrong.

    Args:
        arena: Whose daemon.
        people: Take the small session's limit away, and retry what failed for it.
        open_ends: Tells what is still to be done.
        patience_s: How long that may take, each time.
    """
    arena.start(Stroke(blow=""))
    people.settle("session", "set", SMALL, "--max-bytes", "0")
    yield from _finished(arena, open_ends, patience_s)
    people.settle("retry", "--session", SMALL, "--failed")
    yield from _finished(arena, open_ends, patience_s)
    status = arena.stop()
    if status != 0:
        yield f"the last stop ended with status {status}"
    yield from _start_once_more(arena)


def _finished(
    arena: Arena, open_ends: Callable[[], list[str]], patience_s: float
) -> Iterator[str]:
    end = time.monotonic() + patience_s
    while True:
        if arena.server is not None and not arena.server.is_up():
            arena.server.restart()
        status = arena.reap()
        if status is not None:
            yield f"undisturbed it ended with status {status}"
            return
        left = open_ends()
        if not left or time.monotonic() >= end:
            break
        time.sleep(0.5)
    yield from (f"not finished in time: {what}" for what in left)


def _start_once_more(arena: Arena) -> Iterator[str]:
    """A further start and stop must change nothing."""
    count = "SELECT count(*) FROM events"
    before = arena.books.value(count)
    arena.start(Stroke(blow=""))
    time.sleep(IDLE_S)
    arena.stop()
    after = arena.books.value(count)
    if before != after:
        yield f"a further start made {after - before} events"
