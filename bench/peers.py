"""The tools a user would pick instead, asked for the same result.

Each gets the same links, the same static ffmpeg and the same JavaScript runtime as the
daemon, a home without configuration, and a cache of its own that an earlier run has
warmed. The same result: the audio in the wanted format, with tags and cover inside.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import mutagen

from bench import processes
from bench.processes import Spent
from bench.rig import path_with_ffmpeg, watch_url
from tests.youtube import YouTube

#: How many run at once, where the tool lets one choose: a core each.
CONCURRENT_LINKS = "2"
_YT_DLP = str(Path(sys.executable).with_name("yt-dlp"))
_ENCODED = ("--audio-quality", "192K")
_SPENT = "spent.json"
#: Web apps whose way of calling yt-dlp is measured (`bench.web_apps`).
_WEB_APPS = {"MeTube's engine": "metube", "YTPTube's engine": "ytptube"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is asked for.

    Attributes:
        ids: The videos.
        format: "m4a" or "mp3".
        url: The playlist that they are, instead of a link for each.
    """

    ids: list[str]
    format: str
    url: str = ""

    @property
    def links(self) -> list[str]:
        """Return the links that a tool gets."""
        return [self.url] if self.url else [watch_url(each) for each in self.ids]


class Peer:
    """One tool with its home and cache.

    Args:
        name: One of `NAMES`.
        folder: For its home, cache and results.
        youtube: Where its traffic goes.
    """

    def __init__(self, name: str, folder: Path, youtube: YouTube) -> None:
        self.name = name
        self._folder = folder
        self._youtube = youtube
        self._runs = 0
        folder.mkdir(parents=True)

    def run(self, job: Job) -> Spent:
        """Fetch everything into a new folder and prove it complete."""
        self._runs += 1
        place = self._folder / f"run{self._runs}"
        place.mkdir()
        links = place / "links.txt"
        links.write_text("".join(f"{link}\n" for link in job.links))
        argv = (
            self._web_app(job, links, place)
            if self.name in _WEB_APPS
            else _argv(self.name, self._yt_dlp(job), links, len(job.ids))
        )
        spent = processes.run_to_end(argv, cwd=place, env=self._environment())
        if self.name in _WEB_APPS:
            # A server that runs already, as our daemon does: without its start.
            spent = Spent(**json.loads((place / _SPENT).read_text()))
        prove(list(place.glob(f"*.{job.format}")), len(job.ids))
        shutil.rmtree(place)
        return spent

    def list_only(self, url: str, count: int) -> Spent:
        """Have a playlist's entries printed, and count them."""
        self._runs += 1
        place = self._folder / f"run{self._runs}"
        place.mkdir()
        argv = [
            *(_YT_DLP, "--flat-playlist", "--print", "id"),
            *("--proxy", self._youtube.proxy, "--compat-options", "no-certifi"),
            *("--cache-dir", str(self._folder / "cache"), url),
        ]
        spent = processes.run_to_end(argv, cwd=place, env=self._environment())
        lines = (place / "output.log").read_text().splitlines()
        if len(lines) < count:
            raise RuntimeError(f"{len(lines)} entries instead of {count}")
        return spent

    def _web_app(self, job: Job, links: Path, place: Path) -> list[str]:
        return [
            *(sys.executable, "-m", "bench.web_apps", _WEB_APPS[self.name], str(links)),
            *("--format", job.format, "--folder", str(place)),
            *("--cache", str(self._folder / "cache"), "--proxy", self._youtube.proxy),
            *("--spent", str(place / _SPENT)),
        ]

    def _yt_dlp(self, job: Job) -> list[str]:
        return [
            *(_YT_DLP, "-x", "--audio-format", job.format),
            *(_ENCODED if job.format == "mp3" else ()),
            *("--embed-metadata", "--embed-thumbnail"),
            *("--proxy", self._youtube.proxy, "--compat-options", "no-certifi"),
            *("--cache-dir", str(self._folder / "cache")),
        ]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": path_with_ffmpeg(self._folder),
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "SSL_CERT_FILE": str(self._youtube.ca_file),
            "TS_SOCKET": str(self._folder / "tsp.socket"),
            "TMPDIR": str(self._folder),
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }


def names() -> list[str]:
    """Return the tools that are here."""
    spooler = ["task-spooler"] if shutil.which("tsp") else []
    return ["yt-dlp -a", "xargs -P2 -n1", "xargs -P2 -n10", *spooler, *_WEB_APPS]


def batch_of(count: int) -> int:
    """Return how many links `xargs -n10` hands over: fewer when ten is all there is."""
    return min(10, -(-count // int(CONCURRENT_LINKS)))


def prove(files: list[Path], count: int) -> None:
    """Make sure that all are there and that the last one has a title and a cover.

    Raises:
        RuntimeError: It is not the result that was asked for.
    """
    if len(files) != count:
        raise RuntimeError(f"{len(files)} files instead of {count}")
    tags = mutagen.File(files[-1]).tags
    keys = " ".join(tags.keys()) if tags else ""
    has_title, has_cover = ("TIT2", "APIC") if "TIT2" in keys else ("©nam", "covr")
    if has_title not in keys or has_cover not in keys:
        raise RuntimeError(f"{files[-1].name} has only the tags {keys}")


def _argv(name: str, yt_dlp: list[str], links: Path, count: int) -> list[str]:
    if name == "yt-dlp -a":
        return [*yt_dlp, "-a", str(links)]
    if name == "task-spooler":
        return [
            sys.executable,
            "-m",
            "bench.spooler",
            CONCURRENT_LINKS,
            str(links),
            *yt_dlp,
        ]
    at_once = "1" if name.endswith("-n1") else str(batch_of(count))
    return ["xargs", "-a", str(links), f"-P{CONCURRENT_LINKS}", f"-n{at_once}", *yt_dlp]
