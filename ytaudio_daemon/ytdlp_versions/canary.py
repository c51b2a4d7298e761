"""Real attempts with a yt-dlp that is not in use: the daemon's own code, another folder.

A pool of their own, private folders, and nothing of it is kept.
"""

import select
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ytaudio_daemon.fetch.tools import Tools, find_tools
from ytaudio_daemon.jobs.fetch_requests import limits, network
from ytaudio_daemon.model import FailureKind, FetchRequest, Limits, Options
from ytaudio_daemon.pool import Ended, Pool
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import Link

#: One link may take so long, in seconds; then it tells nothing good.
LINK_S = 300.0
#: All of them together, with the start of the template.
TRIAL_S = 600.0
#: Links at once.
AT_ONCE = 2


class Trial:
    """Tries links with any yt-dlp, below one folder.

    Args:
        settings: Sections download and disk: the way to YouTube.
        folder: Exists and is private; whoever made it removes it.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._tools: Tools = find_tools()

    def of(
        self, engine: Path | None, links: Sequence[Link]
    ) -> Mapping[str, FailureKind | None]:
        """Return how each link ended: None for audio that was fetched and proven.

        Args:
            engine: The folder of the yt-dlp; None: the installed one.
            links: To be fetched.

        Raises:
            TemplateError: No process can be started.
        """
        requests = {r.key: r for r in (self._request(link) for link in links)}
        pool = Pool(
            downloads=AT_ONCE,
            converters=1,
            state_id=str(uuid.uuid4()),
            home=self._folder / "home",
            engine_path=engine,
        )
        try:
            pool.warm()
            ended = _run(pool, list(requests.values()))
        finally:
            pool.close()
        return {
            requests[key].url: kind if not pool.engine_trouble else FailureKind.CRASHED
            for key, kind in ended.items()
        }

    def _request(self, link: Link) -> FetchRequest:
        """Ask for the smallest audio there is, as it is: nothing to convert."""
        key = str(uuid.uuid4())
        folder = self._folder / key
        folder.mkdir(mode=0o700)
        tools, download = self._tools, self._settings.download
        return FetchRequest(
            key=key,
            attempt=1,
            url=link.url,
            video_id=link.video_id,
            options=Options(format="m4a", quality="worstaudio").to_json(),
            fallback_bitrate=download.bitrate,
            attempt_dir=str(folder),
            cache_dir=str(self._folder / "cache"),
            ffmpeg=tools.ffmpeg.path if tools.ffmpeg else "",
            ffmpeg_version=tools.ffmpeg.version if tools.ffmpeg else "",
            js_runtime=tools.js_pair(),
            limits=_shorter(limits(self._settings)),
            network=network(self._settings),
        )


def _shorter(allowed: Limits) -> Limits:
    return replace(allowed, deadline_s=min(allowed.deadline_s or LINK_S, LINK_S))


def _run(pool: Pool, requests: Sequence[FetchRequest]) -> dict[str, FailureKind | None]:
    """See all to their end; what does not come to one in time has timed out."""
    waiting = list(requests)
    ended: dict[str, FailureKind | None] = {}
    end = time.monotonic() + TRIAL_S
    while len(ended) < len(requests) and (now := time.monotonic()) < end:
        while waiting and pool.room():
            pool.start(waiting.pop())
        for event in pool.poll(now):
            if isinstance(event, Ended):
                failure = event.outcome.failure
                ended[event.key] = None if failure is None else failure.kind
        due = pool.next_due(now)
        nap = min(end, end if due is None else due) - time.monotonic()
        if len(ended) < len(requests):
            select.select([pool], [], [], max(0.0, nap))
    left = {request.key for request in requests} - ended.keys()
    return ended | dict.fromkeys(left, FailureKind.TIMEOUT)
