"""Renders log events for a person at a terminal: a short time, a sentence, one line each.

Files, pipes and the journal get the same events with all their fields (`system.logs`).
"""

import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from ytaudio_daemon.daemon.drain import DRAIN_TIMEOUT_S

Event = Mapping[str, Any]

_YELLOW, _RED, _PLAIN = "\x1b[33m", "\x1b[31m", "\x1b[0m"
_COLOURS = {"warning": _YELLOW, "error": _RED, "critical": _RED}
_MIB = 1 << 20
#: Fields of every event, which a line shows otherwise or not at all.
_COMMON = frozenset({"event", "level", "timestamp", "exception", "stack"})


class ConsoleLines:
    """A renderer for structlog, the last in its chain of processors.

    Args:
        colours: The reader is a terminal.
    """

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> str:
        """Return the line of an event, and below it the traceback if there is one."""
        text = event_text(event).replace("\n", "\\n")
        line = f"{time.strftime('%H:%M:%S')}  {text}"
        colour = _COLOURS.get(str(event.get("level")), "") if self._colours else ""
        if colour:
            line = f"{colour}{line}{_PLAIN}"
        if self._colours and event.get("event") == "daemon.draining":
            line = f"\r{line}"  # over the ^C that the terminal has just shown
        below = [event[name] for name in ("stack", "exception") if event.get(name)]
        return "\n".join([line, *below])


def event_text(event: Event) -> str:
    """Return what happened, in a sentence where there is one for this event."""
    write = _SENTENCES.get(str(event.get("event")))
    if write is not None:
        try:
            return write(event)
        except KeyError:  # the event has other fields than the sentence needs
            pass
    fields = {n: v for n, v in event.items() if n not in _COMMON}
    words = [f"{name}={value}" for name, value in fields.items()]
    return " ".join([str(event.get("event", "")), *words])


def _started(event: Event) -> str:
    return f"ready: put lists of links into {event['inbox']}/NAME/; Ctrl-C stops it"


def _taken(event: Event) -> str:
    names = ("accepted", "duplicate", "rejected")
    counts = ", ".join(f"{event[name]} {name}" for name in names if event[name])
    return f"{event['session']}: {event['file']}: {counts or 'nothing usable'}"


def _completed(event: Event) -> str:
    size = f"{event['bytes'] / _MIB:.1f} MiB"
    return (
        f"{event['session']}: done: {event['title']} ({size}, {event['seconds']:.0f} s)"
    )


def _failed(event: Event) -> str:
    return f"{event['session']}: failed: youtu.be/{event['video']}: {event['message']}"


def _waiting(event: Event) -> str:
    again = time.strftime("%H:%M:%S", time.localtime(event["retry_at"]))
    return (
        f"{event['session']}: tried again at {again}: youtu.be/{event['video']}: "
        f"{event['message']}"
    )


def _draining(event: Event) -> str:
    running = event["running"]
    if not running:
        return "stopping"
    what = "1 download is" if running == 1 else f"{running} downloads are"
    return (
        f"stopping: {what} being finished, for {DRAIN_TIMEOUT_S:.0f} s at most; Ctrl-C "
        "again stops at once, and what was begun starts over the next time"
    )


def _stopped(event: Event) -> str:
    interrupted = event["interrupted"]
    if not interrupted:
        return "stopped; nothing was interrupted"
    what = "1 download starts" if interrupted == 1 else f"{interrupted} downloads start"
    return f"stopped; {what} over the next time, nothing is lost"


_SENTENCES: Mapping[str, Callable[[Event], str]] = {
    "daemon.started": _started,
    "daemon.draining": _draining,
    "daemon.stopped": _stopped,
    "drop.taken": _taken,
    "job.completed": _completed,
    "job.failed": _failed,
    "job.waiting": _waiting,
}
