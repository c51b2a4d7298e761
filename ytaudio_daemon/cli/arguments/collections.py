"""List playlists, albums and channels in the order they were asked for.

STATE is that of the listing: completed when every entry has a job or a reason why not.
`ytaudio show COLLECTION` lists the entries; `wait`, `cancel` and `retry` take a
collection's ID where they take a job's.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_json, add_session

EXAMPLES = """\
examples:
  ytaudio collections --session party
  ytaudio collections --json | jq '.collections[] | .title'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_session(parser, "only those of this session")
    add_json(parser, "the collections")
