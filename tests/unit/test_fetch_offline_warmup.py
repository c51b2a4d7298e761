"""The rehearsal runs to its end without a network, with yt-dlp as it is installed."""

import subprocess
import sys

#: In a process of its own, as it changes the libraries. The audit hook sees each
#: connection and each look-up of a name, whichever library makes it.
SCRIPT = """
import sys
reached = []

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        reached.append((event, arguments))

from ytaudio_daemon.fetch import offline_warmup, ytdlp_client
from urllib3 import HTTPSConnectionPool
usual = HTTPSConnectionPool.ConnectionCls
ytdlp_client.warm_up()
sys.addaudithook(watch)
respond, asked = offline_warmup._respond, []

def record(path):
    asked.append(path.partition("?")[0])
    return respond(path)

offline_warmup._respond = record
offline_warmup.run_http_warmup()
assert HTTPSConnectionPool.ConnectionCls is usual
assert not reached, reached
print(*asked)
"""


def test_the_rehearsal_asks_all_that_an_attempt_asks_and_reaches_nobody() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=False,
        # A proxy that an attempt would use is not there either.
        env={"https_proxy": "http://127.0.0.1:9", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    asked = done.stdout.split()
    once = (
        "/watch",
        "/youtubei/v1/player",
        "/vi/AAAAAAAAAAA/hqdefault.jpg",
        "/videoplayback",
    )
    assert all(path in asked for path in once)
    assert asked.count("/watch") == asked.count("/videoplayback") > 1
