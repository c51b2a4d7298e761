"""The table of commands, and the parser of each.

A command's module has:

- `add_arguments(parser)`: its own arguments,
- `run(call) -> int`: does it and returns the exit status,
- `EXAMPLES`: shown under its help.
"""

import argparse
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

from ytaudio_daemon.errors import UsageError

DESCRIPTION = "Turn dropped lists of YouTube links into tagged, proven audio files."
EXIT_CODES = """\
exit status: 0 ok, 1 something failed, 2 usage or configuration, 3 daemon not running
or hanging (status, wait), 4 no such session or job, 5 timeout, 6 degraded"""


class Command(NamedTuple):
    """A row of the table: in which module, under which heading, in a few words.

    No dataclass: those cost every call of the command 8 ms for `inspect` alone.
    """

    module: str
    heading: str
    summary: str


#: Columns of the help.
HELP_WIDTH = 84
EVERYDAY = "Everyday"
SESSIONS = "Sessions"
RUNNING = "Running it"

#: In the order of the help.
COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "status": Command("status", EVERYDAY, "how the daemon or a session stands"),
        "jobs": Command("jobs", EVERYDAY, "list jobs"),
        "show": Command(
            "show", EVERYDAY, "all about one job: attempts, why, what next"
        ),
        "add": Command("add", EVERYDAY, "drop links or a file into a session"),
        "wait": Command("wait", EVERYDAY, "wait until jobs are finished"),
        "cancel": Command("cancel", EVERYDAY, "cancel jobs"),
        "retry": Command("retry", EVERYDAY, "run finished jobs again"),
        "session": Command("session", SESSIONS, "list, create, limit, expire sessions"),
        "run": Command("run", RUNNING, "run the daemon in the foreground"),
        "serve": Command("serve", RUNNING, "serve the REST API"),
        "check": Command("check", RUNNING, "say what a file would do, do nothing"),
        "engine": Command("engine", RUNNING, "upgrade yt-dlp, or go back"),
        "ledger": Command("ledger", RUNNING, "back up, restore, check the ledger"),
        "doctor": Command("doctor", RUNNING, "look for what is missing or broken"),
        "notify": Command("notify", RUNNING, "try those who are told of things"),
        "config": Command("config", RUNNING, "the settings and where each came from"),
        "formats": Command("formats", RUNNING, "the formats and qualities there are"),
        "download": Command("download", RUNNING, "download at once, without a daemon"),
    }
)


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps examples as they are; asks for no terminal size, which imports `shutil`."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=HELP_WIDTH)


def main_parser() -> argparse.ArgumentParser:
    """Return the parser of what stands before and including the command's name."""
    parser = argparse.ArgumentParser(
        prog="ytaudio",
        usage="ytaudio [--config FILE] [--root DIR] [-v] COMMAND …",
        description=DESCRIPTION,
        epilog=f"{_command_list()}\n`ytaudio COMMAND --help` tells more.\n\n{EXIT_CODES}",
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    _add_global_options(parser, default=None)
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def command_module(name: str) -> Any:
    """Import the module of a command.

    Raises:
        UsageError: There is no such command.
    """
    command = COMMANDS.get(name)
    if command is None:
        raise UsageError(f"there is no command {name!r}{_suggestion(name)}")
    return import_module(f"ytaudio_daemon.cli.{command.module}")


def command_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of what stands behind a command's name.

    Raises:
        UsageError: There is no such command.
    """
    module = command_module(name)
    parser = argparse.ArgumentParser(
        prog=f"ytaudio {name}",
        description=module.__doc__,
        epilog=module.EXAMPLES,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    # Allowed on both sides of the command's name; what stands there is not undone.
    for part in (parser, *_subcommand_parsers(parser)):
        _add_global_options(part, default=argparse.SUPPRESS)
    return parser


def _subcommand_parsers(
    parser: argparse.ArgumentParser,
) -> list[argparse.ArgumentParser]:
    """Return the parsers of a command's verbs, if it has any."""
    tables = (action.choices for action in parser._actions)  # noqa: SLF001 - argparse has no other way to ask
    return [
        verb
        for table in tables
        if isinstance(table, Mapping)
        for verb in table.values()
    ]


def add_json(parser: argparse.ArgumentParser, what: str) -> None:
    """Add `--json`, which every reading command has."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def _add_global_options(parser: argparse.ArgumentParser, default: str | None) -> None:
    group = parser.add_argument_group("everywhere")
    group.add_argument(
        "--config", metavar="FILE", default=default,
        help="the config file (else $YTAUDIO_CONFIG, ./config/ytaudio.toml, "
        "/etc/ytaudio/ytaudio.toml)",
    )  # fmt: skip
    group.add_argument(
        "--root", metavar="DIR", default=default,
        help="the folder that holds inbox, downloads, status, state",
    )  # fmt: skip
    group.add_argument(
        "-v", "--verbose", action="store_true",
        default=False if default is None else default,
        help="show more, and the traceback of an error",
    )  # fmt: skip


def _command_list() -> str:
    lines: list[str] = []
    heading = ""
    for name, command in COMMANDS.items():
        if command.heading != heading:
            heading = command.heading
            lines.append(f"\n{heading}:" if lines else f"{heading}:")
        lines.append(f"  {name:<9}{command.summary}")
    return "\n".join(lines) + "\n"


def _suggestion(name: str) -> str:
    import difflib  # noqa: PLC0415 - only for a slip

    close = difflib.get_close_matches(name, COMMANDS, n=1)
    return f"; did you mean {close[0]}?" if close else ""
