"""The findings of an import: what each line or file is. Pure."""

from typing import NamedTuple

from ytaudio_daemon.model.archived_video import ArchivedVideo


class OtherSite(NamedTuple):
    """A video of a site that this program does not download from.

    Attributes:
        site: yt-dlp's extractor, in lower case.
    """

    site: str


class Unmarked(NamedTuple):
    """An audio file without a mark of the video that it came from.

    Attributes:
        path: The file.
    """

    path: bytes


class Problem(NamedTuple):
    """A line or file that cannot be imported.

    Attributes:
        place: The name of the file.
        line: The number of the line, from 1; None if the file itself is at fault.
        message: What is wrong, and what helps.
        text: The line, shortened and escaped; "" if the file itself is at fault.
        is_denied: This user may not read the file.
    """

    place: str
    line: int | None
    message: str
    text: str = ""
    is_denied: bool = False


#: What one line or file is; None for one without a meaning, which counts as progress only.
Finding = ArchivedVideo | OtherSite | Unmarked | Problem | None
