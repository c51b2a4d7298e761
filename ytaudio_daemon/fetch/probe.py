"""The probe of an outage: checks whether YouTube serves a video, without fetching it."""

from collections.abc import Mapping
from typing import Any

from yt_dlp.networking import Request

from ytaudio_daemon.fetch import Reporter, ytdlp_client
from ytaudio_daemon.fetch.account_access import read_cookies
from ytaudio_daemon.fetch.attempt_context import AttemptContext
from ytaudio_daemon.fetch.download_stage import (
    StreamSelector,
    open_client,
    resolve_stream,
)
from ytaudio_daemon.fetch.stream_download import wait_until_available
from ytaudio_daemon.model import FetchRequest, Outcome, Phase, Progress

#: Bytes of the media to fetch: enough to see whether YouTube serves it.
FIRST_BYTES = 1024


def probe(request: FetchRequest, report: Reporter, context: AttemptContext) -> Outcome:
    """Resolve a video and fetch the first bytes of its sound.

    Where downloads always carry the config's cookies, so does the probe: YouTube may
    answer this address nothing without an account.

    Returns:
        An outcome without result and without failure: the video can be had.

    Raises:
        Exception: Any of yt-dlp's; `classify` finds its failure.
    """
    report.progress(Progress(phase=Phase.RESOLVING))
    has_account = request.network.always_uses_cookies
    cookies = read_cookies(request.network, context) if has_account else None
    with open_client(request, context, StreamSelector(request), cookies) as ydl:
        info = resolve_stream(ydl, request, context)
        wait_until_available(info)
        _fetch_first_bytes(ydl, info)
    return Outcome(engine=context.ytdlp_version)


def _fetch_first_bytes(ydl: ytdlp_client.YtDlpClient, info: Mapping[str, Any]) -> None:
    """Fetch the beginning of a stream that is one file; others are not fetched."""
    if info.get("protocol") not in {"https", "http"}:
        return
    headers = dict(info.get("http_headers") or {})
    headers["Range"] = f"bytes=0-{FIRST_BYTES - 1}"
    with ydl.urlopen(Request(info["url"], headers=headers)) as response:
        response.read(FIRST_BYTES)
