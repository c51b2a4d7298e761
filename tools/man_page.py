"""Writes the man page from the parsers: `make man` updates docs/ytaudio.1.

It uses only the macros of man(7): they are few, and every `man` knows them.
"""

import argparse
import re
import sys
from collections.abc import Iterator

from ytaudio_daemon import __version__
from ytaudio_daemon.cli.arguments.command_table import COMMANDS
from ytaudio_daemon.cli.arguments.parsers import (
    DESCRIPTION,
    command_parser,
    main_parser,
    subcommand_parsers,
)

#: Options of every command, described once.
GLOBAL_OPTIONS = frozenset({"help", "config", "root", "verbose"})
EXIT_STATUS = (
    ("0", "all right"),
    ("1", "something failed: a job, a line, the command"),
    ("2", "the command line or the configuration is unusable, or you may not do that"),
    ("3", "the daemon is not running, or hangs (status, wait)"),
    ("4", "no such session or job"),
    ("5", "wait --timeout is over"),
    ("6", "degraded: it works, but not as it should (status, doctor)"),
    ("130", "interrupted by Ctrl-C"),
)
FILES = (
    ("/etc/ytaudio/ytaudio.toml", "the config of an installed service"),
    (
        "inbox/<session>/",
        "drop files here; a file straight in inbox/ is session default's",
    ),
    ("inbox/<session>/processed/", "filed drops, each with its receipt"),
    ("library/<session>/", "the finished audio, under names people can find"),
    (
        "downloads/<session>/<job>/",
        "the same audio as published, each with its job.json",
    ),
    ("status/", "JSON for programs"),
    ("state/ledger.sqlite3", "the daemon's own; state/backups/ has copies of it"),
)
ENVIRONMENT = (
    ("YTAUDIO_CONFIG", "the config file, unless --config names one"),
    ("YTAUDIO_<SECTION>_<KEY>", "overrides a key of the config; see ytaudio config --keys"),
    ("NO_COLOR", "switches colour off"),
)  # fmt: skip
#: Characters that groff(7) would replace by others, or read as a command.
_ESCAPES = (("\\", "\\e"), ("-", "\\-"), ("'", "\\(aq"), ("`", "\\(ga"))


def man_page() -> str:
    """Return the man page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield '.\\" Made by `make man` from the parsers; changes here are lost.'
    yield f'.TH YTAUDIO 1 "" "ytaudio-daemon {__version__}" "User Commands"'
    yield ".SH NAME"
    yield "ytaudio \\- dropped lists of YouTube links become tagged, proven audio files"
    yield ".SH SYNOPSIS"
    yield ".B ytaudio"
    yield _escape_roff("[--config FILE] [--root DIR] [-v] COMMAND ...")
    yield ".SH DESCRIPTION"
    yield _escape_roff(
        f"{DESCRIPTION} A daemon (ytaudio run, or the service ytaudio-daemon) watches a "
        "folder of sessions; these commands look at its work and change it. They work "
        "while it is down, too, and say so."
    )
    yield from _options("OPTIONS OF ALL COMMANDS", _global_options())
    yield ".SH COMMANDS"
    for name in COMMANDS:
        yield from _command(name)
    yield from _definition_list("EXIT STATUS", EXIT_STATUS)
    yield from _definition_list("ENVIRONMENT", ENVIRONMENT)
    yield from _definition_list("FILES", FILES)
    yield ".SH SEE ALSO"
    yield _escape_roff(
        "docs/ in the program's folder: cli.md shows each command with its output,"
    )
    yield _escape_roff(
        "drop-files.md what may be dropped, operations.md how to keep it running."
    )


def _command(name: str) -> Iterator[str]:
    parser = command_parser(name)
    verbs = subcommand_parsers(parser)
    yield f".SS {_escape_roff(f'ytaudio {name}')}"
    yield from _usage(parser)
    yield from _paragraphs(parser.description or "")
    yield from _arguments(parser)
    for verb in verbs:
        yield ".PP"
        yield f"\\fB{_escape_roff(verb.prog)}\\fR"
        yield ".br"
        yield from _paragraphs(verb.description or "")
        yield from _usage(verb)
        yield from _arguments(verb)
    yield from _examples(parser.epilog or "")


def _usage(parser: argparse.ArgumentParser) -> Iterator[str]:
    words = " ".join(parser.format_usage().split()).removeprefix("usage: ")
    for flags in ("-h", "--config FILE", "--root DIR", "-v"):
        words = words.replace(f" [{flags}]", "")
    yield ".PP"
    yield f"\\fI{_escape_roff(words)}\\fR"
    yield ".PP"


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way
        is_verb = isinstance(action, argparse._SubParsersAction)  # noqa: SLF001 - argparse has no public way
        if action.dest not in GLOBAL_OPTIONS and not is_verb:
            yield from _argument(action)


def _global_options() -> list[argparse.Action]:
    return [
        action
        for action in main_parser()._actions  # noqa: SLF001 - argparse has no public way
        if action.help is not argparse.SUPPRESS
    ]


def _options(heading: str, actions: list[argparse.Action]) -> Iterator[str]:
    yield f".SH {heading}"
    for action in actions:
        yield from _argument(action)


def _argument(action: argparse.Action) -> Iterator[str]:
    value = action.metavar or (action.choices and "|".join(map(str, action.choices)))
    shown = (
        ""
        if action.nargs == 0
        else f" \\fI{_escape_roff(str(value or action.dest))}\\fR"
    )
    flags = ", ".join(f"\\fB{_escape_roff(flag)}\\fR" for flag in action.option_strings)
    yield ".TP"
    yield f"{flags}{shown}".strip()
    yield _escape_roff((action.help or "").replace("%%", "%"))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.strip().split("\n\n"):
        yield _escape_roff(" ".join(paragraph.split()))
        yield ".PP"


def _examples(epilog: str) -> Iterator[str]:
    lines = [line.strip() for line in epilog.splitlines() if line.startswith("  ")]
    yield ".PP"
    yield "Examples:"
    yield ".PP"
    yield ".RS 4"
    yield ".nf"
    yield from map(_escape_roff, lines)
    yield ".fi"
    yield ".RE"


def _definition_list(heading: str, rows: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f".SH {heading}"
    for name, meaning in rows:
        yield ".TP"
        yield f"\\fB{_escape_roff(name)}\\fR"
        yield _escape_roff(meaning)


def _escape_roff(text: str) -> str:
    """Return a text escaped so that roff prints it unchanged."""
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    safe = re.sub(r"^\.", r"\\&.", text)
    return "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in safe)


if __name__ == "__main__":
    sys.stdout.write(man_page())
