"""Parses one address: the video it leads to, or why it leads to none. Pure.

An address is never passed on as it was written: only its video ID is, and the URL for
yt-dlp is rebuilt from that. So no host, port, credential or query of a hostile link can
lead anywhere but to one YouTube video.
"""

import re
from urllib.parse import SplitResult, urlsplit

from ytaudio_daemon.model.youtube_ids import VIDEO_ID, is_video_id
from ytaudio_daemon.urls.bare_ids import bare_id_error
from ytaudio_daemon.urls.collections import collection_page_error
from ytaudio_daemon.urls.link import (
    EXPECTED_LINK,
    MAX_LINK_CHARS,
    MUSIC_HOST,
    Link,
    LinkError,
    quoted,
)
from ytaudio_daemon.urls.mirrors import mirrored_video
from ytaudio_daemon.urls.query import query_fields

SHORT_HOST = "youtu.be"
#: YouTube's domains, also with `www.` or `m.`; of `youtube.com` every subdomain.
SITES = frozenset(
    {"youtube.com", SHORT_HOST, "youtube-nocookie.com", "youtubekids.com"}
)
#: The ports of http and https.
PORTS = frozenset({None, 80, 443})
#: `/<word>/<id>`; `?v=<id>` and `youtu.be/<id>` are the other two forms.
VIDEO_PATHS = frozenset({"shorts", "live", "embed", "v", "e", "w", "watch", "video"})
#: Schemes of links that open YouTube's apps.
APP_SCHEMES = frozenset({"youtube", "vnd.youtube"})
#: First path words that lead to many videos, or to whatever is live right now.
LIST_PATHS = frozenset(
    {"playlist", "channel", "c", "user", "feed", "results", "show", "browse", "source"}
    | {"hashtag", "watch_videos", "post", "clip", "gaming", "view_play_list"}
)
#: Pages that redirect; a `v=` of theirs is the page that they were on.
REDIRECT_PATHS = frozenset({"redirect", "attribution_link", "signin", "oembed"})
#: Eleven characters each, but no IDs: `/embed/videoseries?list=…` is a playlist,
#: `/embed/live_stream?channel=…` a channel's current broadcast.
RESERVED_IDS = frozenset({"videoseries", "live_stream"})
ID_CHARS = 11

_ID_START = re.compile(r"[A-Za-z0-9_-]*")
#: RFC 2045, section 6.7: `=` is written `=3D`.
_QUOTED_PRINTABLE = re.compile(rf"3[Dd]({VIDEO_ID})(?![A-Za-z0-9_-])")
_LIST_FIELD = re.compile(r"[?&;#]list=([A-Za-z0-9_-]+)", re.IGNORECASE)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
#: `img.youtube.com/vi/ID/0.jpg` is the picture of a video.
_PICTURE_HOST = re.compile(r"i(?:mg|[0-9])?\.")
_WHITE_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")
#: `/user/Name#p/u/5/<id>`, the players of channel pages until 2012.
_CHANNEL_PLAYER = re.compile(rf"p/(?:[A-Za-z0-9]{{1,2}}/){{0,4}}({VIDEO_ID})")

#: The forms of nearly every link, in one expression. It accepts only what
#: `parse_address` accepts, too, with the same ID (a test compares them). Its tail has no
#: character that a second, glued link would need.
_PLAIN = re.compile(
    r"""
    (?:https?://)?
    (?: (?:www\.|m\.|(?P<music>music\.))? youtube\.com/
        (?: (?P<watch>watch\?v=) | (?:shorts|live)/ (?!videoseries|live_stream) )
      | youtu\.be/ (?!videoseries|live_stream)
    )
    (?P<id>[A-Za-z0-9_-]{11})
    (?: (?(watch)&|\?) (?: [A-Za-z0-9_&=.+~-]{1,400}+ | %(?!2[35fF]|3[aA]|26) ){0,20} )?
    """,
    re.VERBOSE,
)


def parse_plain_link(text: str) -> Link | None:
    """Return the video of a link in one of the usual forms; None needs `parse_address`."""
    found = _PLAIN.fullmatch(text)
    if found is None:
        return None
    return Link(found["id"], is_music=bool(found["music"]), list_id=_list_id(text))


def parse_address(text: str) -> Link:
    """Return the video of an address that is neither escaped nor wrapped.

    Raises:
        LinkError: It is no address of one YouTube video; of a mirror with the video.
    """
    parts = _split(text)
    if not _is_youtube(parts):
        host = quoted(parts.hostname or "")
        reason = f"{host} is not supported, only YouTube is"
        raise _foreign_error(parts, "unsupported_site", reason)
    written = _video_id(parts)
    found = _ID_START.match(written)
    if found is None or len(found[0]) != ID_CHARS:
        raise _bad_id_error(written)
    return Link(found[0], is_music=_is_music(parts), list_id=_list_id(text))


def _is_music(parts: SplitResult) -> bool:
    return (parts.hostname or "").removesuffix(".") == MUSIC_HOST


def _list_id(text: str) -> str:
    """Return the playlist that the address of a video names, or ""."""
    found = _LIST_FIELD.search(text)
    return found[1] if found else ""


def _bad_id_error(written: str) -> LinkError:
    """Return the refusal of a bad ID, with the ID in `3DID`, as e-mails encode it."""
    in_mail = _QUOTED_PRINTABLE.match(written)
    return LinkError(
        "bad_video_id",
        "a video ID has 11 letters, digits, - or _; "
        f"this one is {quoted(written)}: copy the link again",
        Link(in_mail[1]) if in_mail else None,
    )


