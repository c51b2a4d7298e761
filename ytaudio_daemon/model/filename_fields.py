"""The fields of a file name's template, described once for help, documents and checks. Pure.

The values are those of three videos; `tests/unit/test_filename_fields.py` has them as
yt-dlp reports them, and compares both.
"""

import re
from typing import NamedTuple


class FilenameField(NamedTuple):
    """One field.

    Attributes:
        music_track: Its value for a track that YouTube has music data of.
        music_video: Its value for a music video without such data.
        talk: Its value for any other video.
        fallback: What replaces it where YouTube has no such value.
    """

    music_track: str
    music_video: str
    talk: str
    fallback: str


FILENAME_FIELDS = {
    "title": FilenameField(
        "Blue in Green",
        "Nina Simone - Feeling Good",
        "How glass is made",
        "the video's ID",
    ),
    "artist": FilenameField(
        "Bill Evans", "Nina Simone", "The Museum", 'the channel, without " - Topic"'
    ),
    "album": FilenameField("Portrait in Jazz", "", "", "nothing"),
    "track": FilenameField(
        "Blue in Green",
        "Nina Simone - Feeling Good",
        "How glass is made",
        "tag.track where you gave one, else the title",
    ),
    "date": FilenameField(
        "1960-03-01", "2013-02-19", "2024-05-17", "the day of the upload"
    ),
    "id": FilenameField("AAAAAAAAAAA", "BBBBBBBBBBB", "CCCCCCCCCCC", "always there"),
    "channel": FilenameField(
        "Bill Evans - Topic", "NinaSimoneVEVO", "The Museum", "nothing"
    ),
}
FILENAME_RULES = (
    'Where the template has the artist or the channel, a leading "Artist - " of the',
    "title is left out. A field without a value is left out with its dash or brackets.",
)

#: A field as a template holds it, or a percent sign.
TEMPLATE_FIELD = re.compile(r"%\((" + "|".join(FILENAME_FIELDS) + r")\)s|%%")
_OTHER_TEMPLATE = re.compile(r"[{}]|\$\w|<\w+>")
#: The remark on links that would get one file name.
ONE_NAME_REMARK = (
    "filename holds no field, so all links get the same file name: "
    "write %(title)s where the title belongs"
)


class FilenameWarnings:
    """Finds the links of one drop whose template names all files alike."""

    def __init__(self) -> None:
        self._times_seen: dict[str, int] = {}

    def remark(self, template: str) -> str:
        """Return the remark on the next link, or "".

        A template without a field is a name that somebody chose for one link, until
        a second link has it; then it is remarked once. One that looks as if it had
        fields (`{title}`) is remarked at its first link.
        """
        if any(found[1] for found in TEMPLATE_FIELD.finditer(template)):
            return ""
        times = self._times_seen.get(template, 0) + 1
        self._times_seen[template] = times
        is_slip = _OTHER_TEMPLATE.search(template) is not None
        return ONE_NAME_REMARK if times == (1 if is_slip else 2) else ""
