"""Fetch links as MeTube or YTPTube calls yt-dlp: `python -m bench.web_apps --help`.

Written after reading how they call it (MeTube at f11b376, app/ytdl.py and
app/dl_formats.py; YTPTube at a893838, app/features/downloads/runtime and
app/features/ytdlp/extractor.py); none of their code is here. What is theirs:

- MeTube asks for each link's facts in a thread of its server, four links at once (its
  page posts so many); then a fork downloads it and asks again. Three forks at once.
- YTPTube asks in a process for each link, four at once; a fork downloads with those
  facts. Two forks at once for one site, and an archive of what it has.

What their servers do besides (pages, queues on disk, pauses of up to five seconds
between looking for free places) is left out, and so is the start: the figures are
better than theirs.
"""

import argparse
import asyncio
import functools
import json
import multiprocessing
import resource
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import yt_dlp

_FORK = multiprocessing.get_context("fork")
_Params = dict[str, Any]
#: Links whose facts are asked for at once; both have four.
_ASKED_AT_ONCE = 4
#: Of yt-dlp's progress, what they send to the server.
_REPORTED = ("status", "filename", "downloaded_bytes", "total_bytes", "speed", "eta")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for.

    Attributes:
        format: "m4a" or "mp3".
        folder: Where the files go.
        common: What leads yt-dlp to the stand-in.
    """

    format: str
    folder: Path
    common: _Params


class Way(Protocol):
    """One program's way of fetching a link."""

    async def ask(self, link: str) -> _Params:
        """Return a link's facts."""

    async def download(self, link: str, facts: _Params) -> None:
        """Download a link whose facts are known."""


class MeTube:
    """MeTube's way."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._asking = asyncio.Semaphore(_ASKED_AT_ONCE)
        self._forking = asyncio.Lock()
        self._downloading = asyncio.Semaphore(3)
        self._reports = _FORK.Manager().Queue()

    async def ask(self, link: str) -> _Params:
        """Return a link's facts, asked for in a thread."""
        async with self._asking:
            return await asyncio.to_thread(self._ask, link)

    async def download(self, link: str, facts: _Params) -> None:
        """Download a link in a fork, which asks for its facts again."""
        del facts
        async with self._downloading:
            process = _FORK.Process(target=self._download, args=(link,))
            await self._start(process)
            await _end(process)

    async def _start(self, process: Any) -> None:
        """Fork while no thread asks: a lock held by one would never be free in the fork.

        MeTube forks at any moment; here that hung a run.
        """
        async with self._forking:
            for _ in range(_ASKED_AT_ONCE):
                await self._asking.acquire()
            process.start()
            for _ in range(_ASKED_AT_ONCE):
                self._asking.release()

    def _ask(self, link: str) -> _Params:
        params = {
            "quiet": True,
            "no_color": True,
            "extract_flat": True,
            "ignore_no_formats_error": True,
            "noplaylist": True,
            **self._order.common,
        }
        return dict(yt_dlp.YoutubeDL(params).extract_info(link, download=False))

    def _download(self, link: str) -> None:
        quality = "192" if self._order.format == "mp3" else 0
        audio = {
            "key": "FFmpegExtractAudio",
            "preferredcodec": self._order.format,
            "preferredquality": quality,
        }
        cover = {"key": "FFmpegThumbnailsConvertor", "format": "jpg"}
        params = {
            "quiet": True,
            "no_color": True,
            "socket_timeout": 30,
            "paths": {"home": str(self._order.folder), "temp": str(self._order.folder)},
            "outtmpl": {"default": "%(title)s.%(ext)s"},
            "format": f"bestaudio[ext={self._order.format}]/bestaudio/best",
            "ignore_no_formats_error": True,
            "progress_hooks": [functools.partial(_report, self._reports)],
            "writethumbnail": True,
            "postprocessors": [
                audio,
                {**cover, "when": "before_dl"},
                {"key": "FFmpegMetadata"},
                {"key": "EmbedThumbnail"},
            ],
            **self._order.common,
        }
        _succeed(yt_dlp.YoutubeDL(params).download([link]))


