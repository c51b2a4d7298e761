"""The table of commands, in the order of `ytaudio --help`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

EVERYDAY = "Everyday"
SESSIONS = "Sessions"
RUNNING = "Running it"


class Command(NamedTuple):
    """A row of the table.

    No dataclass: the module `dataclasses` imports `inspect`, which takes 8 ms.

    Attributes:
        heading: The heading above it in the help.
        summary: Its line in the help.
        module: The module of `cli.commands` whose `run` is the command; the command's
            name when "".
    """

    heading: str
    summary: str
    module: str = ""


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "status": Command(EVERYDAY, "how the daemon or a session stands"),
        "jobs": Command(EVERYDAY, "list jobs", "job_list"),
        "show": Command(EVERYDAY, "all about one job: attempts, why, what next"),
        "collections": Command(
            EVERYDAY, "list playlists, albums and channels", "collection_list"
        ),
        "add": Command(EVERYDAY, "drop links or a file into a session"),
        "wait": Command(EVERYDAY, "wait until jobs are finished"),
        "cancel": Command(EVERYDAY, "cancel jobs"),
        "retry": Command(EVERYDAY, "run finished jobs again"),
        "session": Command(SESSIONS, "list, create, limit, expire sessions"),
        "run": Command(RUNNING, "run the daemon in the foreground"),
        "serve": Command(RUNNING, "serve the REST API"),
        "check": Command(RUNNING, "say what a file would do, do nothing"),
        "engine": Command(RUNNING, "upgrade yt-dlp, or go back"),
        "ledger": Command(RUNNING, "back up, restore, check the ledger"),
        "doctor": Command(RUNNING, "look for what is missing or broken"),
        "notify": Command(RUNNING, "try those who are told of things"),
        "config": Command(RUNNING, "the settings and where each came from"),
        "formats": Command(RUNNING, "the formats and qualities there are"),
        "download": Command(RUNNING, "download at once, without a daemon"),
    }
)
