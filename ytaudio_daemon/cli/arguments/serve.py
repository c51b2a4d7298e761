"""Serve the REST API until Ctrl-C or SIGTERM.

Jobs posted there are recorded like those of drops, and run by the daemon; while none is
running they wait. On a loopback address everybody on this machine is the operator; on any
other, and where a token is given, the operator is who shows the token.
"""

import argparse
from pathlib import Path

EXAMPLES = """\
examples:
  ytaudio serve
  ytaudio serve --host 0.0.0.0 --port 8080 --token-file /etc/ytaudio/token
"""
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "--host", default=DEFAULT_HOST, metavar="ADDRESS",
        help="where to listen; any but a loopback address needs --token-file "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, metavar="N",
        help="the port; 0 picks a free one (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE",
        help="holds the operator's token, mode 0600",
    )  # fmt: skip
