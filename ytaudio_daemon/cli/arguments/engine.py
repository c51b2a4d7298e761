"""Show which yt-dlp is used, upgrade it, use another version, or go back.

YouTube often changes, and yt-dlp follows within days. Its versions are in state/engine;
the workers use the chosen one instead of the one that was installed with the program. A
running daemon uses a new version from the next attempt on, and upgrades by itself every
day ([engine] in the config).
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ytaudio_daemon.cli.arguments.shared import add_json
from ytaudio_daemon.cli.arguments.subcommands import Subcommand

EXAMPLES = """\
examples:
  ytaudio engine list
  sudo ytaudio engine upgrade
  sudo ytaudio engine upgrade --channel nightly
  sudo ytaudio engine upgrade --version 2026.8.19
  sudo ytaudio engine use installed
  sudo ytaudio engine rollback
"""


def _add_list_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser, "{schema, in_use, versions: […], refused: […], last_upgrade}")


def _add_upgrade_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--channel", choices=["stable", "nightly"],
        help="the channel of the newest version (default: [engine] channel)",
    )  # fmt: skip
    which.add_argument(
        "--version",
        metavar="V",
        help="this version, also an older one; it is then kept (pinned)",
    )
    which.add_argument(
        "wheel", metavar="WHEEL", nargs="?", type=Path,
        help="a wheel file of yt-dlp; wheels of what it needs may be in the same folder",
    )  # fmt: skip
    parser.add_argument(
        "--automatic", action="store_true",
        help="upgrade as the daemon does: not while a version is pinned",
    )  # fmt: skip
    add_json(parser, "{schema, at, result, version, message, automatic}")


def _add_use_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "version", metavar="VERSION",
        help="one of `engine list`, or `installed`: the one installed with the program",
    )  # fmt: skip


SUBCOMMANDS: Mapping[str, Subcommand] = MappingProxyType(
    {
        "list": Subcommand(
            "engine_list.run",
            "list the installed versions of yt-dlp and the result of the last upgrade",
            _add_list_arguments,
        ),
        "upgrade": Subcommand(
            "engine_changes.upgrade",
            "fetch the newest yt-dlp (or another), check it, and use it",
            _add_upgrade_arguments,
        ),
        "use": Subcommand(
            "engine_changes.use",
            "use an installed version, and keep it until you choose another",
            _add_use_arguments,
        ),
        "rollback": Subcommand(
            "engine_changes.rollback", "go back to the version that was used before"
        ),
    }
)
