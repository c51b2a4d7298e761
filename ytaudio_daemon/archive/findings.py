"""What the lines and files of an import turn out to be. Pure."""

from typing import NamedTuple

from ytaudio_daemon.model.archived_video import ArchivedVideo


class OtherSite(NamedTuple):
    """A video of a site that this program does not download from.

    Attributes:
        site: yt-dlp's extractor, in lower case.
    """

    site: str


class Unmarked(NamedTuple):
    """An audio file that says nowhere which video it came from.

    Attributes:
        path: The file.
    """

    path: bytes


class Problem(NamedTuple):
    """A line or file that cannot be used.

    Attributes:
        place: The file.
        line: Of the line, its number from 1; None of a file.
        message: What is wrong, and what helps.
        text: The line, made fit to be shown; "" of a file.
        is_denied: This user may not read the file.
    """

    place: str
    line: int | None
    message: str
    text: str = ""
    is_denied: bool = False


#: What one line or file is; None of what says nothing, so that progress is seen.
Finding = ArchivedVideo | OtherSite | Unmarked | Problem | None
