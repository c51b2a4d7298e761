"""Builds the parsers: the program's own, and that of each command."""

import argparse
from argparse import Namespace
from collections.abc import Mapping, Sequence
from importlib import import_module

from ytaudio_daemon.cli.arguments.command_table import COMMANDS
from ytaudio_daemon.cli.arguments.help_format import HelpFormatter
from ytaudio_daemon.cli.arguments.shared import add_global_options
from ytaudio_daemon.cli.arguments.subcommands import add_subcommands
from ytaudio_daemon.cli.arguments.unknown_words import (
    unknown_command_error,
    unknown_verb_error,
    unknown_words_error,
)

TYPE_CHECKING = False  # as in `ytaudio_daemon`: `--help` does without `typing`
if TYPE_CHECKING:
    from typing import Any

DESCRIPTION = "Turn dropped lists of YouTube links into tagged, proven audio files."
EXIT_CODES = """\
exit status: 0 ok, 1 something failed, 2 usage or configuration, 3 daemon not running
or hanging (status, wait), 4 no such session or job, 5 timeout, 6 degraded"""
#: Shells whose completion `--print-completion` prints.
SHELLS = ("bash", "zsh", "fish")


class CommandParser(argparse.ArgumentParser):
    """The parser of a command, which suggests what is meant by a misspelled word."""

    def parse_args(self, args: "Any" = None, namespace: "Any" = None) -> "Any":
        """Parse all words.

        Raises:
            UsageError: There are words that the command does not know.
            SystemExit: The words are wrong otherwise, or ask for help.
        """
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            raise unknown_words_error(self.prog, unknown, self._flags())
        return parsed

    def _check_value(self, action: argparse.Action, value: "Any") -> None:
        """Refuse a verb that the command does not have (called by argparse)."""
        if isinstance(action.choices, Mapping) and value not in action.choices:
            raise unknown_verb_error(self.prog, str(value), list(action.choices))
        super()._check_value(action, value)

    def _flags(self) -> set[str]:
        parsers = (self, *subcommand_parsers(self))
        return {flag for one in parsers for flag in one._option_string_actions}  # noqa: SLF001 - argparse has no public way


def main_parser() -> argparse.ArgumentParser:
    """Return the parser of the words up to and including the command's name."""
    parser = argparse.ArgumentParser(
        prog="ytaudio",
        usage="ytaudio [--config FILE] [--root DIR] [-v] COMMAND …",
        description=DESCRIPTION,
        epilog=f"{_command_list()}\n`ytaudio COMMAND --help` explains a command.\n\n{EXIT_CODES}",
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    add_program_options(parser)
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def add_program_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that stand before a command's name."""
    add_global_options(parser, default=None)
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument(
        "--print-completion", choices=SHELLS, metavar="SHELL",
        help=f"print the completion script for {', '.join(SHELLS)}",
    )  # fmt: skip


def command_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of the words behind a command's name.

    Raises:
        UsageError: There is no such command.
    """
    module = argument_module(name)
    parser = CommandParser(
        prog=f"ytaudio {name}",
        description=module.__doc__,
        epilog=module.EXAMPLES,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    add_command_arguments(parser, name)
    return parser


def add_command_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Add a command's own arguments, and the global options to it and its verbs."""
    module = argument_module(name)
    if verbs := getattr(module, "SUBCOMMANDS", None):
        add_subcommands(parser, verbs, getattr(module, "DEFAULT_VERB", None))
    if add_arguments := getattr(module, "add_arguments", None):
        add_arguments(parser)
    for part in (parser, *subcommand_parsers(parser)):
        add_global_options(part, default=argparse.SUPPRESS)


def argument_module(name: str) -> "Any":
    """Import the module of a command's arguments.

    Raises:
        UsageError: There is no such command.
    """
    if name not in COMMANDS:
        raise unknown_command_error(name)
    return import_module(f"ytaudio_daemon.cli.arguments.{name}")


def parse_command(name: str, words: Sequence[str], known: Namespace) -> Namespace:
    """Parse the words behind a command's name.

    Args:
        name: The command.
        words: Those behind it.
        known: The global options given before it.

    Returns:
        All arguments, and as `target` the function that runs the command:
        "module.function" in `cli.commands`.

    Raises:
        UsageError: There is no such command.
        SystemExit: The words are wrong, or ask for help (from argparse).
    """
    args = command_parser(name).parse_args(words, known)
    args.target = _target(name, args)
    return args


def _target(name: str, args: Namespace) -> str:
    module = argument_module(name)
    if verbs := getattr(module, "SUBCOMMANDS", None):
        target: str = verbs[args.verb].target
        return target
    if choose := getattr(module, "target", None):
        chosen: str = choose(args)
        return chosen
    return f"{COMMANDS[name].module or name}.run"


def subcommand_parsers(
    parser: argparse.ArgumentParser,
) -> list[argparse.ArgumentParser]:
    """Return the parsers of a command's verbs, if it has any."""
    tables = (action.choices for action in parser._actions)  # noqa: SLF001 - argparse has no public way
    return [
        verb
        for table in tables
        if isinstance(table, Mapping)
        for verb in table.values()
    ]


def _command_list() -> str:
    lines: list[str] = []
    heading = ""
    width = max(map(len, COMMANDS)) + 2
    for name, command in COMMANDS.items():
        if command.heading != heading:
            heading = command.heading
            lines.append(f"\n{heading}:" if lines else f"{heading}:")
        lines.append(f"  {name:<{width}}{command.summary}")
    return "\n".join(lines) + "\n"
