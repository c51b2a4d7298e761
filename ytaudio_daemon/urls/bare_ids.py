"""Video IDs without a link around them. Pure.

An eleven-letter word looks the same, so a bare ID is never accepted: it is refused,
and the message offers its link.
"""

import re
from collections.abc import Iterator

from ytaudio_daemon.model.youtube_ids import VIDEO_ID, is_video_id
from ytaudio_daemon.urls.link import FoundLink, Link, LinkError

#: IDs behind a name: in a line of yt-dlp's archive, in links of the apps.
_NAMED = re.compile(
    rf"(?<![^\s,;|]) (?: youtube\ | (?:vnd\.)?youtube: (?:watch\?v=)?"
    rf" | /?watch\?v= ) ({VIDEO_ID}) (?![A-Za-z0-9_-])",
    re.VERBOSE | re.IGNORECASE,
)
#: yt-dlp's own file names: `Title [ID].webm`.
_IN_BRACKETS = re.compile(rf"\[({VIDEO_ID})\](?=\.\w|\s*$)")
#: Commands that people keep in their lists.
_COMMAND = re.compile(r"\s*[$>]?\s*(?:\S*/)?(?:yt-dlp|youtube-dl|ytaudio)\s")
_CELL_END = re.compile(r"[\t,;|]")
_AROUND = " \t\r\n\"'`*<>()[]-"
_LIST_MARK = re.compile(r"^\s*(?:[-*+•]|\d{1,4}[.)])\s+")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9-]+")


def find_bare_ids(text: str) -> list[str]:
    """Return the IDs of a text that names no link, in their order, each once."""
    return list(dict.fromkeys(_find_ids(text)))


def refused_bare_ids(text: str) -> list[FoundLink]:
    """Return the bare IDs of a text as refused links, each with its mended link."""
    return [
        FoundLink(each, Link(each), bare_id_error(each)) for each in find_bare_ids(text)
    ]


def bare_id_error(video_id: str) -> LinkError:
    """Return the refusal of a bare ID, with the link that it stands for."""
    link = Link(video_id)
    return LinkError(
        "bare_id",
        f"this may be a video's ID, or a word of eleven letters; if it is an ID, write {link.url}",
        link,
    )


def _find_ids(text: str) -> Iterator[str]:
    for named in _NAMED.finditer(text):
        yield named[1]
    for in_brackets in _IN_BRACKETS.finditer(text):
        yield in_brackets[1]
    words = _LIST_MARK.sub("", text).split()
    is_list = all(map(_is_id, words)) or _COMMAND.match(text)
    cells = words if is_list else _CELL_END.split(text)
    for cell in cells:
        for bare in {cell.strip(_AROUND), cell.strip()}:
            if _is_id(bare):
                yield bare


def _is_id(text: str) -> bool:
    """Return whether a word is an ID rather than a word of a language or a number."""
    return is_video_id(text) and _WORD.fullmatch(text) is None
