"""Is the daemon alive? Told from its status document alone. `look` touches the disk."""

import json
import os
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from ytaudio_daemon.cli.formatting import span, wall_of

Document = Mapping[str, Any]

#: As `folders.Layout.daemon_status` has it.
DAEMON_FILE = "daemon.json"


def _start_daemon() -> str:
    from ytaudio_daemon.system.install_hints import start_daemon  # noqa: PLC0415 - seldom needed

    return start_daemon()


class Pulse(StrEnum):
    """What the daemon's status document says about its life."""

    #: It lives and works (starting and draining too).
    ALIVE = "alive"
    #: It lives, but says itself that something is wrong.
    DEGRADED = "degraded"
    #: It ended in good order.
    STOPPED = "stopped"
    #: Its process is gone without a good-bye.
    GONE = "gone"
    #: Its process may be there, but the document is no longer rewritten.
    STALE = "stale"
    #: There is no document: it has never run here.
    NEVER = "never"


class Life(NamedTuple):
    """The daemon's pulse and its last document.

    Attributes:
        pulse: What was found.
        document: The last that it wrote, or None.
        silent_s: Seconds since then.
        start: Gives the command that starts a daemon here.
    """

    pulse: Pulse
    document: Document | None = None
    silent_s: float = 0.0
    start: Callable[[], str] = _start_daemon

    @property
    def is_up(self) -> bool:
        """Whether work goes on."""
        return self.pulse in {Pulse.ALIVE, Pulse.DEGRADED}

    def sentence(self) -> str:
        """Say in one sentence why it is not up; "" when it is."""
        sentence = _SENTENCES[self.pulse].format(span(self.silent_s))
        return sentence + self.start() if sentence.endswith(": ") else sentence


_SENTENCES = {
    Pulse.ALIVE: "",
    Pulse.DEGRADED: "",
    Pulse.STOPPED: "the daemon is not running (stopped {} ago); start it: ",
    Pulse.GONE: "the daemon is not running (it died {} ago or later); start it: ",
    Pulse.STALE: "the daemon has not reported for {}: it hangs, or was killed: "
    "look at its log and restart it",
    Pulse.NEVER: "the daemon is not running and has never run here; start it: ",
}


def judge(
    document: Document | None, wall: float, host: str, lives: Callable[[int], bool]
) -> Life:
    """Tell whether the daemon is alive. Pure but for `lives`.

    Args:
        document: `daemon.json`, or None when there is none.
        wall: Seconds since 1970.
        host: This machine's name; a process elsewhere cannot be looked at.
        lives: Tells whether a process of that number exists here.
    """
    if document is None:
        return Life(pulse=Pulse.NEVER)
    daemon = document["daemon"]
    silent = wall - wall_of(document["written_at"])
    if daemon["state"] == "stopped":
        pulse = Pulse.STOPPED
    elif daemon["host"] == host and not lives(daemon["pid"]):
        pulse = Pulse.GONE
    elif silent > document["stale_after_s"]:
        pulse = Pulse.STALE
    elif daemon["state"] == "degraded":
        pulse = Pulse.DEGRADED
    else:
        pulse = Pulse.ALIVE
    return Life(pulse=pulse, document=document, silent_s=max(0.0, silent))


def look(status_folder: Path, start: Callable[[], str] = _start_daemon) -> Life:
    """Read the daemon's status document and judge it.

    Args:
        status_folder: Where it is.
        start: Gives the command that starts a daemon here, when it must be said.

    Raises:
        OSError: The document is there but cannot be read.
    """
    document = read_document(status_folder / DAEMON_FILE)
    life = judge(document, time.time(), os.uname().nodename, _lives)
    return life._replace(start=start)


def read_document(path: Path) -> Document | None:
    """Return a status document, or None when there is none.

    It is replaced by rename, so it is always whole.

    Raises:
        OSError: It cannot be read, or is no status document (somebody else's file).
    """
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise OSError(None, "is no status document", str(path)) from error
    if not isinstance(found, dict) or "schema" not in found:
        raise OSError(None, "is no status document", str(path))
    return found


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
