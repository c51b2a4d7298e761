"""How a video looks in a list: the renderers that yt-dlp reads.

In the places where it reads them (yt-dlp extractor/youtube/_tab.py, `_extract_video`,
`_extract_lockup_view_model`, `_rich_entries`).
"""

from datetime import UTC, datetime
from typing import Any

from tests.youtube.video import Status, Video

#: Shown in a playlist only when unavailable videos are asked for, under these titles.
STAND_IN_TITLES: dict[Status, str] = {
    "private": "[Private video]",
    "removed": "[Deleted video]",
    "violated": "[Deleted video]",
    "terminated": "[Deleted video]",
    "unavailable": "[Unavailable video]",
}


def is_hidden(video: Video) -> bool:
    """Tell whether a playlist's page leaves a video out."""
    return video.status in STAND_IN_TITLES


def playlist_item(video: Video, place: int, channel_id: str) -> dict[str, Any]:
    """Return a video's row in a playlist, at a place counted from 1."""
    row: dict[str, Any] = {
        "videoId": video.id,
        "index": {"simpleText": str(place)},
        "isPlayable": not is_hidden(video),
    }
    if is_hidden(video):
        row["title"] = {"simpleText": STAND_IN_TITLES[video.status]}
    else:
        row |= _details(video, channel_id)
    return {"playlistVideoRenderer": row}


def _details(video: Video, channel_id: str) -> dict[str, Any]:
    browse = {"browseId": channel_id}
    run = {"text": video.channel, "navigationEndpoint": {"browseEndpoint": browse}}
    info = [f"{video.view_count or 0:,} views", " \u2022 ", age_text(video)]
    row: dict[str, Any] = {
        "title": {"runs": [{"text": video.title}]},
        "shortBylineText": {"runs": [run]},
        "videoInfo": {"runs": [{"text": text} for text in info]},
    }
    if video.status == "upcoming":
        row["upcomingEventData"] = {"startTime": "4102444800"}
    elif video.status == "live":
        row["badges"] = [_badge("LIVE_NOW", "LIVE")]
    else:
        row["lengthSeconds"] = str(round(video.duration_s))
    if video.status == "members":
        row["badges"] = [_badge("MEMBERS_ONLY", "Members only")]
    return row


def _badge(style: str, label: str) -> dict[str, Any]:
    badge = {"style": f"BADGE_STYLE_TYPE_{style}", "label": label}
    return {"metadataBadgeRenderer": badge}


def age_text(video: Video) -> str:
    """Return how long ago a video was uploaded, as YouTube rounds it."""
    uploaded = datetime.fromisoformat(video.upload_date[:10]).replace(tzinfo=UTC)
    days = max(1, (datetime.now(UTC) - uploaded).days)
    for name, length in (("year", 365), ("month", 30), ("day", 1)):
        if days >= length:
            count = days // length
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    raise AssertionError


def tab_item(video: Video) -> dict[str, Any]:
    """Return a video's tile in a channel's tab."""
    parts = [f"{video.view_count or 0:,} views", age_text(video)]
    rows = [{"metadataParts": [{"text": {"content": text}} for text in parts]}]
    rows[0]["metadataParts"][-1]["accessibilityLabel"] = parts[-1]  # type: ignore[assignment] # as plain as JSON
    if video.status == "members":
        badge = {"badgeViewModel": {"badgeStyle": "BADGE_MEMBERS_ONLY"}}
        rows.append({"badges": [badge]})
    return _lockup("VIDEO", video.id, video.title, rows, _thumbnail_badge(video))


def _thumbnail_badge(video: Video) -> dict[str, Any]:
    if video.status == "live":
        return {"text": "LIVE", "badgeStyle": "THUMBNAIL_OVERLAY_BADGE_STYLE_LIVE"}
    minutes, seconds = divmod(round(video.duration_s), 60)
    text = "Upcoming" if video.status == "upcoming" else f"{minutes}:{seconds:02}"
    return {"text": text, "badgeStyle": "THUMBNAIL_OVERLAY_BADGE_STYLE_DEFAULT"}


def short_item(video: Video) -> dict[str, Any]:
    """Return a short's tile, which tells its title alone."""
    tap = {"innertubeCommand": {"reelWatchEndpoint": {"videoId": video.id}}}
    model = {
        "entityId": f"shorts-shelf-item-{video.id}",
        "onTap": tap,
        "overlayMetadata": {"primaryText": {"content": video.title}},
    }
    return {"richItemRenderer": {"content": {"shortsLockupViewModel": model}}}


def list_item(list_id: str, title: str) -> dict[str, Any]:
    """Return the tile of a playlist or an album in a channel's tab."""
    return _lockup("PLAYLIST", list_id, title, [], {"text": "12 videos"})


def _lockup(
    kind: str, content_id: str, title: str, rows: list[Any], badge: dict[str, Any]
) -> dict[str, Any]:
    overlay = {"badges": [{"thumbnailBadgeViewModel": badge}]}
    image = {"overlays": [{"thumbnailBottomOverlayViewModel": overlay}]}
    metadata = {"contentMetadataViewModel": {"metadataRows": rows}}
    named = {"title": {"content": title}, "metadata": metadata}
    model = {
        "contentId": content_id,
        "contentType": f"LOCKUP_CONTENT_TYPE_{kind}",
        "contentImage": {"thumbnailViewModel": image},
        "metadata": {"lockupMetadataViewModel": named},
    }
    return {"richItemRenderer": {"content": {"lockupViewModel": model}}}
