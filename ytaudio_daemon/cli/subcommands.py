"""The verbs of a command that has several, such as `session list|create|…`."""

import argparse
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import NamedTuple

from ytaudio_daemon.cli.context import CommandContext


class Subcommand(NamedTuple):
    """What a verb is; no dataclass for the sake of a fast `--help`, as in `commands`.

    `target` is "module.function" within `cli`, imported when it is wanted: that takes
    200 to 300 ms, which no other verb should wait for.
    """

    target: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None] | None = None


def add_subcommands(
    parser: argparse.ArgumentParser, subcommands: Mapping[str, Subcommand]
) -> None:
    """Add a parser for each verb."""
    parsers = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in subcommands.items():
        added = parsers.add_parser(
            name, help=verb.summary, description=f"{verb.summary}."
        )
        if verb.add_arguments:
            verb.add_arguments(added)


def run_subcommand(
    context: CommandContext, subcommands: Mapping[str, Subcommand]
) -> int:
    """Do what the verb on the command line says; returns the exit status."""
    return load_target(subcommands[context.args.verb])(context)


def load_target(verb: Subcommand) -> Callable[[CommandContext], int]:
    """Return the function that does it."""
    module, _, function = verb.target.partition(".")
    found: Callable[[CommandContext], int] = getattr(
        import_module(f"ytaudio_daemon.cli.{module}"), function
    )
    return found
