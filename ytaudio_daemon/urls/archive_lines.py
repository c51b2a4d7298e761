"""Parses lines of a download archive, as yt-dlp's `--download-archive` writes. Pure.

A line is the name of an extractor and its ID of the video, such as
`youtube dQw4w9WgXcQ`. See `YoutubeDL.record_download_archive` and
`yt_dlp.utils.make_archive_id`.
"""

import re
from typing import NamedTuple

from ytaudio_daemon.model.youtube_ids import is_video_id
from ytaudio_daemon.urls.bare_ids import find_bare_ids
from ytaudio_daemon.urls.link import LinkError
from ytaudio_daemon.urls.single import parse_link

_LINE = re.compile(r"(?P<site>[a-z0-9_:.+-]+)[ \t]+(?P<id>\S.*)")
_YOUTUBE = "youtube"
#: The extractor for any site; its IDs are ends of addresses, and may have spaces.
_ANY_SITE = "generic"


class ArchiveLine(NamedTuple):
    """A line of an archive.

    Attributes:
        site: yt-dlp's extractor, in lower case.
        video_id: The 11 characters of a video of YouTube; else "".
    """

    site: str
    video_id: str = ""

    @property
    def is_youtube(self) -> bool:
        """Whether it names a video of YouTube's."""
        return self.site == _YOUTUBE


class ArchiveLineError(ValueError):
    """The error of a line that is none of an archive; its text has the remedy."""


def parse_archive_line(text: str) -> ArchiveLine | None:
    """Return a parsed line; None for a blank line and a comment.

    Raises:
        ArchiveLineError: It is no line of an archive.
    """
    line = text.strip("\ufeff\0 \t\r\n")
    if not line or line.startswith("#"):
        return None
    found = _LINE.fullmatch(line)
    if found is None or (" " in found["id"] and found["site"] != _ANY_SITE):
        raise ArchiveLineError(_refusal(line))
    if found["site"] != _YOUTUBE:
        return ArchiveLine(found["site"])
    if not is_video_id(found["id"]):
        raise ArchiveLineError("what stands behind youtube is no ID of 11 characters")
    return ArchiveLine(_YOUTUBE, found["id"])


def _refusal(line: str) -> str:
    """Return the description of a line that is none of an archive, with the remedy."""
    try:
        video_id = parse_link(line).video_id
    except LinkError:
        return _refusal_of_words(line)
    return (
        "a link: put it into a list to download it, or write "
        f'"youtube {video_id}" if you have it'
    )


def _refusal_of_words(line: str) -> str:
    ids = find_bare_ids(line)
    if len(ids) == 1 and " " not in line:
        return f'an ID alone: write "youtube {ids[0]}"'
    return 'no line of an archive, such as "youtube dQw4w9WgXcQ"'