class YTPTube:
    """YTPTube's way, with its preset "audio_only" and the wanted format."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._downloading = asyncio.Semaphore(2)
        self._reports = _FORK.Queue()
        self._params = self._preset()
        threading.Thread(target=self._read_reports, daemon=True).start()

    async def ask(self, link: str) -> _Params:
        """Return a link's facts, asked for in a process of their own."""
        ours, its = _FORK.Pipe(duplex=False)
        process = _FORK.Process(target=_ask, args=(self._asked(), link, its))
        process.start()
        its.close()
        facts = await asyncio.to_thread(ours.recv)
        await _end(process)
        return dict(facts)

    async def download(self, link: str, facts: _Params) -> None:
        """Download a link in a fork with the facts of before."""
        del link
        async with self._downloading:
            process = _FORK.Process(target=self._download, args=(facts,))
            process.start()
            await _end(process)

    def _read_reports(self) -> None:
        while True:
            self._reports.get()

    def _preset(self) -> _Params:
        archive = str(self._order.folder / "archive.log")
        quality = ("--audio-quality", "192K") if self._order.format == "mp3" else ()
        words = [
            *("--ignore-config", "--socket-timeout", "30"),
            *("--download-archive", archive, "--extract-audio", "--add-chapters"),
            *("--embed-metadata", "--embed-thumbnail", "--format", "bestaudio/best"),
            *("--audio-format", self._order.format, *quality),
        ]
        default = yt_dlp.parse_options(["--ignore-config"]).ydl_opts
        wanted = yt_dlp.parse_options(words).ydl_opts
        return {key: each for key, each in wanted.items() if default[key] != each}

    def _asked(self) -> _Params:
        params = {**self._params, **self._order.common}
        del params["postprocessors"], params["download_archive"]
        return params

    def _download(self, facts: _Params) -> None:
        folder = str(self._order.folder)
        params = {
            **self._params,
            "color": "no_color",
            "noprogress": True,
            "ignoreerrors": False,
            "paths": {"home": folder, "temp": folder},
            "outtmpl": {"default": "%(title)s.%(ext)s"},
            "progress_hooks": [functools.partial(_report, self._reports)],
            **self._order.common,
        }
        downloader = yt_dlp.YoutubeDL(params)
        downloader.process_ie_result(facts, download=True)
        _succeed(downloader._download_retcode)  # noqa: SLF001 - as they do


def _ask(params: _Params, link: str, reply: Connection) -> None:
    quiet = {
        "simulate": True,
        "color": "no_color",
        "extract_flat": True,
        "skip_download": True,
        "ignoreerrors": True,
        "quiet": True,
        "ignore_no_formats_error": True,
    }
    downloader = yt_dlp.YoutubeDL({**params, **quiet})
    facts = downloader.extract_info(link, download=False)
    reply.send(downloader.sanitize_info(facts))


def _report(reports: Any, progress: _Params) -> None:
    reports.put({key: progress.get(key) for key in _REPORTED})


def _succeed(code: int) -> None:
    if code:
        raise SystemExit(code)


async def _end(process: Any) -> None:
    """Wait for a process.

    Raises:
        RuntimeError: It failed.
    """
    await asyncio.to_thread(process.join)
    if process.exitcode:
        raise RuntimeError(f"a process of yt-dlp ended with {process.exitcode}")


WAYS: dict[str, Callable[[Order], Way]] = {"metube": MeTube, "ytptube": YTPTube}


async def _fetch_all(way: Way, links: list[str]) -> None:
    """Post the links, four at once; each is downloaded when its turn comes."""
    left = iter(links)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(_ASKED_AT_ONCE):
            tasks.create_task(_post(way, left, tasks))


async def _post(way: Way, links: Iterator[str], tasks: asyncio.TaskGroup) -> None:
    for link in links:
        facts = await way.ask(link)
        tasks.create_task(way.download(link, facts))


async def _run(options: argparse.Namespace) -> None:
    common = {
        "proxy": options.proxy,
        "compat_opts": {"no-certifi"},
        "cachedir": str(options.cache),
    }
    order = Order(format=options.format, folder=options.folder, common=common)
    # Servers have all this imported long before a link comes; their forks inherit it.
    yt_dlp.YoutubeDL(common).get_info_extractor("Youtube")
    way = WAYS[options.way](order)
    cpu_s, began = _cpu_s(), time.perf_counter()
    await _fetch_all(way, options.links.read_text().split())
    wall_s = time.perf_counter() - began
    spent = {"wall_s": wall_s, "cpu_s": _cpu_s() - cpu_s}
    options.spent.write_text(json.dumps(spent))


def _cpu_s() -> float:
    """Return the CPU seconds of this process and of all that have ended below it."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Fetch every link of a file."""
    parser = argparse.ArgumentParser(prog="python -m bench.web_apps")
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("links", type=Path, help="a file with one link a line")
    parser.add_argument("--format", choices=("m4a", "mp3"), required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--proxy", required=True)
    parser.add_argument("--spent", type=Path, required=True, help="is written at last")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
