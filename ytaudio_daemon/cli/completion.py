"""The scripts that complete the command line in a shell, for `--print-completion`."""

import argparse

import shtab

from ytaudio_daemon.cli.arguments.command_table import COMMANDS
from ytaudio_daemon.cli.arguments.parsers import (
    DESCRIPTION,
    add_command_arguments,
    add_program_options,
    subcommand_parsers,
)
from ytaudio_daemon.model.options import FORMATS, QUALITIES

#: Arguments whose values are paths, by the name of the value in the help.
_PATHS = {"FILE": shtab.FILE, "WHEEL": shtab.FILE, "DIR": shtab.DIRECTORY}
#: Arguments that the command checks itself, so that the parser does not know the values.
_CHOICES = {"F": FORMATS, "Q": QUALITIES}


def completion_script(shell: str) -> str:
    """Return the script for a shell: "bash", "zsh" or "fish"."""
    parser = _whole_parser()
    for part in _with_subparsers(parser):
        _describe_values(part)
    return shtab.complete(parser, shell)


def _whole_parser() -> argparse.ArgumentParser:
    """Return one parser for the program, its commands and their verbs.

    The program itself builds no more than the parser of the command that is called.
    """
    parser = argparse.ArgumentParser(prog="ytaudio", description=DESCRIPTION)
    add_program_options(parser)
    commands = parser.add_subparsers(dest="command")
    for name, command in COMMANDS.items():
        added = commands.add_parser(
            name, help=command.summary, description=command.summary
        )
        add_command_arguments(added, name)
    return parser


def _with_subparsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    commands = subcommand_parsers(parser)
    return [parser, *commands, *(v for c in commands for v in subcommand_parsers(c))]


def _describe_values(parser: argparse.ArgumentParser) -> None:
    """Set the attributes that shtab reads: `complete` for paths, else `choices`."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way
        name = str(action.metavar)
        if name in _PATHS:
            action.complete = _PATHS[name]  # type: ignore[attr-defined] # shtab's own
        elif name in _CHOICES:
            action.choices = _CHOICES[name]
