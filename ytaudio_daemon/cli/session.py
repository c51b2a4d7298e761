"""List, create, show, limit, touch and expire sessions.

A session is a folder in the inbox with a quota and a time to live; dropping a file into
a new folder opens one, too.
"""

import argparse
from collections.abc import Callable

from ytaudio_daemon.cli.call import Call
from ytaudio_daemon.cli.commands import add_json

EXAMPLES = """\
examples:
  ytaudio session create --name party
  ytaudio session set party --max-jobs 50 --ttl 7d --on-expiry delete
  ytaudio session set party --max-jobs default
  ytaudio session expire party --force --yes
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a parser for each thing that is done with sessions."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, add in _VERBS.items():
        add(verbs.add_parser(name, help=_HELP[name], description=_HELP[name] + "."))


def run(call: Call) -> int:
    """Do what the verb says."""
    from ytaudio_daemon.cli import session_changes, session_views  # noqa: PLC0415 - 200 ms

    doers: dict[str, Callable[[Call], int]] = {
        "list": session_views.list_all,
        "show": session_views.show_one,
        "create": session_changes.create,
        "set": session_changes.set_limits,
        "touch": session_changes.touch,
        "expire": session_changes.expire,
    }
    return doers[call.args.verb](call)


_HELP = {
    "list": "list all sessions, the oldest first",
    "create": "open a session: print its UUID, make its inbox folder",
    "show": "show a session's limits, use and drops",
    "set": "give a session limits of its own; 'default' gives one back to the config",
    "touch": "start a session's time to live over",
    "expire": "end a session now",
}


def _list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state", choices=["active", "expired"], help="only sessions in this state"
    )
    add_json(parser, "{schema, sessions: […]}")


def _create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--name", metavar="N", help="its name and folder (default: its UUID)"
    )


def _show(parser: argparse.ArgumentParser) -> None:
    _named(parser)
    add_json(parser, "the session, its own limits and drops")


def _set(parser: argparse.ArgumentParser) -> None:
    _named(parser)
    parser.add_argument(
        "--max-jobs", metavar="N", help="unfinished jobs at once; 0 is no limit"
    )
    parser.add_argument("--ttl", metavar="TIME", help="time to live, such as 24h, 7d")
    parser.add_argument(
        "--on-expiry", metavar="WHAT", help="keep or delete the finished audio"
    )
    parser.add_argument(
        "--max-bytes",
        metavar="SIZE",
        help="of finished audio, such as 4GiB; 0 = no limit",
    )


def _expire(parser: argparse.ArgumentParser) -> None:
    _named(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--force", action="store_true", help="cancel its unfinished jobs first"
    )


def _named(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="SESSION", help="its name or UUID")


_VERBS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "list": _list,
    "create": _create,
    "show": _show,
    "set": _set,
    "touch": _named,
    "expire": _expire,
}
