"""Real attempts with a yt-dlp that is not in use.

They run in a pool and in folders of their own; all their files are removed.
"""

import select
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ytaudio_daemon.fetch.tools import Tools, find_tools
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.jobs.fetch_requests import fetch_request
from ytaudio_daemon.jobs.prepare import private_paths
from ytaudio_daemon.model import FailureKind, FetchRequest, Limits, Options
from ytaudio_daemon.pool import Ended, Pool
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import Link

#: One link may take so long, in seconds; then it has failed.
LINK_TIMEOUT_S = 300.0
#: All of them together, with the start of the template.
CANARY_TIMEOUT_S = 600.0
#: Links that are fetched at once.
CONCURRENT_LINKS = 2


class CanaryRun:
    """Fetches links with a given yt-dlp, below one folder.

    Args:
        settings: Sections download and disk: the way to YouTube.
        folder: Exists and is private; the caller removes it.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._tools: Tools = find_tools()

    def run(
        self, ytdlp_path: Path | None, links: Sequence[Link]
    ) -> Mapping[str, FailureKind | None]:
        """Return each link's failure; None for audio that was fetched and verified.

        Args:
            ytdlp_path: The folder of the yt-dlp; None: the installed one.
            links: The links to fetch.

        Raises:
            TemplateError: No process can be started.
        """
        requests = {r.key: r for r in (self._request(link) for link in links)}
        pool = Pool(
            downloads=CONCURRENT_LINKS,
            converters=1,
            state_id=str(uuid.uuid4()),
            home=self._folder / "home",
            ytdlp_path=ytdlp_path,
        )
        try:
            pool.ensure_template()
            ended = _run_to_end(pool, list(requests.values()))
        finally:
            pool.close()
        return {
            requests[key].url: kind
            if not pool.ytdlp_fallback_reason
            else FailureKind.CRASHED
            for key, kind in ended.items()
        }

    def _request(self, link: Link) -> FetchRequest:
        """Return a request for the smallest audio, unconverted."""
        key = str(uuid.uuid4())
        folder = self._folder / key
        folder.mkdir(mode=0o700)
        request = fetch_request(
            self._settings,
            self._tools,
            key=key,
            attempt=1,
            link=link,
            options=Options(format="m4a", quality="worstaudio").to_json(),
            attempt_dir=folder,
            cache_dir=self._folder / "cache",
            private_paths=private_paths(layout_of(self._settings), self._settings),
        )
        return replace(request, limits=_with_link_deadline(request.limits))


def _with_link_deadline(allowed: Limits) -> Limits:
    return replace(
        allowed, deadline_s=min(allowed.deadline_s or LINK_TIMEOUT_S, LINK_TIMEOUT_S)
    )


def _run_to_end(
    pool: Pool, requests: Sequence[FetchRequest]
) -> dict[str, FailureKind | None]:
    """Run all attempts to their end; those that do not end in time have timed out."""
    waiting = list(requests)
    ended: dict[str, FailureKind | None] = {}
    end = time.monotonic() + CANARY_TIMEOUT_S
    while len(ended) < len(requests) and (now := time.monotonic()) < end:
        while waiting and pool.free_slots():
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
