"""Builds the request that a worker gets, for jobs and for links without a job."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch.tools import Tools
from ytaudio_daemon.jobs.config_values import limits, network
from ytaudio_daemon.model import FetchRequest
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import Link


def fetch_request(  # noqa: PLR0913 - one named part each; a bundle would hide them
    settings: Settings,
    tools: Tools,
    *,
    key: str,
    attempt: int,
    link: Link,
    options: Mapping[str, Any],
    attempt_dir: Path,
    cache_dir: Path,
    earlier_dirs: Sequence[str] = (),
    private_paths: Sequence[Path] = (),
    job_facts: Mapping[str, Any] | None = None,
    album_tags: Mapping[str, str] | None = None,
    own_cookies: Path | None = None,
    egress: str | None = None,
) -> FetchRequest:
    """Return the request for one attempt.

    Args:
        settings: Sections download, youtube and disk.
        tools: ffmpeg and the JavaScript runtime.
        key: Identifies the attempts of one link: a job's UUID, or one made up.
        attempt: The attempt's number, from 1.
        link: The video.
        options: `Options.to_json()`.
        attempt_dir: The attempt's own folder; it exists.
        cache_dir: yt-dlp's cache.
        earlier_dirs: Folders of earlier attempts, the newest first.
        private_paths: What the attempt must not reach.
        job_facts: Copied into `job.json` as `job`.
        album_tags: What the album of its collection gives.
        own_cookies: The session's, in a file of the program's, in place of the config's.
        egress: The key of the egress; None is the first.
    """
    return FetchRequest(
        key=key,
        attempt=attempt,
        url=link.url,
        video_id=link.video_id,
        options=options,
        fallback_bitrate=settings.download.bitrate,
        attempt_dir=str(attempt_dir),
        earlier_dirs=tuple(earlier_dirs),
        cache_dir=str(cache_dir),
        private_paths=tuple(map(str, private_paths)),
        job_facts=job_facts or {},
        album_tags=album_tags or {},
        ffmpeg=tools.ffmpeg.path if tools.ffmpeg else "",
        ffmpeg_version=tools.ffmpeg.version if tools.ffmpeg else "",
        js_runtime=tools.js_pair(),
        is_music=link.is_music,
        limits=limits(settings),
        network=network(settings, own_cookies, egress),
    )
