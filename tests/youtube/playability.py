"""Why a video does not play, in YouTube's own words and JSON.

The words decide what yt-dlp raises, so they are those that users report from the real
site; where each was read stands beside it.
"""

from dataclasses import dataclass
from typing import Any

from tests.youtube.video import Status, Video


@dataclass(frozen=True, slots=True)
class Screen:
    """What the player shows in place of the video."""

    status: str
    reason: str
    subreason: str = ""
    #: Title, length and channel come along: the video exists, it is only withheld.
    has_details: bool = False


_UNAVAILABLE = "Video unavailable"

SCREENS: dict[Status, Screen] = {
    # yt-dlp extractor/youtube/_video.py (how reason and subreason are joined)
    "private": Screen(
        "LOGIN_REQUIRED",
        "Private video",
        "Sign in if you've been granted access to this video",
    ),
    # yt-dlp#7164 and many others
    "removed": Screen(
        "ERROR", _UNAVAILABLE, "This video has been removed by the uploader"
    ),
    "violated": Screen(
        "ERROR",
        "This video has been removed for violating YouTube's Terms of Service",
    ),
    "terminated": Screen(
        "ERROR",
        _UNAVAILABLE,
        "This video is no longer available because the YouTube account associated "
        "with this video has been terminated.",
    ),
    "copyright": Screen(
        "UNPLAYABLE",
        _UNAVAILABLE,
        "This video contains content from Stand-in Records, "
        "who has blocked it on copyright grounds",
    ),
    # ytdl-org/youtube-dl#29928, yt-dlp#14949
    "members": Screen(
        "UNPLAYABLE",
        "This video is available to this channel's members on level: Fan "
        "(or any higher level). Join this channel to get access to members-only "
        "content and other exclusive perks.",
        has_details=True,
    ),
    # yt-dlp extractor/youtube/_video.py: the start of this sentence is matched there
    "geo": Screen(
        "UNPLAYABLE",
        _UNAVAILABLE,
        "The uploader has not made this video available in your country",
        has_details=True,
    ),
    "age": Screen(
        "LOGIN_REQUIRED",
        "Sign in to confirm your age",
        "This video may be inappropriate for some users.",
        has_details=True,
    ),
    # yt-dlp#13831: a video that only signed-in people may see, without a reason
    "sign_in": Screen("LOGIN_REQUIRED", "Please sign in", has_details=True),
    "unavailable": Screen("ERROR", _UNAVAILABLE),
    "trailer": Screen("UNPLAYABLE", "This video requires payment to watch."),
    "upcoming": Screen(
        "LIVE_STREAM_OFFLINE",
        "This live event will begin in 2 hours.",
        has_details=True,
    ),
    "premiere": Screen("LIVE_STREAM_OFFLINE", "Premieres in 2 hours", has_details=True),
    "processing": Screen(
        "UNPLAYABLE", "We're processing this video. Check back later.", has_details=True
    ),
    # yt-dlp-wiki, Extractors; the apostrophe is the typographic one. The tail about
    # the community is cut off again by yt-dlp.
    "bot": Screen(
        "LOGIN_REQUIRED",
        "Sign in to confirm you\N{RIGHT SINGLE QUOTATION MARK}re not a bot",
        "This helps protect our community. Learn more",
    ),
    # yt-dlp-wiki, Extractors#this-content-isnt-available-try-again-later
    "rate_limited": Screen(
        "UNPLAYABLE", _UNAVAILABLE, "This content isn't available, try again later."
    ),
    "captcha": Screen("LOGIN_REQUIRED", _UNAVAILABLE),
    # yt-dlp#14470 and others: for hours, for everybody
    "reload": Screen("UNPLAYABLE", "The page needs to be reloaded."),
    # Nobody has ever read this.
    "odd": Screen("ERROR", "The frobnication of this item is pending"),
}


def has_details(video: Video) -> bool:
    """Tell whether the answer names title, channel and length."""
    screen = SCREENS.get(video.status)
    return screen is None or screen.has_details


def playability(video: Video) -> dict[str, Any]:
    """Return the `playabilityStatus` of a player response."""
    screen = SCREENS.get(video.status)
    if screen is None:
        return {
            "status": "OK",
            "playableInEmbed": True,
            "contextParams": "Q0FFU0FnZ0I=",
        }
    shown: dict[str, Any] = {
        "status": screen.status,
        "reason": screen.reason,
        "errorScreen": {"playerErrorMessageRenderer": _message(screen)},
        "contextParams": "Q0FFU0FnZ0I=",
    }
    return shown | _extra(video)


def _message(screen: Screen) -> dict[str, Any]:
    message: dict[str, Any] = {
        "reason": {"simpleText": screen.reason},
        "icon": {"iconType": "ERROR_OUTLINE"},
    }
    if screen.subreason:
        message["subreason"] = {"runs": [{"text": screen.subreason}]}
    return message


def _extra(video: Video) -> dict[str, Any]:
    match video.status:
        case "private":
            text = (
                "This is a private video. Please sign in to verify that you may see it."
            )
            return {"messages": [text]}
        case "age":
            return {"desktopLegacyAgeGateReason": 1}
        case "captcha":
            return {"errorScreen": {"playerCaptchaViewModel": {"title": "Verify"}}}
        case "trailer":
            renderer = {"trailerVideoId": video.other_id}
            return {"errorScreen": {"playerLegacyDesktopYpcTrailerRenderer": renderer}}
        case "upcoming" | "premiere":
            return _slate()
        case _:
            return {}


def _slate() -> dict[str, Any]:
    slate = {"scheduledStartTime": "4102444800", "canShowCountdown": True}
    offline = {"liveStreamOfflineSlateRenderer": slate}
    renderer = {"videoId": "", "offlineSlate": offline, "pollDelayMs": "15000"}
    return {"liveStreamability": {"liveStreamabilityRenderer": renderer}}
