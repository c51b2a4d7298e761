"""`download`: bare flags, the list of what is to be done, words."""

import os
import signal
from typing import cast

import pytest

from ytaudio_daemon.cli.commands.download_batch import stop_on_signals
from ytaudio_daemon.cli.commands.download_feed import ItemFeed
from ytaudio_daemon.cli.commands.download_list import Item, LinksFile, build_list
from ytaudio_daemon.cli.commands.download_reporters import download_progress_text
from ytaudio_daemon.cli.entry import _insert_default_command
from ytaudio_daemon.downloader.collection_expander import (
    CollectionExpander,
    ExpandControl,
)
from ytaudio_daemon.downloader.stop_signal import StopLevel, StopSignal
from ytaudio_daemon.dropfile import DropKind
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model import Layer, Progress

LAYER: Layer = {"format": "m4a", "quality": "bestaudio", "filename": "%(title)s"}


class NoLists:
    """An expander where no collection is named."""


def fed(links: list[str], file: LinksFile | None) -> list[Item]:
    """Return the items as they are fed to the download, where none is a list."""
    items = build_list(links, file, LAYER, "192k").items
    feed = ItemFeed(
        items,
        cast("CollectionExpander", NoLists()),
        max_items=500,
        control=ExpandControl(stop_signal=StopSignal()),
        on_listed=lambda _: None,
    )
    return list(feed)


@pytest.mark.parametrize(
    ("words", "read_as"),
    [
        ("--url X", "download --url X"),
        ("-v --url X", "-v download --url X"),
        ("--url X --verbose", "download --url X --verbose"),
        ("--config f --root=r --formats", "--config f --root=r download --formats"),
        ("-j4 X", "download -j4 X"),
        ("youtu.be/X -v", "download youtu.be/X -v"),
        ("status --json", "status --json"),
        ("--root r status", "--root r status"),
        ("--help", "--help"),
        ("--version", "--version"),
        ("-v", "-v"),
        ("", ""),
    ],
)
def test_bare_flags_mean_download(words: str, read_as: str) -> None:
    assert list(_insert_default_command(words.split())) == read_as.split()


def test_links_and_lines_are_listed_in_order_with_their_duplicates() -> None:
    content = b"https://youtu.be/BBBBBBBBBBB format=opus\nyoutu.be/AAAAAAAAAAA\nno\n"
    items = fed(
        ["https://youtu.be/AAAAAAAAAAA", "nope"],
        LinksFile("urls.txt", content, DropKind.TEXT),
    )
    assert [(i.location, i.duplicate_of, i.code) for i in items] == [
        ("", None, ""),
        ("", None, "not_a_url"),
        ("urls.txt:1", None, ""),
        ("urls.txt:2", 0, ""),
        ("urls.txt:3", None, "not_a_url"),
    ]
    assert [i.request.options.format for i in items if i.request] == [
        "m4a",
        "opus",
        "m4a",
    ]


def test_parts_of_a_line_are_items_and_switched_off_links_are_told() -> None:
    content = b"youtu.be/AAAAAAAAAAA youtu.be/BBBBBBBBBBB\n#youtu.be/CCCCCCCCCCC\n"
    found = build_list([], LinksFile("urls.txt", content, DropKind.TEXT), LAYER, "192k")
    assert [item.location for item in found.items] == ["urls.txt:1.1", "urls.txt:1.2"]
    assert found.switched_off == [2]


def test_a_file_that_is_no_list_is_refused() -> None:
    with pytest.raises(UsageError, match=r"song\.mp3: this is binary"):
        build_list(
            [],
            LinksFile("song.mp3", bytes(range(32)) * 99, DropKind.TEXT),
            LAYER,
            "192k",
        )


def test_control_characters_of_a_link_are_not_shown() -> None:
    items = build_list(["\x1b[2Jx"], None, LAYER, "192k").items
    assert isinstance(items[0], Item)
    assert "\x1b" not in items[0].text


def test_how_far_says_bytes_speed_and_time_left() -> None:
    progress = Progress(
        phase="downloading",
        downloaded_bytes=1 << 20,
        total_bytes=4 << 20,
        speed_bps=512 << 10,
        eta_s=6,
    )
    assert download_progress_text(progress) == "1.0 MiB of 4.0 MiB  512 KiB/s  6 s left"
    assert download_progress_text(Progress(phase="downloading")) == "0 B"
    assert download_progress_text(Progress(phase="converting")) == "converting"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_the_caller_ignores_stays_ignored(number: signal.Signals) -> None:
    """As `nohup` does with SIGHUP, and a shell with SIGINT behind an `&`."""
    before = signal.signal(number, signal.SIG_IGN)
    stop = StopSignal()
    try:
        with stop_on_signals(stop):
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop.level is StopLevel.IMMEDIATE, "SIGTERM is heard"
            stop.level = StopLevel.NONE
            os.kill(os.getpid(), number)
            assert stop.level is StopLevel.NONE
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)
