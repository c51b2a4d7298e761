"""From a claim to what a worker is told. Pure but for the folders it names."""

import os
from collections.abc import Sequence

from ytaudio_daemon.fetch.tools import Tools
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import FetchRequest, Limits, Network
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import Link


def fetch_request(
    claim: Claim,
    layout: Layout,
    settings: Settings,
    tools: Tools,
    earlier_dirs: Sequence[str],
) -> FetchRequest:
    """Return the request for one attempt.

    Args:
        claim: The job and its attempt.
        layout: Where its folders are.
        settings: Sections download and disk.
        tools: ffmpeg and the JavaScript runtime.
        earlier_dirs: Folders of earlier attempts, the newest first.
    """
    download = settings.download
    return FetchRequest(
        key=claim.uuid,
        attempt=claim.attempt,
        url=Link(video_id=claim.video_id).url,
        video_id=claim.video_id,
        options=claim.options,
        fallback_bitrate=download.bitrate,
        attempt_dir=str(layout.attempt_dir(claim.uuid, claim.attempt)),
        earlier_dirs=tuple(earlier_dirs),
        cache_dir=str(layout.cache),
        job_facts=_job_facts(claim),
        ffmpeg=tools.ffmpeg.path if tools.ffmpeg else "",
        ffmpeg_version=tools.ffmpeg.version if tools.ffmpeg else "",
        js_runtime=tools.js_pair(),
        limits=limits(settings),
        network=network(settings),
    )


def limits(settings: Settings) -> Limits:
    """Return what one attempt may use."""
    download = settings.download
    return Limits(
        max_duration_s=download.max_duration,
        max_size_bytes=download.max_size,
        deadline_s=download.deadline,
        stall_timeout_s=download.stall_timeout,
        rate_limit_bps=download.rate_limit,
        disk_reserve_bytes=settings.disk.reserve,
    )


def network(settings: Settings) -> Network:
    """Return how YouTube is reached."""
    download = settings.download
    return Network(
        proxy=download.proxy,
        ca_file=os.fspath(download.ca_file or ""),
        cookies_file=os.fspath(download.cookies_file or ""),
    )


def _job_facts(claim: Claim) -> dict[str, object]:
    return {
        "id": claim.uuid,
        "session": claim.session_name,
        "session_uuid": claim.session_uuid,
        "source": {"file": claim.source_file, "line": claim.source_line},
    }
