"""The codes of refused lines, with meaning and remedy, as in `docs/drop-files.md`. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class RejectCode(NamedTuple):
    """A kind of refusal; the message of a line describes its own case.

    Attributes:
        meaning: What is wrong with the line.
        remedy: What the person can do.
    """

    meaning: str
    remedy: str


REJECT_CODES: Mapping[str, RejectCode] = MappingProxyType(
    {
        "not_a_url": RejectCode(
            "there is no link in the line, or it is no web address, no JSON, or "
            "binary data",
            "write a whole link; put `#` before a comment",
        ),
        "unsupported_site": RejectCode(
            "the link leads elsewhere than to YouTube, or has a user name, password "
            "or port in it",
            "copy the link from YouTube's Share button",
        ),
        "mirror": RejectCode(
            "the link leads to a site that shows YouTube's videos: Invidious, Piped, "
            "anything with `/watch?v=ID`",
            "drop the `.failed.txt`: YouTube's own link stands in it",
        ),
        "bare_id": RejectCode(
            "there is an ID without a link around it, which may be any word of eleven "
            "letters",
            "drop the `.failed.txt`: the link stands in it",
        ),
        "not_a_video": RejectCode(
            "it is a page that names neither a video nor a list of videos; or a playlist "
            "or channel where it may be mentioned only: with `list=no`, beside a video, "
            "in web pages and in other programs' exports",
            "open the video and copy its link; or write the playlist's link on a line of "
            "its own in a text file, or `list=yes` behind it",
        ),
        "endless": RejectCode(
            "it is a mix, a feed or a search, which has no end",
            "give a playlist, an album, a channel or single videos",
        ),
        "bad_video_id": RejectCode(
            "what stands where the ID belongs does not have 11 letters, digits, `-` "
            "or `_`",
            "the link was cut or has something glued to it: copy it again",
        ),
        "unknown_option": RejectCode(
            "there is no such option, but one that is written much like it",
            "take the one that the reason names, or put other words there",
        ),
        "bad_option": RejectCode(
            "its value is not allowed, it is given twice, quotes do not match, a value "
            "of several words has none, it stands before the link, or a bitrate "
            "beside a lossless format",
            "the reason says which, and what is allowed",
        ),
        "line_too_long": RejectCode(
            "the line has more than 8 KiB",
            "write one link a line",
        ),
    }
)

#: Refused lines whose video is known: `.failed.txt` has the mended link, to be dropped
#: again, even if nothing else of the drop could be used.
MENDED_CODES = frozenset({"mirror", "bare_id"})
