"""The stand-in as a program: `python -m tests.youtube --folder DIR`."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from tests.youtube.media import default_cache
from tests.youtube.server import Server
from tests.youtube.video import Video


def main() -> None:
    """Serve until told to stop."""
    options = _parser().parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.youtube",
        description="A local stand-in for YouTube, for yt-dlp to talk to.",
    )
    parser.add_argument("--folder", type=Path, required=True, help="keeps the CA file")
    parser.add_argument("--port", type=int, default=0, help="any free one by default")
    parser.add_argument("--cache", type=Path, help="keeps the media from run to run")
    parser.add_argument(
        "--videos",
        nargs="*",
        metavar="ID",
        help="only these exist; without the option every ID does",
    )
    parser.add_argument("--duration", type=float, default=3.0, help="seconds of audio")
    parser.add_argument(
        "--with-parent",
        action="store_true",
        help="start empty, greet in JSON, stop when standard input closes",
    )
    return parser


async def _serve(options: argparse.Namespace) -> None:
    cache = options.cache or default_cache()
    cache.mkdir(parents=True, exist_ok=True)
    server = Server(options.folder.resolve(), cache)
    if not options.with_parent:
        _fill(server, options)
    listening = await server.listen(options.port)
    proxy = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    # Before the greeting: who has read it may tell us to stop at once.
    told = _end_told(with_parent=options.with_parent)
    _greet(proxy, server.authority.ca_file, as_json=options.with_parent)
    await told.wait()
    listening.close()
    server.hang_up()


def _fill(server: Server, options: argparse.Namespace) -> None:
    template = Video(duration_s=options.duration)
    if options.videos is None:
        server.site.default = template
    for video_id in options.videos or ():
        server.site.add(template.called(video_id))


def _greet(proxy: str, ca_file: Path, *, as_json: bool) -> None:
    text = (
        f"proxy    {proxy}\nCA file  {ca_file}\n\nSSL_CERT_FILE={ca_file} yt-dlp"
        f" --compat-options no-certifi --proxy {proxy}"
        " -x https://www.youtube.com/watch?v=AAAAAAAAAAA"
    )
    if as_json:
        text = json.dumps({"proxy": proxy, "ca_file": str(ca_file)})
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _end_told(*, with_parent: bool) -> asyncio.Event:
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    if with_parent:
        # The parent writes nothing: readable means that it closed the pipe or died.
        loop.add_reader(sys.stdin.fileno(), told.set)
    return told


main()
