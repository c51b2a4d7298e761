"""Ways in which the daemon could do without its bounds, to see that the soak notices.

Each function breaks the product in memory, in the daemon's process alone.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

from ytaudio_daemon import dropfile
from ytaudio_daemon.dropfile import DropLine
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.views.views import Views

#: What a hoarder keeps of every drop, in bytes.
HOARDED_BYTES = 4 << 20
#: How long a slow step computes, in seconds.
SLOW_S = 0.15

_kept: list[object] = []


def _after(step: str, do: Callable[[], object]) -> None:
    def observer(passed: str, about: str) -> None:
        del about
        if passed == step:
            _kept.append(do())

    failpoints.on_failpoint(observer)


def _descriptor() -> None:
    """A descriptor stays open with every job."""
    _after("job.completed", lambda: os.open(os.devnull, os.O_RDONLY))


def _thread() -> None:
    """A thread stays with every job."""

    def begin() -> None:
        threading.Thread(target=threading.Event().wait, daemon=True).start()

    _after("job.completed", begin)


def _litter() -> None:
    """A temporary file stays with every job."""
    _after("job.completed", lambda: os.close(tempfile.mkstemp()[0]))


def _hoard() -> None:
    """Every drop is kept in memory."""
    _after("drop.recorded", lambda: b"\1" * HOARDED_BYTES)


def _lose() -> None:
    """The last line of every drop is overlooked."""
    plain = dropfile.parse_in_steps

    def without_last(data: bytes, kind: dropfile.DropKind) -> Iterator[DropLine | None]:
        found = [line for line in plain(data, kind) if line is not None]
        yield from found[: max(1, len(found) - 1)]

    dropfile.parse_in_steps = without_last


def _dawdle() -> None:
    """Showing what changed takes its time."""
    plain = Views.refresh

    def slow(*args: object, **more: object) -> None:
        end = time.thread_time() + SLOW_S
        while time.thread_time() < end:
            pass
        plain(*args, **more)  # type: ignore[arg-type] # whatever it takes

    Views.refresh = slow  # type: ignore[method-assign] # what is broken


SABOTAGES: dict[str, Callable[[], None]] = {
    "descriptor": _descriptor,
    "thread": _thread,
    "litter": _litter,
    "hoard": _hoard,
    "lose": _lose,
    "dawdle": _dawdle,
}
