"""The texts by which failures are recognised. Pure data.

They are YouTube's own reasons and yt-dlp's messages, as found in its sources
(`extractor/youtube/_video.py`, `_base.py`, `networking/`) and its issue tracker; docs/failures.md
lists them by code.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A text by which a code is recognised; the first match wins."""

    code: str
    pattern: re.Pattern[str]


def _rule(code: str, *texts: str) -> Rule:
    return Rule(code, re.compile("|".join(texts), re.IGNORECASE))


#: In this order: a private video also says "Sign in", a removed one "unavailable".
RULES = (
    _rule("foreign_host", "is not one of youtube's hosts"),
    _rule("ffmpeg_missing", "ffmpeg not found", "ffmpeg is not installed"),
    _rule("bot_check", "not a bot", "captcha challenge"),
    _rule(
        "rate_limited", "rate-?limited by youtube", "ip is likely being blocked",
        "too many requests", "content isn't available, try again later",
    ),
    # Said by players that YouTube refuses: of our session, not of the video.
    _rule(
        "no_answer", "failed to extract any player response", "failed to parse json",
        "page needs to be reloaded", "error occurred.{0,3}(please )?try again later",
        "something went wrong", "not available on this app", "player configuration error",
        "playback on other (websites|sites)", "latest version of (the )?youtube",
        "no longer supported [io]n this application", "newer versions of android",
        "m3u8 (information|url)", "no m3u header",
    ),
    _rule(
        "blocked_by_network", "webpage has been blocked by", "network administrator",
    ),
    _rule("premiere", "premieres in", "premiere will begin"),
    _rule(
        "upcoming", "live event will begin", "live stream will begin",
        "waiting for .*to go live",
    ),
    _rule("post_live", "live event has ended"),
    _rule("processing", "processing this video"),
    _rule("private_video", "private video", "video is private"),
    _rule(
        "account_closed", "account associated with this video", "account .*terminated",
        "closed their youtube account",
    ),
    # Before "copyright": "who has blocked it in your country on copyright grounds".
    _rule(
        "geo_blocked", "in your country", "geo-? ?restriction", "GeoRestricted",
        "from your location",
    ),
    _rule("copyright", "copyright"),
    _rule("removed_by_uploader", "removed by the (uploader|user)"),
    _rule("removed_by_youtube", "removed for violating", "violat(ed|ing) youtube"),
    _rule(
        "members_only", "members-only", "join this channel", "members on level",
        "available to this channel.s members",
    ),
    _rule(
        "paid", "requires payment", "available (only )?to (youtube )?(music )?premium",
        "premium members", "purchase|rental",
    ),
    _rule(
        "age_restricted", "confirm your age", "age-?restricted",
        "inappropriate (for some users|or offensive)", "self-harm topics",
    ),
    # Not yt-dlp's warning that one client's formats are skipped for it (yt-dlp#12563).
    _rule("drm", "(video|format) is DRM protected"),
    _rule("recording_unavailable", "live stream recording is not available"),
    _rule(
        "gone", "no longer available", "isn't available anymore",
        "video has been removed", "video does not exist", "been deleted",
    ),
    _rule(
        "sign_in_required", r"\bsign in\b", "login required", "login details are needed",
        "only available for registered users",
    ),
    _rule("video_unavailable", "video (is )?(unavailable|not available)",
          "content isn't available"),
    _rule("no_formats", "no video formats", "requested format is not available"),
)  # fmt: skip

#: Of playlists and channels. YouTube calls a private playlist one that does not exist,
#: too (Tyrrrz/YoutubeDownloader#97).
LIST_RULES = (
    _rule("unviewable_list", "playlist type is unviewable"),
    _rule(
        "channel_closed", "account (has been|was) (terminated|closed|suspended)",
        "channel (has been|was) (removed|terminated|deleted)",
        "this channel is(n't| not) available",
    ),
    _rule(
        "no_such_list", "playlist does not exist", "playlist is private",
        "channel does( not|n't) exist", "does the playlist exist",
        "does not exist and the url redirected",
    ),
    _rule("no_such_tab", r"does not have an? .{1,40} tab"),
    _rule("list_incomplete", "incomplete data received", "incomplete yt initial data"),
    _rule(
        "not_understood", "unable to recognize tab page", "unable to find selected tab",
        "failed to resolve album",
    ),
)  # fmt: skip

#: For errors alone, after RULES: warnings say the same of what yt-dlp can do without.
ERROR_RULES = (
    *RULES,
    _rule(
        "not_understood", "an extractor error has occurred", "cannot identify player",
        "cannot extract signature timestamp", "incomplete data received",
        "unable to extract", "failed to extract .*could not parse",
        'missing "id" field', 'failed to obtain "id"', "could not find xml",
        "found after media fragments", "no player clients have been requested",
    ),
)  # fmt: skip

#: Names of exception classes and texts of the layers below yt-dlp; first match wins.
CONNECTION_RULES = (
    _rule("certificate", "CertificateVerifyError", "CERTIFICATE_VERIFY_FAILED"),
    _rule(
        "proxy_failed",
        r"\bProxyError\b",
        "Tunnel connection failed",
        "Unsupported proxy type",
        'Proxy ".*" missing scheme',
        "Invalid proxy url",
        "HTTPS proxy for this request",
    ),
    _rule(
        "no_dns",
        "NameResolutionError",
        r"\bgaierror\b",
        "getaddrinfo returns an empty list",
        "Name or service not known",
        "Temporary failure in name resolution",
        "No address associated with hostname",
    ),
    _rule("no_route", "Network is unreachable", "No route to host", "Network is down"),
    _rule("refused", "Connection refused", "ConnectionRefusedError"),
    _rule("timed_out", "timed out", "TimeoutError", "ReadTimeout"),
    _rule(
        "cut_off",
        "IncompleteRead",
        "ContentTooShort",
        "content too short",
        "more expected",
        "data blocks",
        "downloaded file is empty",
        r"fragment \S+ not found",
    ),
    _rule(
        "connection_lost",
        "TransportError",
        r"\bConnectionError\b",
        "ConnectionReset",
        "Connection aborted",
        "RemoteDisconnected",
        "A network error has occurred",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "UNSAFE_LEGACY_RENEGOTIATION",
        r"\bSSLError\b",
    ),
)
