"""What `ytaudio download` makes of a file of links, and what it does not do of it."""

from ytaudio_daemon.cli.commands.download_list import (
    LinksFile,
    build_list,
    daemon_option_sentences,
)
from ytaudio_daemon.dropfile import DropKind

CHANNEL = "https://www.youtube.com/@field-notes"


def test_options_that_only_the_daemon_heeds_are_told_with_their_lines() -> None:
    content = (
        f"{CHANNEL} follow=6h keep_last=2\n"
        "https://youtu.be/dQw4w9WgXcQ again=yes\n"
        f"{CHANNEL}/shorts follow=1d\n"
        f"{CHANNEL}/streams since=2026-01-01\n"
    )
    file = LinksFile("urls.txt", content.encode(), DropKind.TEXT)
    assert list(daemon_option_sentences(build_list([], file, {}, "192k"))) == [
        "follow (lines 1, 3) is for the daemon: what is in the list now is downloaded, once",
        "keep_last (line 1) is for the daemon: no file is removed here",
        "again (line 2) is for the daemon: no archive is asked here",
    ]
