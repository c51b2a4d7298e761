"""The verbs of a command that has several, such as `session list|create|…`."""

import argparse
from collections.abc import Callable, Mapping

from ytaudio_daemon.cli.arguments.help_format import HelpFormatter

AddArguments = Callable[[argparse.ArgumentParser], None]


class Subcommand:
    """A verb; neither a dataclass nor a named tuple, as `command_table.Command`.

    Attributes:
        target: The function that runs it: "module.function" in `cli.commands`.
        summary: Its line in the help.
        add_arguments: Adds its own arguments; None when it has none.
    """

    __slots__ = ("add_arguments", "summary", "target")

    def __init__(
        self, target: str, summary: str, add_arguments: AddArguments | None = None
    ) -> None:
        self.target = target
        self.summary = summary
        self.add_arguments = add_arguments


def add_subcommands(
    parser: argparse.ArgumentParser,
    subcommands: Mapping[str, Subcommand],
    default: str | None = None,
) -> None:
    """Add a parser for each verb.

    Args:
        parser: Gets them.
        subcommands: The verbs by name.
        default: The verb that is meant where none is given; None: one must be.
    """
    parsers = parser.add_subparsers(
        dest="verb", required=default is None, metavar="VERB"
    )
    if default is not None:
        parser.set_defaults(verb=default)
    for name, verb in subcommands.items():
        added = parsers.add_parser(
            name,
            help=verb.summary,
            description=f"{verb.summary}.",
            formatter_class=HelpFormatter,
        )
        if verb.add_arguments:
            verb.add_arguments(added)
