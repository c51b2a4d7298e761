"""The real yt-dlp in a process of its own, which a test asks to fetch one link at a time.

One process serves many links, because importing yt-dlp costs more than a link does; each
link gets a new YoutubeDL, which is where its state lives.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.youtube.handle import CHECKOUT, Remote, child_environment


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one link."""

    info: dict[str, Any]
    warnings: list[str]
    #: yt-dlp's message; empty if it reported success.
    error: str
    #: The exception and those that led to it, e.g. ["DownloadError", "HTTPError"].
    causes: list[str]


class YtDlp:
    """A handle to that process."""

    def __init__(self, youtube: Remote, home: Path) -> None:
        """Start it, led to a stand-in, with a home and a cache of its own."""
        self._options = {
            "proxy": youtube.proxy,
            "cachedir": str(home / "cache"),
            "fixup": "never",
            "retries": 0,
            "socket_timeout": 1,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.youtube.probe"],
            cwd=CHECKOUT,
            env=child_environment(
                HOME=str(home),
                SSL_CERT_FILE=str(youtube.ca_file),
                YTDLP_NO_PLUGINS="1",
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fetch(
        self, video_id: str, folder: Path, *, download: bool = True, **options: Any
    ) -> Result:
        """Fetch a video into `folder`, as `a` with the suffix of its container."""
        order = {
            "url": f"https://www.youtube.com/watch?v={video_id}",
            "download": download,
            "options": {
                **self._options,
                "format": "140/251/18",
                "outtmpl": str(folder / "a.%(ext)s"),
                **options,
            },
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Result(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class _Log:
    """A logger of yt-dlp's kind that keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        pass

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def error(self, message: str) -> None:
        pass


def _fetch(order: dict[str, Any]) -> dict[str, Any]:
    # Only the child needs them.
    from yt_dlp import YoutubeDL  # noqa: PLC0415
    from yt_dlp.extractor.youtube import YoutubeIE  # noqa: PLC0415

    log = _Log()
    # Sets and loggers do not travel in JSON.
    fixed = {"logger": log, "compat_opts": {"no-certifi"}, "noprogress": True}
    result: dict[str, Any] = {"info": {}, "error": "", "causes": []}
    try:
        # All 1,880 extractors would cost more than the link does.
        with YoutubeDL({**order["options"], **fixed}, auto_init=False) as ydl:
            ydl.add_info_extractor(YoutubeIE())
            info = ydl.extract_info(order["url"], download=order["download"])
            result["info"] = _plain(ydl.sanitize_info(info))
    except Exception as error:  # noqa: BLE001 - all kinds are what the tests ask for
        result |= {"error": str(error), "causes": _causes(error)}
    return {**result, "warnings": log.warnings}


def _plain(info: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in info.items() if not key.startswith("_")}


def _causes(error: BaseException) -> list[str]:
    """Name an exception and its causes; yt-dlp keeps them in ways of its own."""
    names: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        names.append(type(current).__name__)
        inner = getattr(current, "exc_info", None)
        current = getattr(current, "cause", None) or (inner[1] if inner else None)
    return names


def _serve() -> None:
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_fetch(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
