"""Show the formats, the qualities and the fields of file names, and what each does.

Copied means: the same audio that YouTube serves, not encoded again. That is quicker and
loses nothing, so m4a and opus are the formats to prefer where the player takes them.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_json

EXAMPLES = """\
examples:
  ytaudio formats
  ytaudio add --format opus https://youtu.be/dQw4w9WgXcQ
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_json(parser, "{schema, formats, qualities, filename_fields}")