def check_link_text(text: str) -> None:
    """Refuse a text that cannot be a link.

    Raises:
        LinkError: It is empty, too long, or has white space or control characters.
    """
    if not text or len(text) > MAX_LINK_CHARS or _WHITE_OR_CONTROL.search(text):
        raise _not_a_url_error("this is not a link")


def _split(text: str) -> SplitResult:
    """Split an address; urlsplit alone would drop tabs and line ends silently."""
    check_link_text(text)
    scheme = _SCHEME.match(text)
    try:
        parts = urlsplit(text if scheme else "//" + text.removeprefix("//"))
        host, _ = parts.hostname or "", parts.port
    except ValueError as exc:
        raise _not_a_url_error("this is not a link") from exc
    if scheme and parts.scheme not in {"http", "https"}:
        raise _scheme_error(parts, scheme[1])
    if not host or (not scheme and "." not in host):
        raise _not_a_url_error("this is not a link")
    return parts


def _scheme_error(parts: SplitResult, scheme: str) -> LinkError:
    """Return the refusal of another scheme: `ftp://`, `youtube://ID`."""
    if parts.scheme in APP_SCHEMES:
        is_page = parts.netloc == "watch"
        named = (
            dict(query_fields(parts.query)).get("v", "") if is_page else parts.netloc
        )
        if is_video_id(named):
            return bare_id_error(named)
    return _foreign_error(parts, "not_a_url", f"{quoted(scheme)} is no web address")


def _is_youtube(parts: SplitResult) -> bool:
    """Return whether the host is YouTube's own; refuse credentials and other ports."""
    host = (parts.hostname or "").removesuffix(".")
    if _PICTURE_HOST.match(host):
        return False
    site = host.removeprefix("www.").removeprefix("m.")
    if site not in SITES and not host.endswith(".youtube.com"):
        return False
    if "@" in parts.netloc or parts.port not in PORTS:
        raise LinkError(
            "unsupported_site",
            "a YouTube link has no user name, password or port of its own; "
            f"{EXPECTED_LINK}",
        )
    return True


def _foreign_error(parts: SplitResult, code: str, reason: str) -> LinkError:
    """Return the refusal of an address elsewhere, with the video that it names."""
    video_id = None if "@" in parts.netloc else mirrored_video(parts)
    if video_id is None:
        return LinkError(code, f"{reason}; {EXPECTED_LINK}")
    link = Link(video_id)
    return LinkError("mirror", f"{reason}: write {link.url} instead", link)


def _video_id(parts: SplitResult) -> str:
    """Return the text in the place of the ID, which may begin with the ID only.

    Raises:
        LinkError: With `not_a_video`, when the address has no such place.
    """
    path, _, more = parts.path.partition("&")  # youtu.be/ID&t=30
    words = [word for word in path.split("/") if word]
    if (video_id := _path_id(parts, words)) and video_id not in RESERVED_IDS:
        return video_id
    in_query = _query_id(words, f"{more}&{parts.query}")
    if in_query or (in_query is not None and not parts.fragment):
        return in_query
    if in_fragment := _fragment_id(parts.fragment):
        return in_fragment
    raise _no_video_error(parts, words)


def _path_id(parts: SplitResult, words: list[str]) -> str | None:
    """Return the ID of `youtu.be/ID`, `/shorts/ID` and the like."""
    first = words[0].lower() if words else ""
    is_short = (parts.hostname or "").removesuffix(".").endswith(SHORT_HOST)
    if is_short and len(words) == 1 and first not in LIST_PATHS | {"watch"}:
        return words[0]
    is_video = first in VIDEO_PATHS and len(words) == 2  # noqa: PLR2004 - word and ID
    if is_video or (first == "video" and len(words) > 1):
        return words[1]
    return None


def _query_id(words: list[str], query: str) -> str | None:
    """Return the first `v=` with a value, as YouTube reads it; "" if none has one."""
    first = words[0].lower() if words else ""
    if first in LIST_PATHS | REDIRECT_PATHS or first.startswith("@"):
        return None
    values = [value for key, value in query_fields(query) if key == "v"]
    return next(filter(None, values), values[0] if values else None)


def _fragment_id(fragment: str) -> str | None:
    """Return the ID behind a `#`: `#!v=ID`, `#/watch?v=ID`, `#p/u/5/ID`."""
    if player := _CHANNEL_PLAYER.fullmatch(fragment):
        return player[1]
    return dict(query_fields(fragment.lstrip("!/"))).get("v") or None


def _no_video_error(parts: SplitResult, words: list[str]) -> LinkError:
    first = words[0].lower() if words else ""
    names_list = any(key == "list" for key, _ in query_fields(parts.query))
    is_list = names_list or first in LIST_PATHS or first.startswith("@")
    if is_list or not RESERVED_IDS.isdisjoint(words):
        return collection_page_error(words, parts.query, is_music=_is_music(parts))
    if first == "watch":
        return LinkError(
            "not_a_video", f"this link names no video (v=…); {EXPECTED_LINK}"
        )
    return LinkError("not_a_video", f"this page holds no video; {EXPECTED_LINK}")


def _not_a_url_error(reason: str) -> LinkError:
    return LinkError("not_a_url", f"{reason}; {EXPECTED_LINK}")
