"""Back up, restore or check the ledger.

The ledger is the database of all sessions, drops, jobs and tries. A backup of it has no
audio. On PostgreSQL `backup` and `restore` print the server's own commands instead.
"""

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from ytaudio_daemon.cli.arguments.shared import add_json
from ytaudio_daemon.cli.arguments.subcommands import Subcommand

EXAMPLES = """\
examples:
  ytaudio ledger backup
  ytaudio ledger backup /mnt/safe/ledger.sqlite3
  ytaudio ledger restore state/backups/ledger-20261122T231500Z.sqlite3
  ytaudio ledger check
"""


def _add_backup_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", nargs="?",
        help="the copy (default: state/backups/ledger-<UTC time>.sqlite3)",
    )  # fmt: skip
    add_json(parser, "{schema, ledger, file, size_bytes}")


def _add_restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a copy that `backup` made")
    add_json(parser, "{schema, ledger, file, kept_aside, unknown_drops, …}")


def _add_check_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser, "{schema, ledger, sound, flaws: [{check, message}…]}")


SUBCOMMANDS: Mapping[str, Subcommand] = MappingProxyType(
    {
        "backup": Subcommand(
            "ledger_copies.back_up",
            "make a checked copy of the ledger; the daemon may run",
            _add_backup_arguments,
        ),
        "restore": Subcommand(
            "ledger_copies.restore",
            "replace the ledger by a copy; the daemon must not run",
            _add_restore_arguments,
        ),
        "check": Subcommand(
            "ledger_check.check",
            "check the ledger: its file, keys, counters and states",
            _add_check_arguments,
        ),
    }
)
