"""Explains why a line without a link is refused, by its most likely meaning. Pure."""

import re

from ytaudio_daemon.model.youtube_ids import is_channel_id
from ytaudio_daemon.urls import LinkError

_VIDEO = "https://youtu.be/dQw4w9WgXcQ"
_SEARCH = re.compile(r"yt(?:m?search)(?:date)?\d*(?:all)?:|yvsearch", re.IGNORECASE)
_LIST = re.compile(r"(?:PL|OLAK5uy_|UU|FL)[A-Za-z0-9_-]{16,}")
_HANDLE = re.compile(r"@[\w.-]{3,30}")


def no_link_error(line: str) -> LinkError:
    """Return the refusal of a line of words.

    Args:
        line: Without white space around it.
    """
    return LinkError("not_a_url", _message(line))


def _message(line: str) -> str:
    word = line.partition(" ")[0]
    if _SEARCH.match(line):
        return (
            "searches are not supported; find the video on YouTube and copy its link, "
            f"such as {_VIDEO}"
        )
    if url := _list_url(word):
        return f"this is an ID or a name, not a link; write {url}"
    return (
        "there is no link in this line, and titles are not searched for; write a link "
        f"such as {_VIDEO}, or start the line with # if it is a comment"
    )


def _list_url(word: str) -> str:
    """Return the link of a playlist's or channel's ID, or of a channel's name; or ""."""
    if _LIST.fullmatch(word):
        return f"https://www.youtube.com/playlist?list={word}"
    if is_channel_id(word):
        return f"https://www.youtube.com/channel/{word}"
    if _HANDLE.fullmatch(word):
        return f"https://www.youtube.com/{word}"
    return ""
