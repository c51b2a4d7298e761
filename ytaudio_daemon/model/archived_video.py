"""Videos that count as had: what the archive is made of. Pure."""

from enum import StrEnum
from typing import NamedTuple


class FoundIn(StrEnum):
    """What named a video that is had."""

    #: A line of a yt-dlp download archive.
    ARCHIVE_FILE = "archive_file"
    #: A tag of an audio file.
    TAGS = "tags"
    #: The name of a file.
    FILE_NAME = "file_name"
    #: The `.info.json` that yt-dlp writes beside a file.
    INFO_JSON = "info_json"


class ArchivedVideo(NamedTuple):
    """A video that is had. A tuple: they come by the million.

    Attributes:
        video_id: The 11 characters.
        found_in: What named it.
        path: The audio file, absolute; None where there is none to remember.
    """

    video_id: str
    found_in: FoundIn
    path: bytes | None = None
