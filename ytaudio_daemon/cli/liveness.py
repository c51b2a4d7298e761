"""Judges from the daemon's status document alone whether the daemon is alive."""

import json
import os
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from ytaudio_daemon.cli.formatting import format_duration
from ytaudio_daemon.system.regular_files import MAX_DOCUMENT_BYTES, read_regular_file
from ytaudio_daemon.system.times import parse_rfc3339

Document = Mapping[str, Any]

#: As `folders.Layout.daemon_status` has it.
DAEMON_FILE = "daemon.json"


def _plain_start_command() -> str:
    return "ytaudio run"


class Liveness(StrEnum):
    """The daemon's condition."""

    #: It lives and works (starting and draining too).
    ALIVE = "alive"
    #: It lives, but reports a problem itself.
    DEGRADED = "degraded"
    #: It ended in good order.
    STOPPED = "stopped"
    #: Its process is gone, and its document does not say "stopped".
    GONE = "gone"
    #: Its process may be there, but the document is no longer rewritten.
    STALE = "stale"
    #: There is no document: it has never run here.
    NEVER = "never"
    #: Its document cannot be read: on a dead mount, or closed to us.
    UNKNOWN = "unknown"


class DaemonLiveness(NamedTuple):
    """The daemon's condition and its last status document.

    Attributes:
        state: The condition.
        document: The last document that the daemon wrote, or None.
        document_age_s: Seconds since it was written.
        start_command: Returns the command that starts a daemon here.
        unreadable: Why the document cannot be read, if it cannot.
    """

    state: Liveness
    document: Document | None = None
    document_age_s: float = 0.0
    start_command: Callable[[], str] = _plain_start_command
    unreadable: str = ""

    @property
    def is_up(self) -> bool:
        """True while the daemon works."""
        return self.state in {Liveness.ALIVE, Liveness.DEGRADED}

    @property
    def is_down(self) -> bool:
        """True when the daemon certainly does not work."""
        return not self.is_up and self.state is not Liveness.UNKNOWN

    def explanation(self) -> str:
        """Return one sentence on why the daemon is not up; "" when it is."""
        if self.unreadable:
            return f"the daemon's status cannot be read: {self.unreadable}"
        sentence = _EXPLANATIONS[self.state].format(
            format_duration(self.document_age_s)
        )
        return sentence + self.start_command() if sentence.endswith(": ") else sentence


_EXPLANATIONS = {
    Liveness.ALIVE: "",
    Liveness.DEGRADED: "",
    Liveness.STOPPED: "the daemon is not running (stopped {} ago); start it: ",
    Liveness.GONE: "the daemon is not running (it died {} ago or later); start it: ",
    Liveness.STALE: "the daemon has not reported for {}: it hangs, or was killed: "
    "see its log and restart it",
    Liveness.NEVER: "the daemon is not running and has never run here; start it: ",
    Liveness.UNKNOWN: "",
}


def assess(
    document: Document | None,
    wall: float,
    host: str,
    process_exists: Callable[[int], bool],
) -> DaemonLiveness:
    """Judge the daemon by its status document. Pure but for `process_exists`.

    Args:
        document: `daemon.json`, or None when there is none.
        wall: Now, seconds since 1970.
        host: This machine's name; processes of another one cannot be checked.
        process_exists: Returns True if this machine has a process of that number.
    """
    if document is None:
        return DaemonLiveness(state=Liveness.NEVER)
    daemon = document["daemon"]
    silent = wall - parse_rfc3339(document["written_at"])
    if daemon["state"] == "stopped":
        state = Liveness.STOPPED
    elif daemon["host"] == host and not process_exists(daemon["pid"]):
        state = Liveness.GONE
    elif silent > document["stale_after_s"]:
        state = Liveness.STALE
    elif daemon["state"] == "degraded":
        state = Liveness.DEGRADED
    else:
        state = Liveness.ALIVE
    return DaemonLiveness(
        state=state, document=document, document_age_s=max(0.0, silent)
    )


def read_liveness(
    status_folder: Path, start_command: Callable[[], str] = _plain_start_command
) -> DaemonLiveness:
    """Read the daemon's status document and judge the daemon by it.

    Args:
        status_folder: The folder of the status files.
        start_command: Returns the command that starts a daemon here.

    Raises:
        OSError: The document is there but cannot be read, or is somebody else's file.
    """
    path = status_folder / DAEMON_FILE
    document = read_document(path)
    try:
        liveness = assess(document, time.time(), os.uname().nodename, _process_exists)
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        raise _not_a_document(path) from error
    return liveness._replace(start_command=start_command)


def unknown_liveness(error: OSError) -> DaemonLiveness:
    """Return the liveness of a daemon whose status document cannot be read."""
    reason = f"{error.filename}: {error.strerror}"
    return DaemonLiveness(state=Liveness.UNKNOWN, unreadable=reason)


def read_document(path: Path) -> Document | None:
    """Return a status document, or None when there is none.

    The daemon replaces it by rename, so a read never gets half of one.

    Raises:
        OSError: It cannot be read, or is no status document (somebody else's file).
    """
    try:
        found = json.loads(read_regular_file(path, MAX_DOCUMENT_BYTES))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise _not_a_document(path) from error
    if not isinstance(found, dict) or "schema" not in found:
        raise _not_a_document(path)
    return found


def _not_a_document(path: Path) -> OSError:
    return OSError(None, "is no status document", str(path))


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it exists, and is another user's
        pass
    return True
