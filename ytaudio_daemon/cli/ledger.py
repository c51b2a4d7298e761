"""Back the ledger up, restore it, check it.

The ledger holds every session, drop, job and try; the audio lies beside it and is not
in a backup. On PostgreSQL `backup` and `restore` name the server's own commands.
"""

import argparse
from collections.abc import Callable

from ytaudio_daemon.cli.call import Call
from ytaudio_daemon.cli.commands import add_json

EXAMPLES = """\
examples:
  ytaudio ledger backup
  ytaudio ledger backup /mnt/safe/ledger.sqlite3
  ytaudio ledger restore state/backups/ledger-20261122T231500Z.sqlite3
  ytaudio ledger check
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a parser for each thing that is done with the ledger."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, add in _VERBS.items():
        add(verbs.add_parser(name, help=_HELP[name], description=_HELP[name] + "."))


def run(call: Call) -> int:
    """Do what the verb says."""
    from ytaudio_daemon.cli import ledger_check, ledger_copies  # noqa: PLC0415 - 200 ms

    doers: dict[str, Callable[[Call], int]] = {
        "backup": ledger_copies.back_up,
        "restore": ledger_copies.restore,
        "check": ledger_check.check,
    }
    return doers[call.args.verb](call)


_HELP = {
    "backup": "make a proven copy of the ledger, also while the daemon runs",
    "restore": "put a copy in the ledger's place; the daemon must not run",
    "check": "prove the ledger: its file, its keys, its counters, its states",
}


def _backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", nargs="?",
        help="the copy (default: state/backups/ledger-<UTC time>.sqlite3)",
    )  # fmt: skip
    add_json(parser, "{schema, ledger, file, size_bytes}")


def _restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a copy that `backup` made")
    add_json(parser, "{schema, ledger, file, kept_aside, unknown_drops, …}")


def _check(parser: argparse.ArgumentParser) -> None:
    add_json(parser, "{schema, ledger, sound, flaws: [{check, message}…]}")


_VERBS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "backup": _backup,
    "restore": _restore,
    "check": _check,
}
