"""Renders log events for a person at a terminal: a short time, a sentence, one line each.

Files, pipes and the journal get the same events with all their fields (`system.logs`).
"""

import os
import shutil
import textwrap
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from ytaudio_daemon.daemon.drain import DRAIN_TIMEOUT_S

Event = Mapping[str, Any]

_YELLOW, _RED, _PLAIN = "\x1b[33m", "\x1b[31m", "\x1b[0m"
_COLOURS = {"warning": _YELLOW, "error": _RED, "critical": _RED}
#: Below the text of a line, behind its time.
_INDENT = " " * 10
_KIB, _MIB = 1 << 10, 1 << 20
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
        if self._colours:
            line = _fitted(line)
        colour = _COLOURS.get(str(event.get("level")), "") if self._colours else ""
        if colour:
            line = f"{colour}{line}{_PLAIN}"
        if self._colours:
            line = f"\r{line}"  # over a ^C that the terminal may just have shown
        below = [event[name] for name in ("stack", "exception") if event.get(name)]
        return "\n".join([line, *below])


def _fitted(line: str) -> str:
    """Return a line broken between words where the terminal ends."""
    return textwrap.fill(
        line,
        shutil.get_terminal_size().columns,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


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
    inbox = os.path.relpath(event["inbox"])
    if inbox.startswith(".."):  # not below the current folder
        inbox = event["inbox"]
    return f"ready: drop lists of links into {inbox}/NAME/; Ctrl-C stops it"


def _taken(event: Event) -> str:
    names = ("accepted", "duplicate", "rejected")
    counts = ", ".join(f"{event[name]} {name}" for name in names if event[name])
    return f"{event['session']}: {event['file']}: {counts or 'nothing usable'}"


def _completed(event: Event) -> str:
    facts = f"{_size(event['bytes'])}, {event['seconds']:.0f} s"
    return f"{event['session']}: done: {event['title']} ({facts})"


def _size(count: int) -> str:
    return f"{count / _MIB:.1f} MiB" if count >= _MIB else f"{count / _KIB:.0f} KiB"


def _failed(event: Event) -> str:
    return f"{event['session']}: failed: youtu.be/{event['video']}: {event['message']}"


def _waiting(event: Event) -> str:
    return (
        f"{event['session']}: tried again at {_clock_time(event['retry_at'])}: "
        f"youtu.be/{event['video']}: {event['message']}"
    )


def _listed(event: Event) -> str:
    entries, selected = event["entries"], event["selected"]
    left_out = f", {selected} selected" if selected != entries else ""
    return f"{event['session']}: listed: {entries} videos{left_out}"


def _not_listed(event: Event) -> str:
    return (
        f"{event['session']}: could not be listed: {event['url']}: {event['message']}"
    )


def _listing_waits(event: Event) -> str:
    return (
        f"{event['session']}: to be listed again at {_clock_time(event['retry_at'])}: "
        f"{event['url']}: {event['message']}"
    )


def _requeued(event: Event) -> str:
    return f"{event['session']}: queued again ({event['reason']}): {event['job'][:8]}"


def _clock_time(wall: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(wall))


def _reloaded(event: Event) -> str:
    changed = ", ".join(event["changed"]) or "nothing changed"
    restart = ", ".join(event["needs_restart"])
    return f"config read again: {changed}" + (
        f"; needs a restart: {restart}" if restart else ""
    )


def _broken(event: Event) -> str:
    if not event["broken"]:
        return "the folders are in order again"
    return f"problems: {', '.join(event['broken'])}; ytaudio status says what to do"


def _draining(event: Event) -> str:
    running = event["running"]
    if not running:
        return "stopping"
    what = "1 download is" if running == 1 else f"{running} downloads are"
    return (
        f"stopping: {what} being finished, for {DRAIN_TIMEOUT_S:.0f} s at most; Ctrl-C "
        "again stops at once; unfinished downloads then start again next time"
    )


def _stopped(event: Event) -> str:
    interrupted = event["interrupted"]
    if not interrupted:
        return "stopped; nothing was interrupted"
    what = "1 download starts" if interrupted == 1 else f"{interrupted} downloads start"
    return f"stopped; {what} again next time, nothing is lost"


_SENTENCES: Mapping[str, Callable[[Event], str]] = {
    "collection.failed": _not_listed,
    "collection.listed": _listed,
    "collection.started": lambda event: f"listing {event['url']}",
    "collection.waiting": _listing_waits,
    "config.not_reloaded": lambda event: f"config not read again: {event['error']}",
    "config.reloaded": _reloaded,
    "daemon.started": _started,
    "daemon.draining": _draining,
    "daemon.stopped": _stopped,
    "drop.taken": _taken,
    "engine.taken_up": lambda event: f"yt-dlp {event['version']} is used now",
    "engine.upgrade_started": lambda _: "looking for a newer yt-dlp",
    "job.cancelled": lambda event: f"{event['session']}: cancelled: {event['job'][:8]}",
    "job.completed": _completed,
    "job.failed": _failed,
    "job.requeued": _requeued,
    "job.waiting": _waiting,
    "outage.ended": lambda _: "the outage of YouTube is over",
    "outage.suspected": lambda _: "all videos fail alike: is it an outage of YouTube?",
    "place.looked_at": _broken,
    "session.expired": lambda event: f"{event['session']}: the session has expired",
}
