"""The pages and API answers in which a video appears.

Only what yt-dlp reads, in the places where it reads it (yt-dlp
extractor/youtube/_video.py `_real_extract`, _base.py `extract_ytcfg`); the real ones are
a hundred times as long.
"""

import html
import json
from collections.abc import Mapping
from typing import Any

from tests.youtube import challenge
from tests.youtube.collection import CHANNEL_ID, HANDLE
from tests.youtube.playability import has_details, playability
from tests.youtube.streams import streaming_data
from tests.youtube.video import Video

VISITOR_DATA = "CgtzdGFuZC1pbg%3D%3D"

_CONFIG: dict[str, Any] = {
    "INNERTUBE_API_KEY": "stand-in",
    "INNERTUBE_CLIENT_NAME": "WEB",
    "INNERTUBE_CLIENT_VERSION": "2.20260708.00.00",
    "INNERTUBE_CONTEXT": {
        "client": {
            "clientName": "WEB",
            "clientVersion": "2.20260708.00.00",
            "visitorData": VISITOR_DATA,
        }
    },
    "INNERTUBE_CONTEXT_CLIENT_NAME": 1,
    "VISITOR_DATA": VISITOR_DATA,
    "PLAYER_JS_URL": challenge.PLAYER_PATH,
    "STS": challenge.SIGNATURE_TIMESTAMP,
}


def script(value: Any) -> str:
    """Return JSON that is safe inside a script element, whatever a title contains."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


CONFIG_SCRIPT = f"<script>ytcfg.set({script(_CONFIG)});</script>"


def plain_page() -> bytes:
    """Return a page without a video, such as /tv."""
    return f"<!DOCTYPE html><html><head>{CONFIG_SCRIPT}</head></html>".encode()


def watch_page(video: Video) -> bytes:
    """Return the HTML of /watch?v=…"""
    # The page itself names no media: the web client is served by SABR alone.
    response = player_response(video, None, {})
    text = (
        f'<!DOCTYPE html><html lang="en"><head>{CONFIG_SCRIPT}{_meta(video)}</head>'
        f"<body><script>var ytInitialPlayerResponse = {script(response)};</script>"
        f"<script>var ytInitialData = {script(initial_data(video))};</script>"
        f"</body></html>"
    )
    return text.encode("utf-8", "surrogatepass")


def _meta(video: Video) -> str:
    if not has_details(video):
        return "<title> - YouTube</title>"
    title = html.escape(video.title)
    return (
        f'<title>{title} - YouTube</title><meta property="og:title" content="{title}">'
        f'<meta name="title" content="{title}">'
    )


def player_response(
    video: Video, ei: str | None, sizes: Mapping[int, int]
) -> dict[str, Any]:
    """Return what /youtubei/v1/player answers.

    Args:
        video: the one asked for.
        ei: the event ID of this answer; None leaves out the media.
        sizes: bytes by itag.

    """
    response: dict[str, Any] = {
        "responseContext": {"visitorData": _CONFIG["VISITOR_DATA"]},
        "playabilityStatus": playability(video),
    }
    if has_details(video):
        response["videoDetails"] = _details(video)
        response["microformat"] = {"playerMicroformatRenderer": _microformat(video)}
    if ei is not None and has_media(video):
        response["streamingData"] = streaming_data(video, ei, sizes)
    if video.advert_s:
        response["adPlacements"] = [_advert(video.advert_s)]
    return response


def has_media(video: Video) -> bool:
    """Tell whether a player response would lead to media."""
    return bool(playability(video)["status"] == "OK")


def _details(video: Video) -> dict[str, Any]:
    live = video.status in {"live", "post_live", "upcoming"}
    details: dict[str, Any] = {
        "videoId": video.other_id if video.status == "wrong_id" else video.id,
        "title": video.title,
        "lengthSeconds": "0" if live else str(round(video.duration_s)),
        "channelId": CHANNEL_ID,
        "isOwnerViewing": False,
        "shortDescription": description(video),
        "isCrawlable": True,
        "thumbnail": {"thumbnails": _thumbnails(video)},
        "allowRatings": True,
        "author": video.channel,
        "isPrivate": False,
        "isUnpluggedCorpus": False,
        "isLiveContent": live,
    }
    if video.view_count is not None:
        details["viewCount"] = str(video.view_count)
    return details | _liveness(video)


def _liveness(video: Video) -> dict[str, Any]:
    match video.status:
        case "live":
            return {"isLive": True}
        case "post_live":
            return {"isPostLiveDvr": True}
        case "upcoming" | "premiere":
            return {"isUpcoming": True}
        case _:
            return {}


def _microformat(video: Video) -> dict[str, Any]:
    micro: dict[str, Any] = {
        "title": {"simpleText": video.title},
        "description": {"simpleText": description(video)},
        "lengthSeconds": str(round(video.duration_s)),
        "ownerProfileUrl": f"http://www.youtube.com/{HANDLE}",
        "externalChannelId": CHANNEL_ID,
        "ownerChannelName": video.channel,
        "isFamilySafe": video.status != "age",
        "availableCountries": ["DE", "NZ"],
        "isUnlisted": False,
        "category": "Music",
        "publishDate": video.upload_date,
        "uploadDate": video.upload_date,
        "thumbnail": {"thumbnails": _thumbnails(video)[-1:]},
    }
    if video.status in {"live", "upcoming", "post_live"}:
        micro["liveBroadcastDetails"] = {
            "isLiveNow": video.status == "live",
            "startTimestamp": "2026-01-01T00:00:00+00:00",
        }
    return micro


def _thumbnails(video: Video) -> list[dict[str, Any]]:
    sizes = (
        ("default", 120, 90),
        ("hqdefault", 480, 360),
        ("maxresdefault", 1280, 720),
    )
    return [
        {
            "url": f"https://i.ytimg.com/vi/{video.id}/{name}.jpg",
            "width": width,
            "height": height,
        }
        for name, width, height in sizes
    ]


def description(video: Video) -> str:
    """Return the description: the given one, or that of YouTube's music topic videos."""
    if video.music != "auto" or not (video.artist and video.track and video.album):
        return video.description
    # The lines that yt-dlp's expression for auto-generated descriptions reads.
    return (
        f"Provided to YouTube by Stand-in Distribution\n\n"
        f"{video.track} · {video.artist}\n\n{video.album}\n\n"
        f"℗ {video.release_year} Stand-in Records\n\n"
        f"Released on: {video.release_year}-03-01\n\nAuto-generated by YouTube."
    )


