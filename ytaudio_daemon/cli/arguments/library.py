"""Move the library's files to where its layout says.

`[library]` in the config, and in a session's defaults.toml, says how files and folders
are called; it counts for new ones. `relayout` moves those that are there. What a person
has changed, moved or removed stays as it is.
"""

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from ytaudio_daemon.cli.arguments.shared import add_json
from ytaudio_daemon.cli.arguments.subcommands import Subcommand

EXAMPLES = """\
examples:
  ytaudio library relayout
  ytaudio library relayout anna --apply
"""


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
