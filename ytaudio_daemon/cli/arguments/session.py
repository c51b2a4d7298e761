"""List, create, show, limit, touch and expire sessions.

A session is a folder in the inbox with a quota and a time to live; dropping a file into
a new folder opens one as well.
"""

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from ytaudio_daemon.cli.arguments.shared import add_json
from ytaudio_daemon.cli.arguments.subcommands import Subcommand

EXAMPLES = """\
examples:
  ytaudio session create --name party
  ytaudio session set party --max-jobs 50 --ttl 7d --on-expiry delete
  ytaudio session set party --max-jobs default
  ytaudio session expire party --force --yes
"""


def _add_list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state", choices=["active", "expired"], help="only sessions in this state"
    )
    add_json(parser, "{schema, sessions: […]}")


def _add_create_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--name", metavar="N", help="its name and folder (default: its UUID)"
    )


def _add_show_arguments(parser: argparse.ArgumentParser) -> None:
    _add_session_argument(parser)
    add_json(parser, "the session, its own limits and drops")


def _add_set_arguments(parser: argparse.ArgumentParser) -> None:
    _add_session_argument(parser)
    parser.add_argument(
        "--max-jobs",
        metavar="N",
        help="the highest number of unfinished jobs; 0 is no limit",
    )
    parser.add_argument("--ttl", metavar="TIME", help="time to live, such as 24h, 7d")
    parser.add_argument(
        "--on-expiry", metavar="WHAT", help="keep or delete the finished audio"
    )
    parser.add_argument(
        "--max-bytes",
        metavar="SIZE",
        help="bytes of finished audio, such as 4GiB; 0 is no limit",
    )


def _add_expire_arguments(parser: argparse.ArgumentParser) -> None:
    _add_session_argument(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--force", action="store_true", help="cancel its unfinished jobs first"
    )


def _add_session_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="SESSION", help="its name or UUID")


SUBCOMMANDS: Mapping[str, Subcommand] = MappingProxyType(
    {
        "list": Subcommand(
            "session_views.list_all",
            "list all sessions, the oldest first",
            _add_list_arguments,
        ),
        "create": Subcommand(
            "session_changes.create",
            "open a session, make its inbox folder and print its UUID",
            _add_create_arguments,
        ),
        "show": Subcommand(
            "session_views.show_one",
            "show a session's limits, use and drops",
            _add_show_arguments,
        ),
        "set": Subcommand(
            "session_changes.set_limits",
            "give a session its own limits; 'default' means the limit of the config",
            _add_set_arguments,
        ),
        "touch": Subcommand(
            "session_changes.touch",
            "restart a session's time to live",
            _add_session_argument,
        ),
        "remove-cookies": Subcommand(
            "session_changes.remove_cookies",
            "remove the cookies that a session was given",
            _add_session_argument,
        ),
        "expire": Subcommand(
            "session_changes.expire", "end a session now", _add_expire_arguments
        ),
    }
)