def _advert(seconds: int) -> dict[str, Any]:
    renderer = {"instreamVideoAdRenderer": {"playerVars": f"length_seconds={seconds}"}}
    placement = {"adPlacementConfig": {"kind": "AD_PLACEMENT_KIND_START"}}
    return {"adPlacementRenderer": {"config": placement, "renderer": renderer}}


def initial_data(video: Video) -> dict[str, Any]:
    """Return `ytInitialData`: what stands around the player."""
    contents = [
        {"videoPrimaryInfoRenderer": _primary(video)},
        {"videoSecondaryInfoRenderer": _secondary(video)},
    ]
    results = {"results": {"results": {"contents": contents if _shown(video) else []}}}
    return {"contents": {"twoColumnWatchNextResults": results}}


def _shown(video: Video) -> bool:
    return has_details(video) and video.status != "wrong_id"


def _primary(video: Video) -> dict[str, Any]:
    primary: dict[str, Any] = {"title": {"runs": [{"text": video.title}]}}
    if video.view_count is not None:
        count = {"viewCount": {"simpleText": f"{video.view_count:,} views"}}
        primary["viewCount"] = {"videoViewCountRenderer": count}
    return primary


def _secondary(video: Video) -> dict[str, Any]:
    owner = {
        "title": {"runs": [{"text": video.channel}]},
        "subscriberCountText": {"simpleText": "12.3K subscribers"},
        "navigationEndpoint": {"browseEndpoint": {"canonicalBaseUrl": f"/{HANDLE}"}},
    }
    secondary: dict[str, Any] = {"owner": {"videoOwnerRenderer": owner}}
    if video.music == "rows":
        rows = {"rows": _rows(video), "collapsedItemCount": 0}
        secondary["metadataRowContainer"] = {"metadataRowContainerRenderer": rows}
    return secondary


def _rows(video: Video) -> list[dict[str, Any]]:
    named = {"Song": video.track, "Artist": video.artist, "Album": video.album}
    return [
        {
            "metadataRowRenderer": {
                "title": {"simpleText": name},
                "contents": [{"simpleText": text}],
            }
        }
        for name, text in named.items()
        if text
    ]
