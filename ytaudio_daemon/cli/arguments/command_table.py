"""The table of commands, in the order of `ytaudio --help`."""

from collections.abc import Mapping
from types import MappingProxyType

EVERYDAY = "Everyday"
SESSIONS = "Sessions"
RUNNING = "Running it"


class Command:
    """A row of the table.

    Neither a dataclass nor a named tuple: the module `dataclasses` imports `inspect`,
    which takes 8 ms, and `typing` takes 3.

    Attributes:
        heading: The heading above it in the help.
        summary: Its line in the help.
        module: The module of `cli.commands` whose `run` is the command; the command's
            name when "".
    """

    __slots__ = ("heading", "module", "summary")

    def __init__(self, heading: str, summary: str, module: str = "") -> None:
        self.heading = heading
        self.summary = summary
        self.module = module


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "status": Command(EVERYDAY, "show the state of the daemon or a session"),
        "jobs": Command(EVERYDAY, "list jobs", "job_list"),
        "show": Command(EVERYDAY, "show one job: attempts, failures, what comes next"),
        "collections": Command(
            EVERYDAY, "list playlists, albums and channels", "collection_list"
        ),
        "subscriptions": Command(
            EVERYDAY, "list followed lists, look now, pause, stop"
        ),
        "add": Command(EVERYDAY, "drop links or a file into a session"),
        "wait": Command(EVERYDAY, "wait until jobs are finished"),
        "cancel": Command(EVERYDAY, "cancel jobs"),
        "retry": Command(EVERYDAY, "run finished jobs again"),
        "pin": Command(EVERYDAY, "have a file stay whatever keep_last says"),
        "unpin": Command(EVERYDAY, "remove pins"),
        "session": Command(SESSIONS, "list, create, limit, expire sessions"),
        "library": Command(SESSIONS, "move the library's files to a new layout"),
        "archive": Command(
            SESSIONS, "record what you have, so that it is not downloaded"
        ),
        "adopt": Command(SESSIONS, "count the music in a folder as downloaded"),
        "run": Command(RUNNING, "run the daemon in the foreground"),
        "serve": Command(RUNNING, "serve the REST API"),
        "check": Command(RUNNING, "show what a file would do, without doing it"),
        "engine": Command(RUNNING, "upgrade yt-dlp, or go back to an earlier version"),
        "ledger": Command(RUNNING, "back up, restore, check the ledger"),
        "doctor": Command(RUNNING, "check the machine for what is missing or broken"),
        "notify": Command(RUNNING, "send a test notice to each receiver"),
        "config": Command(RUNNING, "show the settings and the source of each"),
        "formats": Command(RUNNING, "show the formats and qualities"),
        "download": Command(RUNNING, "download now, without a daemon"),
    }
)
