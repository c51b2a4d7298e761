"""Every failure's code, kind, message and remedy. Pure data.

The texts they are recognised by are in `failure_texts`.
"""

from dataclasses import dataclass

from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.cookies import HOW_TO_EXPORT
from ytaudio_daemon.system import install_hints

_K = FailureKind


@dataclass(frozen=True, slots=True)
class FailureSpec:
    """The meaning of a failure code.

    Attributes:
        kind: Decides what the daemon does about it.
        message: One plain sentence.
        remedy: What a person can do about it, apart from what `model.hints` knows by
            kind and code; never what the daemon does by itself.
        confirm: The job fails only when the failure comes twice.
    """

    kind: FailureKind
    message: str
    remedy: str = ""
    confirm: bool = False


_EXPORT = f"{HOW_TO_EXPORT}; give them as you gave the old ones."
_DISK = "Check the disk and the folder's modes; `ytaudio doctor` tells more."
_CAPTIVE_PORTAL = (
    "See what answers in YouTube's place: a captive portal, or [download] proxy."
)

FAILURE_CATALOG = {
    # blocked
    "bot_check": FailureSpec(
        _K.BLOCKED,
        "YouTube wants to know whether this computer is a bot and answers nothing "
        "for now.",
    ),
    "rate_limited": FailureSpec(
        _K.BLOCKED, "YouTube says that too many requests came from here."
    ),
    # not_yet
    "live_now": FailureSpec(_K.NOT_YET, "This is live right now."),
    "premiere": FailureSpec(_K.NOT_YET, "This premiere has not begun yet."),
    "upcoming": FailureSpec(_K.NOT_YET, "This live event has not begun yet."),
    "post_live": FailureSpec(
        _K.NOT_YET,
        "This live event is over, but YouTube is still preparing the recording.",
    ),
    "processing": FailureSpec(_K.NOT_YET, "YouTube is still processing this video."),
    "pot_provider_failed": FailureSpec(
        _K.NOT_YET,
        "YouTube wants a proof-of-origin token, and the provider gave none.",
        "Start the provider ([youtube] pot_provider; `ytaudio doctor` asks it).",
    ),
    "pot_required": FailureSpec(
        _K.NOT_YET,
        "YouTube wants a proof-of-origin token, and there is no provider of them.",
        "Set [youtube] pot_provider, or other [youtube] clients.",
    ),
    # unavailable
    "private_video": FailureSpec(_K.UNAVAILABLE, "This video is private."),
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
        _K.UNAVAILABLE, "This video is for the channel's members only."
    ),
    "paid": FailureSpec(_K.UNAVAILABLE, "This video must be paid for."),
    "age_restricted": FailureSpec(
        _K.UNAVAILABLE,
        "YouTube shows this video only to people who are signed in and old enough.",
    ),
    "geo_blocked": FailureSpec(
        _K.UNAVAILABLE, "This video is not available in this country."
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
        _K.UNAVAILABLE, "YouTube wants a sign-in for this video.", confirm=True
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
    "no_such_list": FailureSpec(
        _K.UNAVAILABLE,
        "YouTube shows no such list: it does not exist, or it is private.",
        "Make the playlist public or unlisted, or check the link in a browser.",
    ),
    "empty_list": FailureSpec(
        _K.UNAVAILABLE,
        "YouTube shows no video in this list.",
        "Check the link in a browser.",
        confirm=True,
    ),
    "no_such_tab": FailureSpec(
        _K.UNAVAILABLE,
        "This channel has no such tab.",
        "Give the channel with another tab: /videos, /shorts, /streams, /releases or "
        "/playlists.",
    ),
    "channel_closed": FailureSpec(
        _K.UNAVAILABLE, "This channel no longer exists: YouTube or its owner closed it."
    ),
    "unviewable_list": FailureSpec(
        _K.UNAVAILABLE,
        "YouTube makes this list up for each listener; it cannot be read as a whole.",
        "Give a playlist, an album or a channel.",
    ),
    # policy
    "wrong_video": FailureSpec(
        _K.POLICY,
        "YouTube answered with another video than the one asked for, as it does for "
        "videos that must be paid for: with their trailer.",
    ),
    "too_long": FailureSpec(
        _K.POLICY,
        "This video is longer than allowed.",
        "Raise [download] max_duration.",
    ),
    "no_duration": FailureSpec(
        _K.POLICY, "YouTube does not say how long this video is; it cannot be proven."
    ),
    "too_big": FailureSpec(
        _K.POLICY, "The file is bigger than allowed.", "Raise [download] max_size."
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
        "Check [download] proxy or [youtube] egress, and the proxy itself.",
    ),
    # host
    "disk_full": FailureSpec(
        _K.HOST, "There is not enough free space on the disk.", "Free some space."
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
        _K.OUTDATED, "yt-dlp could not solve YouTube's puzzle for players."
    ),
    "sabr_only": FailureSpec(
        _K.OUTDATED,
        "YouTube offers this video only in a way that yt-dlp cannot fetch yet.",
    ),
    # transient
    "server_error": FailureSpec(_K.TRANSIENT, "YouTube answered with a server error."),
    "media_refused": FailureSpec(
        _K.TRANSIENT, "YouTube refused to hand out the sound this time."
    ),
    "media_gone": FailureSpec(
        _K.UNAVAILABLE,
        "YouTube names this video's sound, but does not have it (404 or 410).",
        "Check the link in a browser.",
        confirm=True,
    ),
    "forbidden": FailureSpec(_K.TRANSIENT, "YouTube refused the request this time."),
    "foreign_host": FailureSpec(
        _K.TRANSIENT,
        "An answer led away from YouTube; no other site is asked.",
        _CAPTIVE_PORTAL,
    ),
    "endless_answer": FailureSpec(
        _K.TRANSIENT,
        "An answer had no end where YouTube sends a page.",
        _CAPTIVE_PORTAL,
    ),
    "refused": FailureSpec(_K.TRANSIENT, "The connection to YouTube was refused."),
    "timed_out": FailureSpec(_K.TRANSIENT, "YouTube did not answer in time."),
    "cut_off": FailureSpec(_K.TRANSIENT, "The download broke off before its end."),
    "connection_lost": FailureSpec(_K.TRANSIENT, "The connection to YouTube was lost."),
    "no_answer": FailureSpec(
        _K.TRANSIENT, "YouTube gave no usable answer about this video."
    ),
    "blocked_by_network": FailureSpec(
        _K.TRANSIENT,
        "The network between here and YouTube blocks this page.",
        "Ask whoever runs the network, or set [download] proxy.",
    ),
    "list_incomplete": FailureSpec(
        _K.TRANSIENT, "A page of this list came without its entries."
    ),
    "converter_died": FailureSpec(_K.TRANSIENT, "ffmpeg ended without a message."),
    "work_unreadable": FailureSpec(
        _K.TRANSIENT,
        "What an earlier try has left cannot be read from the disk.",
        "Check the disk.",
    ),
    "work_removed": FailureSpec(
        _K.TRANSIENT,
        "The files of this try were removed while it ran.",
        "Let nothing else delete files in downloads/.work: the daemon clears it itself.",
    ),
    "encoder_refused": FailureSpec(
        _K.POLICY,
        "What came is good sound, but ffmpeg cannot encode it in the wanted format.",
        "Ask for another format, or upgrade ffmpeg.",
    ),
    # bad_media
    "does_not_decode": FailureSpec(
        _K.BAD_MEDIA, "What came is not sound that can be played."
    ),
    "cut_short": FailureSpec(
        _K.BAD_MEDIA, "What came is shorter than YouTube announced."
    ),
    "wrong_length": FailureSpec(
        _K.BAD_MEDIA, "What came is longer than YouTube announced."
    ),
    "holes": FailureSpec(_K.BAD_MEDIA, "Parts are missing from what came."),
    # unknown
    "not_understood": FailureSpec(
        _K.UNKNOWN, "yt-dlp did not understand YouTube's answer about this video."
    ),
    "no_formats": FailureSpec(
        _K.UNKNOWN, "yt-dlp found nothing to download for this video.", confirm=True
    ),
    "unknown": FailureSpec(_K.UNKNOWN, "Something unexpected happened."),
}


def failure_for(code: str, error_text: str = "") -> Failure:
    """Return the failure for a code; `error_text` is added to the message of `unknown`."""
    spec = FAILURE_CATALOG[code]
    message = spec.message
    if code == "unknown" and error_text:
        message = f"{message.removesuffix('.')}: {error_text}"
    return Failure(
        kind=spec.kind,
        code=code,
        message=message,
        hint=spec.remedy,
        confirm=spec.confirm,
    )
