"""Show the settings in effect, and where each came from.

A flag goes before a variable YTAUDIO_<SECTION>_<KEY>, that before the config file, that
before the default. --keys explains every key instead, and reads no config file.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_json

EXAMPLES = """\
examples:
  ytaudio config
  ytaudio config --keys
  YTAUDIO_DOWNLOAD_FORMAT=opus ytaudio config --json | jq '.settings["download.format"]'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "--keys", action="store_true", help="explain every key and its allowed values"
    )
    add_json(parser, "values and origins, or with --keys the keys,")
