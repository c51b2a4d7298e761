"""Videos that count as downloaded already: the entries of the archive. Pure."""

from enum import StrEnum
from typing import NamedTuple


class FoundIn(StrEnum):
    """Where the ID of an archived video was found."""

    #: A line of a yt-dlp download archive.
    ARCHIVE_FILE = "archive_file"
    #: A tag of an audio file.
    TAGS = "tags"
    #: The name of a file.
    FILE_NAME = "file_name"
    #: The `.info.json` that yt-dlp writes beside a file.
    INFO_JSON = "info_json"


class ArchivedVideo(NamedTuple):
    """A video that counts as downloaded. A tuple: they come by the million.

    Attributes:
        video_id: The 11 characters.
        found_in: Where its ID was found.
        path: The audio file, absolute; None without one.
    """

    video_id: str
    found_in: FoundIn
    path: bytes | None = None
