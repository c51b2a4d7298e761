"""Which links are accepted, and the video ID in them. Pure.

A link is never handed on as it was written: only its video ID survives, and the
URL that yt-dlp sees is rebuilt from that. So no host, port, credential or query of
a hostile link can lead anywhere but to one YouTube video.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

#: Longer texts are refused unread; the longest sensible link has some 300 characters.
MAX_LINK_CHARS = 8192
SHORT_HOST = "youtu.be"
HOSTS = frozenset(
    {
        "youtube.com",
        "www.youtube.com",
        "m.youtube.com",
        "music.youtube.com",
        SHORT_HOST,
        "youtube-nocookie.com",
        "www.youtube-nocookie.com",
    }
)
#: `/<word>/<id>`; `/watch?v=<id>` and `youtu.be/<id>` are the other two forms.
VIDEO_PATHS = frozenset({"shorts", "live", "embed", "v"})
#: First path words that lead to many videos, or to whatever is live right now.
LIST_PATHS = frozenset({"playlist", "channel", "c", "user", "feed", "results", "show"})
#: Eleven characters each, but no IDs: `/embed/videoseries?list=…` is a playlist,
#: `/embed/live_stream?channel=…` a channel's current broadcast.
RESERVED_IDS = frozenset({"videoseries", "live_stream"})

_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_WHITE_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")

#: The forms nearly every link has, decided without taking them apart. It accepts
#: only what `_parse_slowly` accepts too, with the same ID (a test compares them).
_PLAIN = re.compile(
    r"""
    (?:https?://)?
    (?: (?:www\.|m\.|music\.)? youtube\.com/
        (?: (?P<watch>watch\?v=) | (?:shorts|live)/ (?!videoseries|live_stream) )
      | youtu\.be/ (?!videoseries|live_stream)
    )
    (?P<id>[A-Za-z0-9_-]{11})
    (?: (?(watch)&|\?) [!-"$-~]{0,400} )?
    """,
    re.VERBOSE,
)

_EXPECTED_LINK = (
    "write a link to one YouTube video, such as https://youtu.be/dQw4w9WgXcQ "
    "or https://www.youtube.com/watch?v=dQw4w9WgXcQ"
)


@dataclass(frozen=True, slots=True)
class Link:
    """One YouTube video.

    Attributes:
        video_id: Its 11 characters.
    """

    video_id: str

    @property
    def url(self) -> str:
        """The canonical URL, rebuilt from the ID."""
        return f"https://www.youtube.com/watch?v={self.video_id}"


class LinkError(ValueError):
    """A text that is not an accepted link.

    Args:
        code: `not_a_url`, `unsupported_site`, `not_a_video` or `bad_video_id`.
        message: One sentence that says what is accepted instead.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse_link(text: str) -> Link:
    """Return the video that a link leads to; white space around it is free.

    Raises:
        LinkError: It is not a link to one YouTube video.
    """
    bare = text.strip()
    return parse_plain_link(bare) or _parse_slowly(bare)


def parse_plain_link(text: str) -> Link | None:
    """Return the video of a link in one of the usual forms, else None: look closer."""
    found = _PLAIN.fullmatch(text)
    return Link(found["id"]) if found else None


def _parse_slowly(text: str) -> Link:
    parts = _split(text)
    _refuse_other_sites(parts)
    video_id = _video_id(parts)
    if _ID.fullmatch(video_id) is None:
        raise LinkError(
            "bad_video_id",
            f"a video ID has 11 letters, digits, - or _; this one is {_printable(video_id)}",
        )
    return Link(video_id)


def _split(text: str) -> SplitResult:
    """Take a link apart; urlsplit alone would drop tabs and line ends silently."""
    if not text or len(text) > MAX_LINK_CHARS or _WHITE_OR_CONTROL.search(text):
        raise LinkError("not_a_url", f"this is not a link; {_EXPECTED_LINK}")
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        raise LinkError(
            "not_a_url", f"{_printable(scheme[1])} is no web address; {_EXPECTED_LINK}"
        )
    try:
        parts = urlsplit(text if scheme else "//" + text.removeprefix("//"))
        host = parts.hostname or ""
    except ValueError as exc:
        raise LinkError("not_a_url", f"this is not a link; {_EXPECTED_LINK}") from exc
    if not host or (not scheme and "." not in host):
        raise LinkError("not_a_url", f"this is not a link; {_EXPECTED_LINK}")
    return parts


def _refuse_other_sites(parts: SplitResult) -> None:
    """Accept exact hosts only, so that ports, credentials and look-alikes fall out."""
    if parts.netloc.lower() in HOSTS:
        return
    if parts.hostname in HOSTS:
        raise LinkError(
            "unsupported_site",
            f"a YouTube link has no user name, password or port; {_EXPECTED_LINK}",
        )
    raise LinkError(
        "unsupported_site",
        f"{_printable(parts.hostname or '')} is not supported, only YouTube is; {_EXPECTED_LINK}",
    )


def _video_id(parts: SplitResult) -> str:
    """Return what stands where the ID belongs.

    Raises:
        LinkError: With `not_a_video`, when the address has no such place.
    """
    words = parts.path.strip("/").split("/")
    if words == ["watch"]:
        return _query_id(parts.query)
    if parts.hostname == SHORT_HOST:
        words = ["v", *words]
    if len(words) == 2 and words[0] in VIDEO_PATHS and words[1]:  # noqa: PLR2004 - kind and ID
        if words[1] in RESERVED_IDS:
            raise _not_single_video_error()
        return words[1]
    if words[0] in LIST_PATHS or words[0].startswith("@"):
        raise _not_single_video_error()
    raise LinkError("not_a_video", f"this page holds no video; {_EXPECTED_LINK}")


def _query_id(query: str) -> str:
    """Return the first `v=`, as YouTube reads it."""
    fields = parse_qsl(query, keep_blank_values=True)
    video_id = next((value for key, value in fields if key == "v"), None)
    if video_id is not None:
        return video_id
    if any(key == "list" for key, _ in fields):
        raise _not_single_video_error()
    raise LinkError("not_a_video", f"this link names no video (v=…); {_EXPECTED_LINK}")


def _not_single_video_error() -> LinkError:
    return LinkError(
        "not_a_video",
        f"playlists and channels are not taken, single videos only so far; {_EXPECTED_LINK}",
    )


def _printable(text: str) -> str:
    return ascii(text[:40])
