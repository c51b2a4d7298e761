"""See which lists are followed, look at them now, pause, resume or stop that.

A playlist, album or channel is followed when its line says follow=6h: every six hours
it is looked at again, and what is new in it is fetched. Without a verb: list.
"""

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from ytaudio_daemon.cli.arguments.shared import add_json, add_session
from ytaudio_daemon.cli.arguments.subcommands import Subcommand

EXAMPLES = """\
examples:
  ytaudio subscriptions
  ytaudio subscriptions check 1a2b3c4d
  ytaudio subscriptions pause --session podcasts
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the defaults of the verb `list`, for a call without a verb."""
    parser.set_defaults(session=None, json=False)


def _add_list_arguments(parser: argparse.ArgumentParser) -> None:
    add_session(parser, "only those of this session")
    add_json(parser, "the followed collections")


def _add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "collections",
        nargs="*",
        metavar="COLLECTION",
        help="ID of a followed collection, or its beginning",
    )
    add_session(parser, "those of this session")


#: The verb that is meant where none is given.
DEFAULT_VERB = "list"
SUBCOMMANDS: Mapping[str, Subcommand] = MappingProxyType(
    {
        "list": Subcommand(
            "collection_list.run_followed",
            "List followed collections, and when they are looked at",
            _add_list_arguments,
        ),
        "check": Subcommand(
            "subscription_changes.check",
            "Look at them now, not when they are due",
            _add_selection,
        ),
        "pause": Subcommand(
            "subscription_changes.pause",
            "Look at them no more until they are resumed",
            _add_selection,
        ),
        "resume": Subcommand(
            "subscription_changes.resume", "Go on with paused ones", _add_selection
        ),
        "stop": Subcommand(
            "subscription_changes.stop",
            "Follow them no longer; what they brought stays",
            _add_selection,
        ),
    }
)
