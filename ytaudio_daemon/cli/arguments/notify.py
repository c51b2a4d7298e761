"""Send a test notice to the receivers in [notify]: people, a webhook, a command.

The daemon need not run. Each receiver gets one test notice, in the way it gets the real
ones, and its answer is shown.
"""

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from ytaudio_daemon.cli.arguments.shared import add_json
from ytaudio_daemon.cli.arguments.subcommands import Subcommand

EXAMPLES = """\
examples:
  ytaudio notify test
  YTAUDIO_NOTIFY_URLS=ntfy://my-topic ytaudio notify test
"""


def _add_test_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser, "{schema, receivers: [{receiver, ok, said}…]}")


SUBCOMMANDS: Mapping[str, Subcommand] = MappingProxyType(
    {
        "test": Subcommand(
            "notify_test.run",
            "send a test notice to each receiver and show its answer",
            _add_test_arguments,
        )
    }
)
