"""Move the library's files to where its layout says.

`[library]` in the config, and in a session's defaults.toml, says how files and folders
are called; it counts for new ones. `relayout` moves those that are there. What a person
has changed, moved or removed stays as it is.
"""

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from ytaudio_daemon.cli.arguments.shared import add_json
from ytaudio_daemon.cli.arguments.subcommands import Subcommand, add_subcommands

EXAMPLES = """\
examples:
  ytaudio library relayout
  ytaudio library relayout anna --apply
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a parser for each verb."""
    add_subcommands(parser, SUBCOMMANDS)


def target(args: argparse.Namespace) -> str:
    """Return the function that runs the verb."""
    return SUBCOMMANDS[args.verb].target


def _add_relayout_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "session", metavar="SESSION", nargs="?",
        help="only this session's files (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--apply", action="store_true", help="move them; else they are only listed"
    )
    add_json(parser, "{schema, library, applied, in_place, moved, kept, failed: […]}")


SUBCOMMANDS: Mapping[str, Subcommand] = MappingProxyType(
    {
        "relayout": Subcommand(
            "library_relayout.relayout",
            "move what nobody has changed to where the layout says now",
            _add_relayout_arguments,
        ),
    }
)
