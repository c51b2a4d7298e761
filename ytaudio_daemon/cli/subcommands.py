"""The verbs of a command that has several, such as `session list|create|…`."""

import argparse
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import NamedTuple

from ytaudio_daemon.cli.context import Call


class Verb(NamedTuple):
    """What a verb is; no dataclass for the sake of a fast `--help`, as in `commands`.

    `doer` is "module.function" within `cli`, imported when it is wanted: that takes
    200 to 300 ms, which no other verb should wait for.
    """

    doer: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None] | None = None


def add_verbs(parser: argparse.ArgumentParser, verbs: Mapping[str, Verb]) -> None:
    """Add a parser for each verb."""
    parsers = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in verbs.items():
        added = parsers.add_parser(
            name, help=verb.summary, description=f"{verb.summary}."
        )
        if verb.add_arguments:
            verb.add_arguments(added)


def run_verb(call: Call, verbs: Mapping[str, Verb]) -> int:
    """Do what the verb on the command line says; returns the exit status."""
    return doer_of(verbs[call.args.verb])(call)


def doer_of(verb: Verb) -> Callable[[Call], int]:
    """Return the function that does it."""
    module, _, function = verb.doer.partition(".")
    found: Callable[[Call], int] = getattr(
        import_module(f"ytaudio_daemon.cli.{module}"), function
    )
    return found
