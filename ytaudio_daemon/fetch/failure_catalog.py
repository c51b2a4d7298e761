"""Every failure's code, kind, message and hint, and the texts it is recognised by. Pure data.

The texts are YouTube's own reasons and yt-dlp's messages, as found in its sources
(`extractor/youtube/_video.py`, `_base.py`, `networking/`) and its issue tracker.
"""

import re
from dataclasses import dataclass

from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.cookies import HOW_TO_EXPORT
from ytaudio_daemon.model.ytdlp_policy import UPGRADE_COMMAND
from ytaudio_daemon.system import install_hints

_K = FailureKind


@dataclass(frozen=True, slots=True)
class FailureSpec:
    """The meaning of a failure code.

    Attributes:
        kind: What follows from it.
        message: One plain sentence.
        hint: What the person can do, or "".
        confirm: Believed only when it comes twice.
    """

    kind: FailureKind
    message: str
    hint: str = ""
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A text by which a code is recognised; the first match wins."""

    code: str
    pattern: re.Pattern[str]


_RETRIED_AUTOMATICALLY = "Nothing to do: it is tried again by itself."
_PAUSED = (
    "Nothing to do: downloads go on by themselves after a pause. If it keeps "
    "happening, lower [pace] per_hour or set [download] cookies_file."
)
_COOKIES = (
    "Set [download] cookies_file to the cookies of an account that may see it, "
    "then retry."
)
_EXPORT = f"{HOW_TO_EXPORT}; give them as you gave the old ones, then retry."
_UPGRADE = f"Upgrade yt-dlp, no restart is needed: {UPGRADE_COMMAND}"
_DISK = "Check the disk and the folder's modes; `ytaudio doctor` tells more."

FAILURE_CATALOG = {
    # blocked
    "bot_check": FailureSpec(
        _K.BLOCKED,
        "YouTube wants to know whether this computer is a bot and answers nothing "
        "for now.",
        _PAUSED,
    ),
    "rate_limited": FailureSpec(
        _K.BLOCKED, "YouTube says that too many requests came from here.", _PAUSED
    ),
    # not_yet
    "live_now": FailureSpec(
        _K.NOT_YET, "This is live right now.", "It is fetched when it is over."
    ),
    "premiere": FailureSpec(
        _K.NOT_YET, "This premiere has not begun yet.", "It is fetched afterwards."
    ),
    "upcoming": FailureSpec(
        _K.NOT_YET, "This live event has not begun yet.", "It is fetched afterwards."
    ),
    "post_live": FailureSpec(
        _K.NOT_YET,
        "This live event is over, but YouTube is still preparing the recording.",
        "It is fetched when the recording is complete.",
    ),
    "processing": FailureSpec(
        _K.NOT_YET, "YouTube is still processing this video.", _RETRIED_AUTOMATICALLY
    ),
    "pot_provider_failed": FailureSpec(
        _K.NOT_YET,
        "YouTube wants a proof-of-origin token, and the provider gave none.",
        "Start the provider ([youtube] pot_provider; `ytaudio doctor` asks it); the job "
        "waits uncharged and goes on by itself.",
    ),
    "pot_required": FailureSpec(
        _K.NOT_YET,
        "YouTube wants a proof-of-origin token, and there is no provider of them.",
        "Set [youtube] pot_provider, or other [youtube] clients; the job waits "
        "uncharged and goes on by itself.",
    ),
    # unavailable
    "private_video": FailureSpec(_K.UNAVAILABLE, "This video is private.", _COOKIES),
    "removed_by_uploader": FailureSpec(
        _K.UNAVAILABLE, "This video was removed by its uploader."
    ),
    "removed_by_youtube": FailureSpec(_K.UNAVAILABLE, "YouTube removed this video."),
    "copyright": FailureSpec(
        _K.UNAVAILABLE, "This video was removed or blocked by a copyright holder."
    ),
    "account_closed": FailureSpec(
        _K.UNAVAILABLE, "The account that uploaded this video no longer exists."
    ),
    "members_only": FailureSpec(
        _K.UNAVAILABLE, "This video is for the channel's members only.", _COOKIES
    ),
    "paid": FailureSpec(_K.UNAVAILABLE, "This video must be paid for.", _COOKIES),
    "age_restricted": FailureSpec(
        _K.UNAVAILABLE,
        "YouTube shows this video only to people who are signed in and old enough.",
        _COOKIES,
    ),
    "geo_blocked": FailureSpec(
        _K.UNAVAILABLE,
        "This video is not available in this country.",
        "A proxy in another country ([download] proxy) may help.",
    ),
    "drm": FailureSpec(
        _K.UNAVAILABLE,
        "This video is copy-protected (DRM) and cannot be fetched.",
        confirm=True,
    ),
    "gone": FailureSpec(_K.UNAVAILABLE, "This video no longer exists."),
    "recording_unavailable": FailureSpec(
        _K.UNAVAILABLE, "The recording of this live stream is not available."
    ),
    "sign_in_required": FailureSpec(
        _K.UNAVAILABLE,
        "YouTube wants a sign-in for this video.",
        _COOKIES,
        confirm=True,
    ),
    "cookies_rotated": FailureSpec(
        _K.UNAVAILABLE,
        "The cookies are no longer valid: YouTube rotated them.",
        _EXPORT,
    ),
    "cookies_unusable": FailureSpec(
        _K.UNAVAILABLE, "The file of the cookies cannot be used.", _EXPORT
    ),
    "video_unavailable": FailureSpec(
        _K.UNAVAILABLE,
        "YouTube says that this video is unavailable, and not why.",
        "Check the link in a browser.",
        confirm=True,
    ),
    # policy
    "wrong_video": FailureSpec(
        _K.POLICY,
        "YouTube answered with another video than the one asked for.",
        "Videos that must be paid for answer with their trailer.",
    ),
    "too_long": FailureSpec(
        _K.POLICY,
        "This video is longer than allowed.",
        "Raise [download] max_duration, then retry.",
    ),
    "no_duration": FailureSpec(
        _K.POLICY, "YouTube does not say how long this video is; it cannot be proven."
    ),
    "too_big": FailureSpec(
        _K.POLICY,
        "The file is bigger than allowed.",
        "Raise [download] max_size, then retry.",
    ),
    # offline
    "no_dns": FailureSpec(
        _K.OFFLINE, "YouTube's name could not be looked up.", "Check the network."
    ),
    "no_route": FailureSpec(
        _K.OFFLINE, "There is no way into the network.", "Check the network."
    ),
    "proxy_failed": FailureSpec(
        _K.OFFLINE,
        "The proxy did not let us through.",
        "Check [download] proxy and the proxy itself.",
    ),
    # host
    "disk_full": FailureSpec(
        _K.HOST,
        "There is not enough free space on the disk.",
        "Free some space; downloads go on by themselves.",
    ),
    "read_only": FailureSpec(_K.HOST, "The disk is mounted read-only.", _DISK),
    "permission_denied": FailureSpec(
        _K.HOST, "The daemon may not write where it must.", _DISK
    ),
    "io_error": FailureSpec(_K.HOST, "The disk reported an error.", _DISK),
    "too_many_files": FailureSpec(
        _K.HOST, "Too many files are open on this computer.", "Raise LimitNOFILE."
    ),
    "out_of_memory": FailureSpec(
        _K.HOST,
        "There is not enough memory.",
        "Lower [download] workers or converters.",
    ),
    "certificate": FailureSpec(
        _K.HOST,
        "The certificate that YouTube (or a proxy in between) showed is not trusted.",
        "Behind an inspecting proxy set [download] ca_file to its CA bundle; "
        "otherwise check the computer's clock and CA certificates.",
    ),
    "ffmpeg_missing": FailureSpec(
        _K.HOST,
        "ffmpeg is not there or cannot be started.",
        install_hints.install_ffmpeg_hint(),
    ),
    "ffmpeg_unfit": FailureSpec(
        _K.HOST,
        "This ffmpeg was built without something that is needed.",
        install_hints.install_ffmpeg_hint(),
    ),
    "js_runtime_missing": FailureSpec(
        _K.HOST,
        "YouTube's puzzle for players needs a JavaScript runtime, and none was found.",
        install_hints.install_js_runtime_hint(),
    ),
    # outdated
    "challenge_unsolved": FailureSpec(
        _K.OUTDATED, "yt-dlp could not solve YouTube's puzzle for players.", _UPGRADE
    ),
    "sabr_only": FailureSpec(
        _K.OUTDATED,
        "YouTube offers this video only in a way that yt-dlp cannot fetch yet.",
        _UPGRADE,
    ),
    # transient
    "server_error": FailureSpec(
        _K.TRANSIENT, "YouTube answered with a server error.", _RETRIED_AUTOMATICALLY
    ),
    "media_refused": FailureSpec(
        _K.TRANSIENT,
        "YouTube refused to hand out the sound this time.",
        _RETRIED_AUTOMATICALLY,
    ),
    "media_gone": FailureSpec(
        _K.UNAVAILABLE,
        "YouTube names this video's sound, but does not have it (404 or 410).",
        confirm=True,
    ),
    "forbidden": FailureSpec(
        _K.TRANSIENT, "YouTube refused the request this time.", _RETRIED_AUTOMATICALLY
    ),
    "foreign_host": FailureSpec(
        _K.TRANSIENT,
        "An answer led away from YouTube; no other site is asked.",
        "If this stays, something in between answers in YouTube's place: a captive "
        "portal, or [download] proxy.",
    ),
    "endless_answer": FailureSpec(
        _K.TRANSIENT,
        "An answer had no end where YouTube sends a page.",
        "If this stays, something in between answers in YouTube's place: a captive "
        "portal, or [download] proxy.",
    ),
    "refused": FailureSpec(
        _K.TRANSIENT, "The connection to YouTube was refused.", _RETRIED_AUTOMATICALLY
    ),
    "timed_out": FailureSpec(
        _K.TRANSIENT, "YouTube did not answer in time.", _RETRIED_AUTOMATICALLY
    ),
    "cut_off": FailureSpec(
        _K.TRANSIENT, "The download broke off before its end.", _RETRIED_AUTOMATICALLY
    ),
    "connection_lost": FailureSpec(
        _K.TRANSIENT, "The connection to YouTube was lost.", _RETRIED_AUTOMATICALLY
    ),
    "no_answer": FailureSpec(
        _K.TRANSIENT,
        "YouTube gave no usable answer about this video.",
        _RETRIED_AUTOMATICALLY,
    ),
    "converter_died": FailureSpec(
        _K.TRANSIENT, "ffmpeg ended without a word.", _RETRIED_AUTOMATICALLY
    ),
    "work_unreadable": FailureSpec(
        _K.TRANSIENT,
        "What an earlier try has left cannot be read from the disk.",
        "Check the disk. Once the job has failed, `ytaudio retry` fetches it anew.",
    ),
    "encoder_refused": FailureSpec(
        _K.POLICY,
        "What came is good sound, but ffmpeg cannot encode it in the wanted format.",
        "Ask for another format, or upgrade ffmpeg and then `ytaudio retry` the job.",
    ),
    # bad_media
    "does_not_decode": FailureSpec(
        _K.BAD_MEDIA,
        "What came is not sound that can be played.",
        _RETRIED_AUTOMATICALLY,
    ),
    "cut_short": FailureSpec(
        _K.BAD_MEDIA,
        "What came is shorter than YouTube announced.",
        _RETRIED_AUTOMATICALLY,
    ),
    "wrong_length": FailureSpec(
        _K.BAD_MEDIA,
        "What came is longer than YouTube announced.",
        _RETRIED_AUTOMATICALLY,
    ),
    "holes": FailureSpec(
        _K.BAD_MEDIA, "Parts are missing from what came.", _RETRIED_AUTOMATICALLY
    ),
    # unknown
    "no_formats": FailureSpec(
        _K.UNKNOWN,
        "yt-dlp found nothing to download for this video.",
        f"If other videos fail like this too: {UPGRADE_COMMAND}",
        confirm=True,
    ),
    "unknown": FailureSpec(
        _K.UNKNOWN, "Something unexpected happened.", "`ytaudio show` tells more."
    ),
}


def failure_for(code: str, error_text: str = "") -> Failure:
    """Return the failure for a code; `error_text` is added to the message of `unknown`."""
    meaning = FAILURE_CATALOG[code]
    message = meaning.message
    if code == "unknown" and error_text:
        message = f"{message.removesuffix('.')}: {error_text}"
    return Failure(
        kind=meaning.kind,
        code=code,
        message=message,
        hint=meaning.hint,
        confirm=meaning.confirm,
    )


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
    _rule("sign_in_required", r"\bsign in\b", "login required"),
    _rule("video_unavailable", "video (is )?(unavailable|not available)",
          "content isn't available"),
    _rule("no_answer", "failed to extract any player response", "failed to parse json",
        "page needs to be reloaded"),
    _rule("no_formats", "no video formats", "requested format is not available"),
)  # fmt: skip
