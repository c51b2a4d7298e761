"""The forms of YouTube's IDs. Pure."""

import re

#: A video's ID, as a regular expression.
VIDEO_ID = r"[A-Za-z0-9_-]{11}"
_VIDEO_ID = re.compile(VIDEO_ID)
_CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{22}")


def is_video_id(text: str) -> bool:
    """Return whether a text could be a video's ID; a word of 11 letters is one, too."""
    return _VIDEO_ID.fullmatch(text) is not None


def is_channel_id(text: str) -> bool:
    """Return whether a text could be a channel's ID."""
    return _CHANNEL_ID.fullmatch(text) is not None
