"""Look for what is missing or broken, and name the remedy of each.

Exit status 6 when something is broken, 0 when all is well or only to be checked. root
becomes the daemon's user first, since folders are looked at with its rights.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_json

EXAMPLES = """\
examples:
  ytaudio doctor
  ytaudio doctor --json | jq '.findings[] | select(.health != "ok")'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_json(parser, "{schema, findings: [{name, health, message, remedy}…]}")
