"""The tests' own YouTube: a local origin that the unpatched yt-dlp really talks to.

It is one process on loopback. yt-dlp is led there by its own options, nothing is
patched::

    with YouTube(folder) as youtube:
        youtube.add(Video(id="AAAAAAAAAAA", title="Feeling Good"))
        os.environ["SSL_CERT_FILE"] = str(youtube.ca_file)
        YoutubeDL({"proxy": youtube.proxy, "compat_opts": {"no-certifi"}})

To play with it by hand: ``python -m tests.youtube --help``.
"""

from tests.youtube.collection import Channel, ListStatus, Playlist, Tab
from tests.youtube.faults import Fault, Kind
from tests.youtube.handle import Remote, YouTube
from tests.youtube.journal import Request
from tests.youtube.outages import OUTAGES, Outage
from tests.youtube.video import Sound, Status, Thumbnail, Video

__all__ = [
    "OUTAGES",
    "Channel",
    "Fault",
    "Kind",
    "ListStatus",
    "Outage",
    "Playlist",
    "Remote",
    "Request",
    "Sound",
    "Status",
    "Tab",
    "Thumbnail",
    "Video",
    "YouTube",
]
